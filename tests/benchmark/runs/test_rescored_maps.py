"""Stored maps are scored by metrics that come later: nothing is trained or explained for them."""

import dataclasses
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tiny_suite import SMALLER

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage import store as storage
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

STEPS = ("train", "make_map", "score")
CELLS = 2 + 7

METRIC = """\
from saltbench import MetricSpec


def largest(maps):
    return maps.magnitude.max(axis=(1, 2))


def moved(maps, *, model, explainer, data):
    assert (model.inputs == explainer.inputs).all() and data.test.inputs.shape[1:] == model.inputs.shape[1:]
    again = explainer(model.inputs)
    assert (again == maps.attributions).all()
    changed = model.probabilities(model.inputs + data.train.inputs.mean(axis=0))
    return abs(changed - model.probabilities(model.inputs)).max(axis=1)


bounds = {"version": 1, "description": "d", "reference": "r", "higher_is_better": True, "low": 0.0}
LARGEST = MetricSpec(name="largest", factory=largest, high=float("inf"), needs=("map",), **bounds)
MOVED = MetricSpec(
    name="moved", factory=moved, high=1.0, needs=("map", "model", "explainer", "data"), is_default=False, **bounds
)
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Result:
    """A run whose suite names three metrics."""
    folder = tmp_path_factory.mktemp("whole")
    return run_suite(suite_in(folder, "roc_auc", "average_precision", "completeness_residual"), folder / "results")


@pytest.fixture
def ran(whole: Result, tmp_path: Path) -> Path:
    """The parent of a copy of its results."""
    shutil.copytree(whole.folder, tmp_path / "small")
    return tmp_path


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """How often networks are trained, explained and maps scored."""
    counts = dict.fromkeys(STEPS, 0)

    def count(name: str) -> None:
        real = getattr(evaluation, name)

        def step(*given: object, **named: object) -> object:
            counts[name] += 1
            return real(*given, **named)

        monkeypatch.setattr(evaluation, name, step)

    for name in STEPS:
        count(name)
    return counts


def suite_in(folder: Path, *metrics: str, plugin: Path | None = None, **changes: object) -> Suite:
    (folder / "small.toml").write_text(SMALLER)
    registries = load_registries([plugin] if plugin else [])
    return load_suite(str(folder / "small.toml"), registries, {"metrics": list(metrics), **changes})


def test_a_further_metric_scores_what_is_stored(ran: Path, whole: Result, counted: dict[str, int]) -> None:
    shutil.rmtree(ran / "small" / "models")  # no network is needed
    names = ("euclidean", "average_precision", "roc_auc", "completeness_residual")
    table = run_suite(suite_in(ran, *names), ran).table
    assert counted == {"train": 0, "make_map": 0, "score": CELLS}
    assert not (ran / "small" / "models").exists()
    at_once = run_suite(suite_in(ran, *names), ran / "at once").table
    pd.testing.assert_frame_equal(table, at_once)
    kept = [column for column in whole.table if column in table]
    pd.testing.assert_frame_equal(table[kept], whole.table[kept])


def test_a_newer_metric_scores_what_is_stored(ran: Path, counted: dict[str, int]) -> None:
    before = suite_in(ran, "roc_auc", "average_precision", "completeness_residual")
    newer = (dataclasses.replace(before.metrics[0], version=9), *before.metrics[1:])
    run_suite(dataclasses.replace(before, metrics=newer), ran)
    assert counted == {"train": 0, "make_map": 0, "score": CELLS}
    run_suite(before, ran)  # the older scores are still there
    assert counted == {"train": 0, "make_map": 0, "score": CELLS}


@pytest.mark.parametrize("names", [("average_precision",), ("completeness_residual", "roc_auc")])
def test_without_a_metric_or_in_another_order_nothing_is_computed(
    ran: Path, whole: Result, counted: dict[str, int], names: tuple[str, ...]
) -> None:
    table = run_suite(suite_in(ran, *names), ran).table
    assert counted == dict.fromkeys(STEPS, 0)
    assert [column for column in table if column in names] == list(names)
    pd.testing.assert_frame_equal(table[list(names)], whole.table[list(names)])


def test_a_damaged_map_is_made_again_and_not_scored(ran: Path, counted: dict[str, int]) -> None:
    victim = sorted((ran / "small" / "maps").glob("*/map.safetensors"))[4]
    sound = victim.read_bytes()
    victim.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    run_suite(suite_in(ran, "roc_auc", "average_precision", "completeness_residual"), ran)
    assert counted == {"train": 0, "make_map": 1, "score": 0}
    assert victim.read_bytes() == sound


def test_samples_that_a_disk_has_spoilt_are_made_again(ran: Path, whole: Result, counted: dict[str, int]) -> None:
    (victim,) = (ran / "small" / "samples").glob("*/samples.safetensors")
    sound, stamp = victim.read_bytes(), victim.stat().st_mtime_ns
    victim.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    os.utime(victim, ns=(stamp, stamp))  # as if nobody had written to it
    run_suite(suite_in(ran, "roc_auc", "average_precision", "completeness_residual"), ran)
    assert counted == dict.fromkeys(STEPS, 0)
    assert victim.read_bytes() == sound
    assert (ran / "small" / "maps.png").read_bytes() == maps_figure_of(whole)


def test_a_store_without_the_use_of_the_truth_gets_it_and_nothing_else(
    ran: Path, whole: Result, counted: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(ran / "small" / "truth-use")
    asked, real = [], evaluation.truth_use
    monkeypatch.setattr(evaluation, "truth_use", lambda *given: asked.append(1) or real(*given))
    suite = suite_in(ran, "roc_auc", "average_precision", "completeness_residual")
    again = run_suite(suite, ran)
    assert (counted, len(asked)) == (dict.fromkeys(STEPS, 0), 1)  # once for all methods
    pd.testing.assert_frame_equal(again.table, whole.table)
    assert set(whole.table.needs_truth[whole.table.architecture != ""]) <= {"true", "false"}
    run_suite(suite, ran)
    assert len(asked) == 1


def test_a_metric_that_asks_network_method_and_data_trains_nothing(ran: Path, counted: dict[str, int]) -> None:
    plugin = ran / "later.py"
    plugin.write_text(METRIC)
    suite = suite_in(ran, "roc_auc", "moved", "largest", plugin=plugin)
    table = run_suite(suite, ran, plugins=[plugin]).table.set_index("method")
    assert set(table.status) == {"ok"}
    assert (table.moved[["saliency", "smoothgrad"]] > 0).all()
    assert table.moved[["oracle", "ones"]].isna().all()
    assert table.largest["ones"] == 1
    assert counted == {"train": 0, "make_map": 0, "score": CELLS}


def test_a_network_that_a_metric_asks_is_trained_where_it_is_gone(ran: Path, counted: dict[str, int]) -> None:
    shutil.rmtree(ran / "small" / "models")
    table = run_suite(suite_in(ran, "comprehensiveness"), ran).table
    assert set(table.status) == {"ok"}
    assert counted == {"train": 1, "make_map": 0, "score": CELLS}


def test_without_kept_maps_a_further_metric_explains_again_to_the_same_scores(
    whole: Result, tmp_path: Path, counted: dict[str, int]
) -> None:
    names = ("roc_auc", "average_precision")
    first = run_suite(suite_in(tmp_path, *names, keep_maps=False), tmp_path)
    assert counted == {"train": 1, "make_map": CELLS, "score": CELLS}
    assert not (first.folder / "maps").exists()
    assert len(list(first.folder.glob("examples/*/map.safetensors"))) == CELLS
    assert (first.folder / "maps.png").read_bytes() == maps_figure_of(whole)
    run_suite(suite_in(tmp_path, *names, keep_maps=False), tmp_path)
    assert counted == {"train": 1, "make_map": CELLS, "score": CELLS}
    later = run_suite(suite_in(tmp_path, *names, "completeness_residual", keep_maps=False), tmp_path)
    assert counted == {"train": 1, "make_map": 2 * CELLS, "score": 2 * CELLS}
    pd.testing.assert_frame_equal(later.table, whole.table)


def maps_figure_of(run: Result) -> bytes:
    return (run.folder / "maps.png").read_bytes()


def test_maps_that_are_kept_from_now_on_are_made_and_not_scored(tmp_path: Path, counted: dict[str, int]) -> None:
    run_suite(suite_in(tmp_path, "roc_auc", keep_maps=False), tmp_path)
    folder = run_suite(suite_in(tmp_path, "roc_auc"), tmp_path).folder
    assert counted == {"train": 1, "make_map": 2 * CELLS, "score": CELLS}
    assert len(list(folder.glob("maps/*/map.safetensors"))) == CELLS


def test_a_run_with_nothing_to_do_reads_no_map(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = [], storage.read_regular
    monkeypatch.setattr(storage, "read_regular", lambda path: read.append(path.name) or real(path))
    run_suite(suite_in(ran, "roc_auc", "average_precision", "completeness_residual", seeds=1), ran)
    assert "record.json" in read
    assert "map.safetensors" not in read


def test_maps_and_scores_of_all_samples_are_stored(whole: Result) -> None:
    stored = whole.stored
    (repetition,) = stored.repetitions()
    for job in (repetition.references, *repetition.trained):
        for method in job.methods:
            made, scores, labels = stored.map(job, method), stored.scores(job, method), stored.labels(job)
            assert made is not None
            assert scores is not None
            assert labels is not None
            assert made.attributions.shape == (6, 10, 12)
            assert made.attributions.dtype == np.float32
            assert list(scores[0]) == ["label", "target", "roc_auc", "average_precision", "completeness_residual"]
            assert scores[0]["label"].tolist() == labels.tolist()
            assert stored.has(job, method)


COUNTING = """\
from pathlib import Path

from saltbench import ArchitectureSpec, MethodSpec

LOG = Path(__file__).with_suffix(".log")


def note(what):
    with LOG.open("a") as log:
        log.write(what + "\\n")


def method(inputs):
    note("explained")
    return inputs


def architecture(features, classes):
    import torch

    class Network(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(features, classes)

        def forward(self, inputs):
            if self.training:
                note("trained")
            return self.linear(inputs.mean(dim=1))

    return Network()


common = {"version": 1, "description": "d", "reference": "r"}
METHOD = MethodSpec(name="mine", factory=method, **common)
ARCHITECTURE = ArchitectureSpec(name="mine-too", factory=architecture, **common)
"""


@pytest.mark.slow
def test_the_command_line_scores_what_is_stored(tmp_path: Path) -> None:
    """With a plugin of a method and an architecture that note when they are called, and another one of metrics."""
    for name, text in {"small.toml": SMALLER, "counting.py": COUNTING, "later.py": METRIC}.items():
        (tmp_path / name).write_text(text)
    command = [sys.executable, "-m", "saltbench", "run", "small.toml", "--architectures", "mine-too"]
    command += ["--methods", "mine", "--workers", "1", "--results", "results", "--plugin", "counting.py"]
    log, table = tmp_path / "counting.log", tmp_path / "results" / "small" / "leaderboard.csv"
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert {*log.read_text().split()} == {"explained", "trained"}
    log.unlink()
    before = pd.read_csv(table)
    subprocess.run([*command, "--plugin", "later.py"], cwd=tmp_path, check=True, capture_output=True)
    assert not log.exists()
    after = pd.read_csv(table)
    assert "largest" not in before
    assert after.largest.notna().all()
    assert "moved" not in after  # it is not among the metrics of a suite that names none
    pd.testing.assert_frame_equal(after[list(before)], before)
