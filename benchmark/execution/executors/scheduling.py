"""Hand the jobs of a run to an executor: first what the cells of a job share, then the cells."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from ...storage.store import Store
from ...suites.choice import Choice
from ..failures import Failure
from ..plan import Job
from ..stored.run import missing
from .executor import Cell, Executor, Preparation, Unit

AWAKE = 1.0  # seconds: Windows tells of Ctrl-C only between two waits


@dataclass(eq=False)
class Course:
    """A job under way.

    Attributes:
        job: as planned.
        left: methods whose cells have not begun; none before it is prepared.
        running: units that have begun and not ended.
        failures: cells that failed so far.
    """

    job: Job
    left: deque[Choice] = field(default_factory=deque)
    running: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def has_ended(self) -> bool:
        """Whether all its cells have ended."""
        return not self.left and not self.running


def run_jobs(planned: Iterable[Job], executor: Executor, store: Store) -> Iterator[tuple[Job, list[Failure]]]:
    """Compute jobs and yield each when its last cell has ended, with the cells that failed.

    Raises:
        StoreError: the results folder cannot be read or written.
        PluginError: a plugin does not load where units are computed.
        WorkerError: a process ended before it was ready for work.
    """
    schedule = Schedule(deque(map(Course, planned)))
    running: dict[Future[list[Failure]], tuple[Course, Unit]] = {}
    ended: list[Course] = []  # of the units whose places are free
    while True:
        while len(running) < executor.size and (begun := schedule.next(ended[-1] if ended else None)):
            del ended[-1:]
            running[executor.submit(begun[1])] = begun
        if not running:
            return
        for future in wait(running, AWAKE, FIRST_COMPLETED).done:
            course, unit = running.pop(future)
            ended.append(course)
            schedule.end(course, unit, future.result(), store)
            if course.has_ended:
                yield course.job, course.failures


@dataclass
class Schedule:
    """What is left of a run.

    Attributes:
        waiting: jobs whose preparation has not begun.
        prepared: jobs with cells that have not begun.
    """

    waiting: deque[Course]
    prepared: list[Course] = field(default_factory=list)

    def next(self, last: Course | None) -> tuple[Course, Unit] | None:
        """Return the unit to begin where one of the last job has ended, if any is left that can begin.

        A cell of the same job finds its data and weights there. A new job comes before the cells of another, so that
        these are made where they are needed only; when no job waits, the one with most cells left is shared.
        """
        if last is not None and last.left:
            return self._cell(last)
        if self.waiting:
            course = self.waiting.popleft()
            course.running += 1
            return course, Preparation(course.job)
        return self._cell(max(self.prepared, key=lambda course: len(course.left))) if self.prepared else None

    def end(self, course: Course, unit: Unit, failures: list[Failure], store: Store) -> None:
        """Note what a unit came to; the cells of a prepared job can begin then, but for those that failed for it.

        Raises:
            StoreError: the results folder cannot be read.
        """
        course.running -= 1
        course.failures += failures
        if isinstance(unit, Preparation):
            given_up = {failure.method for failure in failures}
            course.left.extend(method for method in missing(course.job, store) if method.name not in given_up)
            if course.left:
                self.prepared.append(course)

    def _cell(self, course: Course) -> tuple[Course, Unit]:
        method = course.left.popleft()
        course.running += 1
        if not course.left:
            self.prepared.remove(course)
        return course, Cell(course.job, method)
