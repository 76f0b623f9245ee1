"""A results folder of format 1, from before maps were stored apart from scores: what reads it, and a run in it.

The folder in format_1.zip is what version 0.1.0 left of the suite below, without its figures.
"""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from saltbench import load_registries
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.figures.draw import draw_figures, drawn_metric
from saltbench.benchmark.formats.html.gallery import gallery
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.suite import load_suite

SUITE = """\
tasks = ["box/latter"]
architectures = ["input-cell-lstm"]
methods = ["saliency", "deeplift"]
metrics = ["average_precision", "roc_auc"]
seeds = 1
samples = 4

[training]
epochs = 2

[parameters."box/latter"]
layouts = [[[2, 4, 1, 3]]]
time = 4
features = 4
train = 20
validation = 10
test = 10
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with zipfile.ZipFile(Path(__file__).with_name("format_1.zip")) as archive:
        archive.extractall(tmp_path)
    return tmp_path / "old"


def run_of(folder: Path) -> StoredRun:
    found = ResultsFolder(folder).run
    assert found is not None
    return found


def test_its_examples_and_labels_are_those_that_it_stores(old: Path) -> None:
    run = run_of(old)
    assert run.suite.keep_maps
    (repetition,) = run.repetitions()
    (truth,) = (load_file(path)["truth"] for path in old.glob("yardsticks/*/examples.safetensors"))
    examples = run.examples(repetition.references)
    assert examples is not None
    np.testing.assert_array_equal(examples.truth, truth)
    assert sorted(examples.labels.tolist()) == [0, 1]
    stored = [load_file(path)["map"].tobytes() for path in old.glob("cells/*/examples.safetensors")]
    for job in (repetition.references, *repetition.trained):
        labels = run.labels(job)
        assert labels is not None
        assert len(labels) == 4
        for method in job.methods:
            maps = run.example_maps(job, method)
            assert maps is not None
            assert maps.shape == truth.shape
            assert maps.tobytes() in stored
            assert run.map(job, method) is None  # of all samples none was stored
            assert not run.has(job, method)


def test_its_table_figures_and_page_are_drawn(old: Path) -> None:
    results = ResultsFolder(old)
    assert set(results.table.status) == {"ok"}
    metric = drawn_metric(results, None, load_registries().metrics)
    maps = next(draw_figures(results, metric, ["png"], old))
    assert (maps.name, maps.reason) == ("maps", "")
    (task,) = gallery(run_of(old)).tasks
    assert [column.method for column in task.columns] == ["saliency", "deeplift"]
    assert all(picture is not None for column in task.columns for picture in column.pictures)


def test_a_run_in_it_trains_anew_and_stores_maps(old: Path) -> None:
    (network,) = old.glob("models/*")
    (old.parent / "old.toml").write_text(SUITE)
    before = ResultsFolder(old).table
    result = run_suite(load_suite(str(old.parent / "old.toml"), load_registries()), old.parent)
    assert not result.failures
    # the version of training is another: its network is not taken for one of today's
    assert len(list(old.glob("models/*"))) == 2
    assert network.is_dir()
    kept = ["task", "architecture", "method", "seeds", "samples"]
    assert result.table[kept].astype(str).equals(before[kept].astype(str))
    references = result.table.architecture.isna()
    scores, stored = (table.average_precision[references].to_numpy() for table in (result.table, before))
    assert scores == pytest.approx(stored, abs=1e-3)
    assert len(list(old.glob("maps/*"))) == 2 + 7
    for leftover in ("cells", "yardsticks"):  # what is left of format 1 is not read any more
        for folder in (old / leftover).glob("*/record.json"):
            shutil.rmtree(folder.parent)
    again = run_of(old)
    (repetition,) = again.repetitions()
    assert again.examples(repetition.references) is not None
    assert again.example_maps(repetition.trained[0], repetition.trained[0].methods[0]) is not None


def test_damage_to_it_is_absence(old: Path) -> None:
    for path in old.glob("*/*/examples.safetensors"):
        path.write_bytes(path.read_bytes()[:-1])
    run = run_of(old)
    (repetition,) = run.repetitions()
    assert run.examples(repetition.references) is None
    assert run.example_maps(repetition.references, repetition.references.methods[0]) is None
    assert gallery(run).tasks == ()
