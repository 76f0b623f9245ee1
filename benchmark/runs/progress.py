"""Live progress on standard error: a bar where one can be drawn, else lines, one a job and one every ten seconds."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from rich.console import Console

from ...errors import printable
from ..execution.plan import Job
from ..style.durations import duration
from ..style.progress_bar import is_live, progress_bar

SILENCE = 10.0  # seconds after which a line says that a run goes on


@contextmanager
def progress(console: Console, silence: float = SILENCE) -> Iterator[Callable[[Job, int, int], None]]:
    """Give the function that a run calls after every finished job."""
    shown = _bar(console) if is_live(console) else _lines(console, silence)
    with shown as report:
        yield report


@contextmanager
def _bar(console: Console) -> Iterator[Callable[[Job, int, int], None]]:
    with progress_bar(console, "starting workers") as report:
        yield lambda job, done, total: report(f"done: {job.describe()}", done, total)


@contextmanager
def _lines(console: Console, silence: float) -> Iterator[Callable[[Job, int, int], None]]:
    lines = _Lines(console)
    thread = Thread(target=lines.break_silences, args=(silence,), daemon=True)
    thread.start()
    try:
        yield lines.report
    finally:
        lines.ended.set()
        thread.join()


class _Lines:
    """Lines for a log: one for every job, and one after a silence.

    Attributes:
        ended: set when there is nothing more to say.
    """

    def __init__(self, console: Console) -> None:
        self.ended = Event()
        self._console = console
        self._lock = Lock()
        self._begun = self._last = time.monotonic()
        self._count = ""

    def report(self, job: Job, done: int, total: int) -> None:
        """Say that a job has ended, and how long the others will take if they take as long."""
        left = (time.monotonic() - self._begun) / done * (total - done)
        self._count = f"[{done}/{total}] "
        self._say(printable(job.describe()) + (f", about {duration(left)} left" if done < total else ""))

    def break_silences(self, silence: float) -> None:
        """Say every so many seconds without another line that the run goes on."""
        while not self.ended.wait(max(0.0, self._last + silence - time.monotonic())):
            if time.monotonic() - self._last >= silence:
                self._say(f"still at work after {duration(time.monotonic() - self._begun)}")

    def _say(self, text: str) -> None:
        with self._lock:
            self._console.print(self._count + text, markup=False, soft_wrap=True)
            self._last = time.monotonic()
