"""A process that answers calls one at a time, and what it means when it does not.

It is the only one of a `ProcessPoolExecutor`, which breaks when it dies. A pool of all processes would cost more than
the call: Pebble 5.2 waits forever for a task that ends its process with status 0, does not tell how a process ended
before it was ready, and times tasks by the wall clock; loky 3.7 gives up all processes when one dies, and knows no time
limit of a task.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any, TypeVar

from ...process.process_start import begin, processes_protected
from ...process.signals import describe_end

T = TypeVar("T")


class FallenError(Exception):
    """A call that its process did not answer, and why."""


class WorkerProcess:
    """A process that starts with its first call."""

    def __init__(self) -> None:
        self._context = _Context()
        self._pool: ProcessPoolExecutor | None = None
        self._last: Future[Any] = Future()
        self._shutting = threading.Lock()

    @property
    def has_died(self) -> bool:
        """Whether the process has ended, be it while nobody called it."""
        return bool(connection.wait([self._process.sentinel], 0))

    def begin(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        """Call a function in the process; the answer is for `answer` to wait for.

        Raises:
            FallenError: the process has died.
        """
        try:
            call = self._pool.submit(function, *arguments) if self._pool else self._start(function, *arguments)
        except BrokenProcessPool:
            raise FallenError(self._cause_of_death()) from None
        self._last = call
        return call

    def answer(self, call: "Future[T]", timeout: float | None = None) -> T:
        """Return what a call comes to; a process that needs longer than the timeout (seconds) is ended.

        Raises:
            FallenError: the process died, or was ended.
        """
        if not wait([call], timeout).done:
            self._bury()
            raise FallenError(f"took longer than {timeout:g} s; raise --timeout or make the method faster")
        try:
            return call.result()
        except BrokenProcessPool:
            raise FallenError(self._cause_of_death()) from None

    def dismiss(self) -> None:
        """End the process at once where it is not idle."""
        if self._pool is not None and not self._last.done():
            self._process.kill()

    def end(self, patience: float) -> None:
        """Return when the dismissed process has ended, which has time for that until patience (monotonic clock)."""
        if self._pool is None:
            return
        ending = threading.Timer(max(0.0, patience - time.monotonic()), self._process.kill)
        ending.start()
        self._shut()
        ending.cancel()
        ending.join()

    def _start(self, function: Callable[..., T], *arguments: Any) -> "Future[T]":
        with processes_protected() as safe_path:
            self._pool = ProcessPoolExecutor(1, self._context, initializer=begin, initargs=(safe_path,))
            return self._pool.submit(function, *arguments)

    @property
    def _process(self) -> SpawnProcess:
        process = self._context.process
        assert process is not None
        return process

    def _bury(self) -> None:
        """Return when the process has ended, which one that has closed its pipes or hangs does not do by itself."""
        self._process.kill()
        self._shut()

    def _shut(self) -> None:
        """Return when the process has ended, and with it the pool's thread.

        Waits for both: the end of the interpreter wakes a pool's thread that still runs, and fails where that is just
        closing what it is woken by.
        """
        assert self._pool is not None
        with self._shutting:  # a pool's shutdown fails while another thread is in it
            self._pool.shutdown()

    def _cause_of_death(self) -> str:
        self._bury()
        status = self._process.exitcode
        # it has none yet where it was dismissed meanwhile, and nobody asks any more
        return f"the worker process {'was ended' if status is None else describe_end(status)}"


class _Context(SpawnContext):
    """Starts processes (spawned: PyTorch's threads do not outlive a fork), and knows the last one."""

    process: SpawnProcess | None = None

    def Process(self, *arguments: Any, **keywords: Any) -> SpawnProcess:  # type: ignore[override]  # noqa: N802
        """Return a new process; what an executor calls."""
        self.process = SpawnProcess(*arguments, **keywords)
        return self.process
