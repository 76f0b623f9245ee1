"""Note in a journal what an executor begins and ends."""

from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from typing import Self

from ..failures import Failure
from ..journal import Journal
from .executor import Cell, Executor, Unit


class Noted:
    """An executor whose units are noted in a journal."""

    def __init__(self, executor: Executor, journal: Journal) -> None:
        self._executor = executor
        self._journal = journal
        self._numbers = count()

    @property
    def size(self) -> int:
        """That of the executor, which may change."""
        return self._executor.size

    def __enter__(self) -> Self:
        self._executor.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._executor.__exit__(*error)

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        """Take a unit, as the executor does."""
        number = next(self._numbers)
        what = f"{unit.job.describe()}, {unit.method.name if isinstance(unit, Cell) else 'data and network'}"
        self._journal.begin(number, what)
        future = self._executor.submit(unit)
        future.add_done_callback(self._ending(number, unit))
        return future

    def _ending(self, number: int, unit: Unit) -> "Callable[[Future[list[Failure]]], None]":
        def end(future: "Future[list[Failure]]") -> None:
            if not (future.cancelled() or future.exception()):
                failures = future.result()
                self._journal.end(number, 1 if isinstance(unit, Cell) else len(failures), failures)

        return end
