"""Compute units in worker processes of this machine."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from ...process.signals import interrupts_held
from ..failures import Failure
from .executor import Unit
from .worker import Worker
from .workplace import Workplace

FAREWELL = 5.0  # seconds that idle processes have to end by themselves


class Processes:
    """An executor of worker processes, which are started as they are needed.

    Attributes:
        size: processes at once.
    """

    def __init__(self, workplace: Workplace, size: int, timeout: float | None = None) -> None:
        """Take the workplace of all units, and the seconds that a cell may take; None for any time."""
        self.size = size
        self._workers = [Worker(workplace, timeout) for _ in range(size)]
        self._idle = list(self._workers)
        self._choosing = threading.Lock()
        self._threads = ThreadPoolExecutor(size)  # each of them waits for one process

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with interrupts_held():  # a second Ctrl-C must not leave processes behind
            for worker in self._workers:
                worker.dismiss()
            patience = time.monotonic() + FAREWELL
            with ThreadPoolExecutor(self.size) as farewells:
                list(farewells.map(lambda worker: worker.end(patience), self._workers))
            # last: Linux ends a process with the thread that started it
            self._threads.shutdown(cancel_futures=True)

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        """Take a unit; its future raises, too, a WorkerError where a process ends before it is ready for work."""
        return self._threads.submit(self._compute, unit)

    def _compute(self, unit: Unit) -> list[Failure]:
        with self._choosing:
            worker = min(self._idle, key=lambda idle: idle.distance(unit))
            self._idle.remove(worker)
        try:
            return worker.compute(unit)
        finally:
            self._idle.append(worker)
