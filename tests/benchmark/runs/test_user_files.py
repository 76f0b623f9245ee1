"""Results of files that the user keeps stand under the content of these files, and are refused where it changes."""

import runpy
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_suite import TINY

from saltbench.benchmark.execution.evaluator import Evaluator
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import open_store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

pytestmark = pytest.mark.usefixtures("undrawn")

HCP = runpy.run_path(str(Path(__file__).parents[2] / "datasets" / "hcp_trees.py"))
SMALL = {"architectures": ["lstm"], "methods": ["saliency"], "seeds": 1, "samples": 4}
ON_HCP = {
    **SMALL,
    "tasks": ["fmri/hcp"],
    "training": {"epochs": 1},
    "parameters": {
        "fmri/hcp": {"tasks": ["MOTOR", "WM"], "frames": 50, "validation_share": 0.3, "test_share": 0.3},
        "lstm": {"hidden": 2},
    },
}
READER = """
from pathlib import Path
import numpy as np
from saltbench import Split, TaskData, TaskSpec
from saltbench.errors import DataError

FILE = Path({file!r})

def read(seed):
    if not FILE.exists():
        raise DataError(f"{{FILE}} is away; mount its disk")
    rng = np.random.default_rng([seed, len(FILE.read_text())])
    def split(count):
        truth = np.zeros((count, 10, 12), np.float32)
        truth[:, :5, :6] = 1
        labels = np.arange(count) % 2
        inputs = rng.normal(size=truth.shape) + truth * labels[:, None, None]
        return Split(inputs.astype(np.float32), labels, truth)
    return TaskData(split(20), split(10), split(10), 2)

def content():
    if not FILE.exists():
        raise DataError(f"{{FILE}} is away; mount its disk")
    return FILE.read_text()

READ = TaskSpec(name="read", version=1, description="d", reference="r", factory=read, content={content})
"""


def reader(folder: Path, content: str) -> Path:
    """A plugin whose task reads a file, and what it says of the file's content."""
    (folder / "data.txt").write_text("one")
    plugin = folder / "reader.py"
    plugin.write_text(READER.format(file=str(folder / "data.txt"), content=content))
    return plugin


def on_reader(folder: Path, plugin: Path) -> Suite:
    (folder / "tiny.toml").write_text(TINY)
    given = {**SMALL, "tasks": ["read"]}
    return load_suite(str(folder / "tiny.toml"), load_registries([plugin]), given)


def scores(result: Result) -> pd.DataFrame:
    assert not result.failures
    return result.collection.scores


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = HCP["write_b"](tmp_path_factory.mktemp("archive"), tasks=("MOTOR", "WM"))
    return folder


def test_another_copy_of_the_hcp_archive_has_numbers_of_its_own(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Path(shutil.copytree(archive, tmp_path / "other"))
    for path in other.glob("subjects/*/timeseries/*.npy"):
        series = np.load(path)
        series[:, 100:] = series[:, :99:-1]  # far behind the beginning, and of the same size
        np.save(path, series)

    def run(data: Path, results: str, finished: list[int]) -> Result:
        monkeypatch.setenv("SALTBENCH_DATA", str(data))
        suite = load_suite("fmri-hcp", load_registries(), ON_HCP)
        return run_suite(suite, tmp_path / results, report=lambda job, done, total: finished.append(total))

    first = scores(run(archive, "shared", []))
    second = scores(run(other, "shared", []))
    assert not second.equals(first)
    pd.testing.assert_frame_equal(second, scores(run(other, "alone", [])))
    finished: list[int] = []
    moved = Path(shutil.copytree(archive, tmp_path / "moved"))
    pd.testing.assert_frame_equal(scores(run(moved, "shared", finished)), first)
    assert finished == []  # nothing was computed: it is the same copy, elsewhere


def test_without_the_archive_no_stored_number_is_taken_for_its_own(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALTBENCH_DATA", str(archive))
    sound = run_suite(load_suite("fmri-hcp", load_registries(), ON_HCP), tmp_path)
    assert not sound.failures
    monkeypatch.delenv("SALTBENCH_DATA")
    away = run_suite(load_suite("fmri-hcp", load_registries(), ON_HCP), tmp_path)
    assert set(away.table.status) == {"failed"}
    assert away.table.reason.str.startswith("seed 0: fmri/hcp needs your copy of the HCP task archive").all()


@pytest.mark.parametrize("content", ["content", "'reader:content'"])
def test_a_plugins_files_are_part_of_its_results_keys(
    tmp_path: Path, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin = reader(tmp_path, content)
    monkeypatch.syspath_prepend(tmp_path)  # of "module:attribute"
    first = scores(run_suite(on_reader(tmp_path, plugin), tmp_path, plugins=[plugin]))
    (tmp_path / "data.txt").write_text("three")
    second = scores(run_suite(on_reader(tmp_path, plugin), tmp_path, plugins=[plugin]))
    assert not second.equals(first)


def failures_after(folder: Path, plugin: Path, change: Callable[[], object]) -> set[str]:
    """The reasons of a planned run's failures where something changes before it begins; nothing is stored."""
    with open_store(folder / "results") as store:
        planned = list(jobs(on_reader(folder, plugin), "cpu"))
        change()
        evaluator = Evaluator(load_registries([plugin]), store)
        failures = [failure for job in planned for failure in evaluator.run(job)]
        assert not [*store.root.glob("maps/*"), *store.root.glob("scores/*"), *store.root.glob("models/*")]
        return {failure.reason for failure in failures}


def test_files_that_change_during_a_run_are_refused(tmp_path: Path) -> None:
    plugin = reader(tmp_path, "content")
    reasons = failures_after(tmp_path, plugin, lambda: (tmp_path / "data.txt").write_text("three"))
    assert reasons == {"read changed during the run; run the same command again"}


METHOD = """
from saltbench import MethodSpec
METHOD = MethodSpec(name="saliency-2", version=1, description="d", reference="r", factory=lambda inputs: inputs)
"""


@pytest.mark.parametrize("kind", ["task", "method"])
def test_code_that_changes_during_a_run_is_refused(tmp_path: Path, kind: str) -> None:
    plugin = reader(tmp_path, "None")
    with plugin.open("a") as file:
        file.write(METHOD)
    given = {**SMALL, "methods": ["saliency-2"]}
    tasks = {"task": ["read"], "method": ["box/latter"]}
    (tmp_path / "tiny.toml").write_text(TINY)
    suite = load_suite(str(tmp_path / "tiny.toml"), load_registries([plugin]), {**given, "tasks": tasks[kind]})
    plugin.write_text(plugin.read_text() + "\n# edited\n")
    result = run_suite(suite, tmp_path / "results", plugins=[plugin])
    changed = result.table[result.table.status == "failed"]
    name = {"task": "read", "method": "saliency-2"}[kind]
    assert set(changed.reason) == {f"seed 0: {name} changed during the run; run the same command again"}
    assert len(changed) == {"task": len(result.table), "method": 1}[kind]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_scores_without_their_yardstick_fail_with_the_reason_that_it_cannot_be_made(
    tmp_path: Path, workers: int
) -> None:
    plugin = reader(tmp_path, "None")
    run_suite(on_reader(tmp_path, plugin), tmp_path, plugins=[plugin])
    shutil.rmtree(tmp_path / "tiny" / "yardsticks")
    (tmp_path / "data.txt").rename(tmp_path / "away.txt")
    result = run_suite(on_reader(tmp_path, plugin), tmp_path, plugins=[plugin], workers=workers)
    assert set(result.table.status) == {"failed"}
    assert set(result.table.reason) == {f"seed 0: {tmp_path / 'data.txt'} is away; mount its disk"}
    assert len(result.failures) == len(result.table)
    assert (pd.read_csv(result.folder / "leaderboard.csv").status == "failed").all()
    (tmp_path / "away.txt").rename(tmp_path / "data.txt")
    again = run_suite(on_reader(tmp_path, plugin), tmp_path, plugins=[plugin])
    assert set(again.table.status) == {"ok"}
