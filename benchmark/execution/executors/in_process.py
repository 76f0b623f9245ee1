"""Compute units one after the other in this process."""

from concurrent.futures import Future
from contextlib import ExitStack
from typing import Self

from ...process.threads import one_thread
from ..failures import Failure
from .executor import Unit
from .workplace import Workplace


class InProcess:
    """An executor that computes a unit when it is submitted, and takes this process down with it where it dies."""

    size = 1

    def __init__(self, workplace: Workplace) -> None:
        """Take the workplace of all units.

        Raises:
            PluginError: a plugin does not load.
        """
        self._evaluator = workplace.evaluator()
        self._settings = ExitStack()

    def __enter__(self) -> Self:
        self._settings.enter_context(one_thread())
        return self

    def __exit__(self, *_: object) -> None:
        self._settings.close()

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        """Compute a unit; Ctrl-C ends that.

        Raises:
            StoreError: the results folder cannot be read or written.
        """
        future: Future[list[Failure]] = Future()
        future.set_result(unit.compute(self._evaluator))
        return future
