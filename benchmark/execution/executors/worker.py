"""A worker of a run: computes units in a process, one at a time, and starts another when that has died."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError

from ....errors import WorkerError
from ..failures import Failure
from ..plan import Place
from .executor import Cell, Preparation, Unit
from .worker_process import FallenError, WorkerProcess
from .workplace import Ended, Outcome, Workplace, compute, settle


class Worker:
    """One of the workers that share the units of a run."""

    def __init__(self, workplace: Workplace, timeout: float | None) -> None:
        """Take the workplace of all units, and the seconds that a cell may take; None for any time."""
        self._workplace = workplace
        self._timeout = timeout
        self._process: WorkerProcess | None = None
        self._prepared: Place | None = None  # of the job whose data and weights the process holds
        self._is_dismissed = False
        self._lock = threading.Lock()

    def distance(self, unit: Unit) -> int:
        """Return what is to be made before a unit can be computed: nothing (0), data and weights, or a process too."""
        if self._process is None:
            return 2
        return int(self._prepared != unit.job.place)

    def compute(self, unit: Unit) -> list[Failure]:
        """Return the cells that failed, that in which the process died among them.

        Raises:
            SaltbenchError: what ends the run; a WorkerError where a process ends before it is ready.
            CancelledError: the worker was dismissed.
        """
        if self._process is not None and self._process.has_died:
            self._forget()
        if not isinstance(unit, Cell):
            return self._prepare(unit)
        # the cell's time does not run while data are made and weights are loaded
        is_prepared = self._prepared == unit.job.place
        return (not is_prepared and self._prepare(unit.preparation)) or self._call(unit, self._timeout)

    def dismiss(self) -> None:
        """Begin nothing more; the process ends by itself if it is idle, and is ended at once if not."""
        with self._lock:
            self._is_dismissed = True
            if self._process is not None:
                self._process.dismiss()

    def end(self, patience: float) -> None:
        """Return when the dismissed process has ended, which has time for that until patience (monotonic clock)."""
        process = self._process  # the thread that waits for its answer forgets one that has died
        if process is not None:
            process.end(patience)

    def _prepare(self, preparation: Preparation) -> list[Failure]:
        failures = self._call(preparation)
        self._prepared = preparation.job.place if self._process else None
        return failures

    def _call(self, unit: Unit, timeout: float | None = None) -> list[Failure]:
        if self._process is None:
            self._settle()
        try:
            return self._ask(timeout, compute, unit, self._workplace)
        except FallenError as error:
            self._forget()
            return unit.fall(str(error), self._workplace.store)

    def _settle(self) -> None:
        try:
            self._ask(None, settle, self._workplace)
        except FallenError as error:
            raise WorkerError(
                f"{error}, before its first job; what was finished is kept, run the same command again"
            ) from error

    def _ask(self, timeout: float | None, function: Callable[..., Outcome], *arguments: object) -> list[Failure]:
        with self._lock:
            if self._is_dismissed:
                raise CancelledError
            process = self._process or WorkerProcess()
            call = process.begin(function, *arguments)
            self._process = process  # not one that could not be started
        outcome = process.answer(call, timeout)
        if isinstance(outcome, Ended):
            raise outcome.error()
        return outcome

    def _forget(self) -> None:
        self._process = self._prepared = None
