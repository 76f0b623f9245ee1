"""What a run would take: counted in the plan, estimated by what is stored, and nothing is begun or written."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_suite import SMALLER

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored import costs
from saltbench.benchmark.execution.stored.costs import forecast
from saltbench.benchmark.execution.stored.run import MAPS, MODELS, StoredRun
from saltbench.benchmark.execution.stored.standing import Standing
from saltbench.benchmark.runs.forecast import forecast_lines
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import Artifact, Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import StoreError

pytestmark = pytest.mark.usefixtures("undrawn")

REGISTRIES = load_registries()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Path]:
    """A suite of one network and two methods, and the parent of its results."""
    folder = tmp_path_factory.mktemp("finished")
    (folder / "smaller.toml").write_text(SMALLER)
    suite = load_suite(str(folder / "smaller.toml"), REGISTRIES)
    run_suite(suite, folder / "results")
    return suite, folder / "results"


@pytest.fixture
def ran(finished: tuple[Suite, Path], tmp_path: Path) -> tuple[Suite, Path]:
    """The same with a copy of the results."""
    suite, results = finished
    shutil.copytree(results, tmp_path / "results")
    return suite, tmp_path / "results"


@pytest.fixture(autouse=True)
def _file(tmp_path: Path) -> None:
    (tmp_path / "smaller.toml").write_text(SMALLER)


def lines(suite: Suite, results: Path, memory: str | None = "1GB") -> list[str]:
    return list(forecast_lines(suite, REGISTRIES, results, "cpu", 2, memory))


def files(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_before_the_first_run_all_is_to_be_done_and_no_folder_is_made(
    finished: tuple[Suite, Path], tmp_path: Path
) -> None:
    found = lines(finished[0], tmp_path / "results")
    assert found[0] == f"suite smaller on cpu, 2 processes, in {tmp_path}/results/smaller"
    assert found[1:3] == ["cells: 9, stored 0, to compute 9", "trainings: 1, stored 0, to do 1"]
    assert found[3].endswith("; by saltbench's defaults, nothing alike is stored here")
    assert found[4] == "memory: at most about 1.8 GB, 0.8 GB of it for 2 processes and 1.0 GB for explaining"
    assert not (tmp_path / "results").exists()


def test_after_it_nothing_is_to_be_done_and_nothing_is_written(ran: tuple[Suite, Path]) -> None:
    before = files(ran[1])
    found = lines(*ran)
    assert found[1:4] == [
        "cells: 9, stored 9, to compute 0",
        "trainings: 1, stored 1, to do 0",
        "time: nothing to compute",
    ]
    assert files(ran[1]) == before


def test_what_is_gone_is_to_be_done_again(ran: tuple[Suite, Path]) -> None:
    suite, results = ran
    run = StoredRun(suite, Store(results / "smaller"), "cpu")
    _, job = run.jobs()
    for kind in (MAPS, "scores"):
        shutil.rmtree(run.store._folder(kind, job.map_key(job.methods[0])))
    shutil.rmtree(run.store._folder("scores", job.map_key(job.methods[1])))
    assert lines(*ran)[1:3] == [
        "cells: 9, stored 7, to compute 2 (1 to score alone)",
        "trainings: 1, stored 1, to do 0",
    ]
    shutil.rmtree(results / "smaller" / "models")
    assert lines(*ran)[2] == "trainings: 1, stored 0, to do 1"
    assert lines(*ran)[3].endswith("; by saltbench's defaults, nothing alike is stored here")
    seeds = load_suite(str(results.parent / "smaller.toml"), REGISTRIES, {"seeds": 2})
    assert lines(seeds, results)[3].endswith(
        "; of 12 networks and cells 8 by what is stored here, 4 by saltbench's defaults"
    )


def test_a_network_is_needed_for_stored_maps_where_a_metric_asks_it(ran: tuple[Suite, Path]) -> None:
    _, results = ran
    shutil.rmtree(results / "smaller" / "models")
    for metrics, to_do in ((["roc_auc", "top_k_jaccard"], 0), (["comprehensiveness"], 1)):
        other = load_suite(str(results.parent / "smaller.toml"), REGISTRIES, {"metrics": metrics})
        assert lines(other, results)[2] == f"trainings: 1, stored 0, to do {to_do}"


def test_time_is_the_mean_of_what_is_most_alike(tiny: Suite, tmp_path: Path) -> None:
    run = StoredRun(tiny, Store(tmp_path / "tiny"), "cpu")
    networks = [job for job in jobs(tiny, "cpu") if job.architecture]
    first, second = networks[0], networks[2]  # of two seeds of a task
    for job, seconds in ((first, 10.0), (second, 20.0)):
        run.store.put(MODELS, Artifact(job.model_key(), {"seconds": seconds}, {}))
        run.store.put(MAPS, Artifact(job.map_key(job.methods[0]), {"seconds": seconds / 10}, {}))
    standing = Standing.of(run)
    assert (standing.cells, standing.networks, standing.stored_networks) == (2 * 2 * 13, 8, 2)
    assert len(standing.to_train) == 6
    found = forecast(run, standing, REGISTRIES.methods)
    # the two of the other task are as this one's; those of the other architecture are unknown
    assert found.training == pytest.approx(2 * 15.0 + 4 * costs.TRAINING)
    # the method of the other task's two networks, and of the other architecture's four
    unknown = sum(
        costs.by_entry(REGISTRIES.methods.get(method.name), method.parameters)
        for _, method in standing.lacking
        if method.name != first.methods[0].name
    )
    assert found.explaining == pytest.approx(6 * 1.5 + unknown * tiny.samples + 52 * costs.SCORING)
    assert (found.measured, found.guessed) == (2 + 6, 4 + 44)


def test_a_method_that_nothing_is_known_of_takes_the_passes_that_its_entry_states() -> None:
    def guessed(name: str, **changes: None) -> float:
        spec = replace(REGISTRIES.methods.get(name), **changes)
        return costs.by_entry(spec, spec.parameters)

    assert guessed("oracle") == 0
    assert guessed("saliency") == pytest.approx(costs.EXPLAINING + costs.FORWARD + costs.BACKWARD)
    assert guessed("integrated-gradients") > 10 * guessed("saliency")
    assert guessed("saliency", cost=None) == costs.UNKNOWN


def test_a_folder_of_a_newer_saltbench_is_refused(finished: tuple[Suite, Path], tmp_path: Path) -> None:
    (tmp_path / "smaller").mkdir()
    (tmp_path / "smaller" / "provenance.json").write_text('{"format": 99}')
    with pytest.raises(StoreError, match=r"was written by a newer saltbench \(format 99, this one reads up to"):
        lines(finished[0], tmp_path)


def test_the_command_says_it(finished: tuple[Suite, Path], tmp_path: Path, said) -> None:
    status, out = said("run", tmp_path / "smaller.toml", "--dry-run", "--results", tmp_path / "new", "--device", "cpu")
    assert status in (None, 0)
    assert [line.split(":")[0] for line in out.splitlines()[1:]] == ["cells", "trainings", "time", "memory"]
    assert not (tmp_path / "new").exists()
