"""The order in which units are handed out, and what becomes of a job whose preparation fails."""

import pickle
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Self

import pytest

from saltbench.benchmark.execution.executors import scheduling
from saltbench.benchmark.execution.executors.executor import Cell, Preparation, Unit
from saltbench.benchmark.execution.executors.scheduling import run_jobs
from saltbench.benchmark.execution.executors.workplace import Ended, Workplace
from saltbench.benchmark.execution.failures import Failure
from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.suite import Suite
from saltbench.errors import ContractError, StoreError

Compute = Callable[[Unit], list[Failure]]
HandOut = Callable[[list[Job], "Recorder"], list[tuple[Job, list[Failure]]]]


class Recorder:
    """An executor whose units end one at a time, in the order in which they were submitted."""

    def __init__(self, size: int, compute: Compute = lambda _unit: []) -> None:
        self.size = size
        self.compute = compute
        self.units: list[Unit] = []
        self.running: list[tuple[Unit, Future[list[Failure]]]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        future: Future[list[Failure]] = Future()
        self.units.append(unit)
        self.running.append((unit, future))
        assert len(self.running) <= self.size
        return future

    def end_first(self) -> SimpleNamespace:
        unit, future = self.running.pop(0)
        future.set_result(self.compute(unit))
        return SimpleNamespace(done={future})


@pytest.fixture
def hand_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HandOut:
    """A function that runs jobs, of which all cells are lacking, with an executor."""
    monkeypatch.setattr(scheduling, "missing", lambda job, _store: list(job.methods))

    def hand_out(planned: list[Job], executor: Recorder) -> list[tuple[Job, list[Failure]]]:
        monkeypatch.setattr(scheduling, "wait", lambda *_, **__: executor.end_first())
        return list(run_jobs(planned, executor, Store(tmp_path)))

    return hand_out


def words(unit: Unit, planned: list[Job]) -> str:
    method = unit.method.name if isinstance(unit, Cell) else "prepare"
    return f"{planned.index(unit.job)} {method}"


def test_one_place_works_job_by_job(tiny: Suite, hand_out: HandOut) -> None:
    planned = list(jobs(tiny, "cpu"))[:3]
    executor = Recorder(1)
    ended = hand_out(planned, executor)
    assert ended == [(job, []) for job in planned]
    expected = [
        f"{number} {name}"
        for number, job in enumerate(planned)
        for name in ("prepare", *(method.name for method in job.methods))
    ]
    assert [words(unit, planned) for unit in executor.units] == expected


def test_an_idle_place_begins_a_job_and_shares_the_last_one(tiny: Suite, hand_out: HandOut) -> None:
    trained = [job for job in jobs(tiny, "cpu") if job.architecture][:2]
    first, second, third = (method.name for method in trained[0].methods)
    executor = Recorder(2)
    done = [job for job, _ in hand_out(trained, executor)]
    assert done == trained
    handed_out = [words(unit, trained) for unit in executor.units]
    assert handed_out[:2] == ["0 prepare", "1 prepare"]  # two places, two networks at once
    assert handed_out[2:] == [f"0 {first}", f"1 {first}", f"0 {second}", f"1 {second}", f"0 {third}", f"1 {third}"]
    alone = Recorder(2)
    assert [job for job, _ in hand_out(trained[:1], alone)] == trained[:1]
    assert [words(unit, trained) for unit in alone.units] == ["0 prepare", f"0 {first}", f"0 {second}", f"0 {third}"]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_cells_that_fail_for_the_preparation_are_not_begun(tiny: Suite, hand_out: HandOut, count: int) -> None:
    job = next(job for job in jobs(tiny, "cpu") if job.architecture)
    failures = [Failure.of(job, method, "no network") for method in job.methods[:count]]
    executor = Recorder(1, lambda unit: failures if isinstance(unit, Preparation) else [])
    assert hand_out([job], executor) == [(job, failures)]
    assert [unit.method for unit in executor.units if isinstance(unit, Cell)] == list(job.methods[count:])


def test_units_and_workplaces_cross_to_other_processes(tiny: Suite, tmp_path: Path) -> None:
    job = next(iter(jobs(tiny, "cpu")))
    workplace = Workplace(Store(tmp_path), (tmp_path / "plugin.py",), 10**9)
    for value in (Preparation(job), Cell(job, job.methods[0]), workplace, Failure.of(job, job.methods[0], "why")):
        assert pickle.loads(pickle.dumps(value)) == value  # noqa: S301


class _DemandingError(StoreError):
    def __init__(self, place: str, what: str) -> None:
        super().__init__(f"no {what} at {place}")


@pytest.mark.parametrize(
    ("error", "kind"), [(_DemandingError("home", "room"), StoreError), (ContractError("x"), ContractError)]
)
def test_what_ends_a_run_crosses_by_its_text(error: StoreError, kind: type[Exception]) -> None:
    told = pickle.loads(pickle.dumps(Ended.by(error))).error()  # noqa: S301
    assert type(told) is kind
    assert str(told) == str(error)
