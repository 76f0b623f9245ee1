"""What a worker asks of its process: data and weights before the first cell of a job, and no cell's time for them."""

import errno
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from multiprocessing.context import SpawnProcess
from pathlib import Path

import pytest

from saltbench.benchmark.execution.executors import worker as workers
from saltbench.benchmark.execution.executors.executor import Cell, Preparation, Unit
from saltbench.benchmark.execution.executors.worker import Worker
from saltbench.benchmark.execution.executors.worker_process import FallenError
from saltbench.benchmark.execution.executors.workplace import Ended, Outcome, Workplace, compute
from saltbench.benchmark.execution.failures import Failure
from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.suite import Suite
from saltbench.errors import PluginError, WorkerError

TIMEOUT = 7.0
SETTLING = "settle"
Answer = Callable[[Unit | None], Outcome]


class Script:
    """Stands in for all processes of a worker, and notes what they are asked with which time limit."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, float | None]] = []
        self.answer: Answer = lambda _unit: []
        self.dead: list[Process] = []


class Process:
    """Stands in for a process."""

    def __init__(self, script: Script) -> None:
        self.script = script

    @property
    def has_died(self) -> bool:
        return self in self.script.dead

    def begin(self, function: Callable[..., Outcome], *arguments: object) -> "Future[Unit | None]":
        call: Future[Unit | None] = Future()
        unit = arguments[0]
        assert isinstance(unit, Preparation | Cell) == (function is compute)
        call.set_result(unit if isinstance(unit, Preparation | Cell) else None)
        return call

    def answer(self, call: "Future[Unit | None]", timeout: float | None) -> Outcome:
        unit = call.result()
        self.script.asked.append((_words(unit), timeout))
        return self.script.answer(unit)

    def dismiss(self) -> None:
        self.script.dead.append(self)

    def end(self, patience: float) -> None:
        assert self.has_died


def _words(unit: Unit | None) -> str:
    if unit is None:
        return SETTLING
    methods = [unit.method] if isinstance(unit, Cell) else unit.job.methods
    return " ".join([type(unit).__name__, *(method.name for method in methods)])


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr(workers, "WorkerProcess", lambda: Process(script))
    return script


@pytest.fixture
def worker(script: Script, tmp_path: Path) -> Worker:
    return Worker(Workplace(Store(tmp_path), (), 10**9), TIMEOUT)


@pytest.fixture
def job(tiny: Suite) -> Job:
    return next(job for job in jobs(tiny, "cpu") if job.architecture)


def test_a_job_is_prepared_once_and_only_cells_are_timed(worker: Worker, script: Script, job: Job) -> None:
    first, second, third = job.methods
    assert worker.compute(Preparation(job)) == []
    for method in job.methods:
        assert worker.distance(Cell(job, method)) == 0
        assert worker.compute(Cell(job, method)) == []
    assert script.asked == [
        (SETTLING, None),
        (f"Preparation {first.name} {second.name} {third.name}", None),
        *((f"Cell {method.name}", TIMEOUT) for method in job.methods),
    ]


def test_a_cell_of_a_job_that_another_prepared_is_prepared_alone(worker: Worker, script: Script, job: Job) -> None:
    first, second, _ = job.methods
    assert worker.distance(Cell(job, first)) == 2
    assert worker.compute(Cell(job, first)) == []
    assert worker.compute(Cell(job, second)) == []
    cells = [(f"Cell {first.name}", TIMEOUT), (f"Cell {second.name}", TIMEOUT)]
    assert script.asked == [(SETTLING, None), (f"Preparation {first.name}", None), *cells]


def test_a_cell_fails_for_its_preparation(worker: Worker, script: Script, job: Job) -> None:
    failure = Failure.of(job, job.methods[0], "no data")
    script.answer = lambda unit: [failure] if isinstance(unit, Preparation) else []
    assert worker.compute(Cell(job, job.methods[0])) == [failure]
    assert [words for words, _ in script.asked] == [SETTLING, f"Preparation {job.methods[0].name}"]


def test_a_death_costs_its_cell_and_the_next_process_prepares_again(worker: Worker, script: Script, job: Job) -> None:
    first, second, _ = job.methods

    def answer(unit: Unit | None) -> Outcome:
        if unit == Cell(job, first):
            raise FallenError("it died")
        return []

    script.answer = answer
    assert worker.compute(Preparation(job)) == []
    assert worker.compute(Cell(job, first)) == [Failure.of(job, first, "it died")]
    assert worker.compute(Cell(job, second)) == []
    again = [(SETTLING, None), (f"Preparation {second.name}", None), (f"Cell {second.name}", TIMEOUT)]
    assert script.asked[-3:] == again


def test_a_death_between_two_units_costs_none(worker: Worker, script: Script, job: Job) -> None:
    assert worker.compute(Preparation(job)) == []
    assert worker._process is not None
    worker._process.dismiss()
    assert worker.compute(Cell(job, job.methods[0])) == []
    assert [words for words, _ in script.asked[2:]] == [
        SETTLING,
        f"Preparation {job.methods[0].name}",
        f"Cell {job.methods[0].name}",
    ]


def test_a_death_in_the_preparation_costs_all_cells(worker: Worker, script: Script, job: Job) -> None:
    def answer(unit: Unit | None) -> Outcome:
        if unit is None:
            return []
        raise FallenError("it died")

    script.answer = answer
    reason = "while data and model were prepared, it died"
    assert worker.compute(Preparation(job)) == [Failure.of(job, method, reason) for method in job.methods]


def test_a_process_that_is_never_ready_ends_the_run(worker: Worker, script: Script, job: Job) -> None:
    def answer(_unit: Unit | None) -> Outcome:
        raise FallenError("it died")

    script.answer = answer
    expected = r"^it died, before its first job; what was finished is kept, run the same command again$"
    with pytest.raises(WorkerError, match=expected):
        worker.compute(Preparation(job))


def test_an_error_that_ends_the_run_is_raised(worker: Worker, script: Script, job: Job) -> None:
    script.answer = lambda _unit: Ended("PluginError", "it does not load")
    with pytest.raises(PluginError, match=r"^it does not load$"):
        worker.compute(Preparation(job))


def test_a_process_that_cannot_be_started_says_why(worker: Worker, job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_self: SpawnProcess) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.undo()
    monkeypatch.setattr(SpawnProcess, "start", refuse)
    with pytest.raises(OSError, match="Too many open files"):
        worker.compute(Preparation(job))
    worker.dismiss()
    worker.end(0)


@pytest.mark.parametrize("has_begun", [True, False])
def test_a_dismissed_worker_begins_nothing(worker: Worker, script: Script, job: Job, has_begun: bool) -> None:
    if has_begun:
        worker.compute(Preparation(job))
    asked = len(script.asked)
    worker.dismiss()
    worker.end(0)
    with pytest.raises(CancelledError, match=r"^$"):
        worker.compute(Cell(job, job.methods[0]))
    assert len(script.asked) == asked
