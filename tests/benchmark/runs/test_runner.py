"""A run is the same however often it is repeated and however many processes share it."""

import dataclasses
import json
import os
import shutil
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pytest
import torch
from lasting_files import without_times
from tiny_suite import TINY

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.execution.devices import choose_device, default_workers
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.index_file import FOLDER as INDEX
from saltbench.benchmark.suites.provenance import digest_of
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import ParameterError, PluginError, StoreError

STATISTICS = ("ranks.csv", "overall.csv", "comparisons.csv", "variance.csv")
WRITTEN = ("leaderboard.csv", "scores.parquet", "provenance.json", "maps.png", "scores.png", "ranks.png", *STATISTICS)


def bytes_of(folder: Path) -> dict[str, bytes]:
    """The files a user cites, and every cell's scores and maps, by path."""
    cells = sorted(
        path
        for path in folder.rglob("*/*")
        if path.suffix in (".parquet", ".safetensors") and path.parent.name != INDEX
    )
    paths = [*(folder / name for name in WRITTEN), *cells]
    found = {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.exists()}
    return {**found, "provenance.json": without_times(folder)}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Result]:
    folder = tmp_path_factory.mktemp("whole")
    (folder / "tiny.toml").write_text(TINY)
    suite = load_suite(str(folder / "tiny.toml"), load_registries())
    return suite, run_suite(suite, folder / "results")


def test_every_cell_is_there(whole: tuple[Suite, Result]) -> None:
    result = whole[1]
    assert not result.failures
    assert len(result.collection.cells) == 2 * 2 * (2 * 3 + 7)
    assert set(result.collection.cells.status) == {"ok"}
    assert len(result.collection.scores) == 6 * len(result.collection.cells)
    for name in (*WRITTEN, "cost.csv", "cost.png"):
        assert (result.folder / name).stat().st_size > 0


def test_worker_processes_and_another_memory_give_the_same_bytes(whole: tuple[Suite, Result], tmp_path: Path) -> None:
    suite, result = whole
    parallel = run_suite(suite, tmp_path, workers=2, memory=2 * 256 * 10**6)
    assert bytes_of(parallel.folder) == bytes_of(result.folder)


def test_the_figure_of_an_earlier_run_goes_where_this_one_has_none(whole: tuple[Suite, Result], tmp_path: Path) -> None:
    suite, result = whole
    folder = Path(shutil.copytree(result.folder, tmp_path / suite.name))
    narrowed = dataclasses.replace(suite, methods=suite.methods[:1])
    figures = [path.name for path in run_suite(narrowed, tmp_path).figures]
    assert figures == ["maps.png", "scores.png", "cost.png"]
    assert sorted(path.name for path in folder.glob("*.png")) == sorted(figures)


def test_a_crossed_suite_takes_what_a_paired_one_left(
    whole: tuple[Suite, Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, result = whole
    shutil.copytree(result.folder, tmp_path / "tiny")
    trained = []
    real = evaluation.train
    monkeypatch.setattr(evaluation, "train", lambda *a, **k: trained.append(1) or real(*a, **k))
    crossed = dataclasses.replace(suite, tasks=suite.tasks[:1], seeds={"data": 2, "training": 2, "attribution": 2})
    again = run_suite(crossed, tmp_path)
    assert not again.failures
    assert len(trained) == 2 * 2  # of 2 · 2 · 2 pairs of data and training half were there
    table = pd.read_csv(again.folder / "variance.csv")
    precision = table.query("metric == 'average_precision'").set_index(["architecture", "method", "source"])
    assert precision.loc[("lstm", "saliency", "attribution"), "estimate"] == pytest.approx(0, abs=1e-12)
    assert precision.loc[("lstm", "smoothgrad", "data:training:attribution"), "estimate"] != 0
    assert set(pd.read_csv(again.folder / "comparisons.csv").seeds) == {2}
    shown = ResultsFolder(again.folder).scores  # each sample once, not once for every training and attribution
    assert shown is not None
    assert not shown.duplicated(["architecture", "method", "seed", "sample"]).any()
    assert set(shown.seed) == {0, 1}


def test_a_second_run_computes_nothing(whole: tuple[Suite, Result], monkeypatch: pytest.MonkeyPatch) -> None:
    suite, result = whole
    before = bytes_of(result.folder)

    def forbidden(*args: object, **kwargs: object) -> None:
        raise AssertionError("recomputed")

    monkeypatch.setattr(evaluation, "train", forbidden)
    monkeypatch.setattr(evaluation, "make_map", forbidden)
    monkeypatch.setattr(evaluation, "score", forbidden)
    again = run_suite(suite, result.folder.parent)
    assert not again.failures
    assert bytes_of(again.folder) == before


def test_a_damaged_cell_is_recomputed_and_nothing_else(
    whole: tuple[Suite, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, result = whole
    before = bytes_of(result.folder)
    victim = sorted(result.folder.glob("maps/*/map.safetensors"))[3]
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(bytes(content))
    explained = []
    real = evaluation.make_map
    monkeypatch.setattr(evaluation, "score", None)
    monkeypatch.setattr(evaluation, "make_map", lambda *a, **k: explained.append(1) or real(*a, **k))
    run_suite(suite, result.folder.parent)
    assert len(explained) == 1
    assert bytes_of(result.folder) == before


def test_the_device_is_part_of_what_is_trained_but_not_of_the_truth(whole: tuple[Suite, Result]) -> None:
    suite, _ = whole
    references, trained = list(jobs(suite, "cpu"))[:2]
    references_on_gpu, trained_on_gpu = list(jobs(suite, "cuda"))[:2]
    assert references.data_key() == references_on_gpu.data_key()
    assert trained.model_key() != trained_on_gpu.model_key()


def test_provenance_has_no_time_or_place(whole: tuple[Suite, Result]) -> None:
    record = json.loads((whole[1].folder / "provenance.json").read_text())
    assert record["format"] == 2
    assert [environment["torch"] for environment in record["environments"]] == [version("torch")]
    assert record["suite"]["training"]["epochs"] == 3


def test_provenance_vouches_for_every_table(whole: tuple[Suite, Result]) -> None:
    folder = whole[1].folder
    tables = [path for path in folder.iterdir() if path.suffix in (".csv", ".parquet")]
    record = json.loads((folder / "provenance.json").read_text())
    assert record["tables"] == {path.name: digest_of(path.name, path.read_bytes()) for path in tables}
    assert (folder / "provenance.json").stat().st_mtime_ns >= max(path.stat().st_mtime_ns for path in tables)


def test_the_predicted_class_and_its_probability_can_be_explained(tiny_file: Path, tmp_path: Path) -> None:
    overrides = {"tasks": ["box/latter"], "seeds": 1, "target": "predicted", "output": "probability"}
    result = run_suite(load_suite(str(tiny_file), load_registries(), overrides), tmp_path)
    assert not result.failures
    scores = result.collection.scores
    trained = scores[scores.architecture != ""]
    wrong = (trained.target != trained.label).groupby(trained.architecture).mean()
    assert wrong.max() > 0  # three epochs leave mistakes, and the explained class follows them
    complete = trained[trained.method == "integrated-gradients"]
    assert complete.completeness_residual.max() < 1e-3


PLUGIN = """
import torch
from saltbench import MethodSpec, ArchitectureSpec

def broken(inputs, *, mistake):
    if mistake == "nan":
        return torch.where(torch.arange(inputs.shape[2]) == 1, torch.nan, inputs)
    if mistake == "shape":
        return inputs.sum(dim=2)
    if mistake == "raise":
        raise ValueError("a fault\\nof the plugin")
    if mistake == "exit":
        raise SystemExit(3)
    raise MemoryError("no room")

for mistake in ("nan", "shape", "raise", "exit", "memory"):
    globals()[mistake] = MethodSpec(
        name=f"broken-{mistake}", version=1, description="d", reference="r", factory=broken,
        parameters={"mistake": mistake},
    )

class Misfit(torch.nn.Module):
    def __init__(self, features):
        super().__init__()
        self.linear = torch.nn.Linear(features, 3)

    def forward(self, inputs):
        return self.linear(inputs)

misfit = ArchitectureSpec(
    name="misfit", version=1, description="d", reference="r",
    factory=lambda *, features, classes: Misfit(features),
)
"""


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "broken.py"
    path.write_text(PLUGIN)
    return path


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_failing_cells_say_why_and_the_others_finish(
    tiny_file: Path, plugin: Path, tmp_path: Path, workers: int
) -> None:
    overrides = {
        "tasks": ["box/latter"],
        "architectures": ["lstm", "misfit"],
        "methods": ["saliency", "broken-nan", "broken-shape", "broken-raise", "broken-exit", "broken-memory"],
        "seeds": 1,
    }
    suite = load_suite(str(tiny_file), load_registries([plugin]), overrides)
    result = run_suite(suite, tmp_path, plugins=[plugin], workers=workers)
    table = result.table.set_index(["architecture", "method"])
    assert table.loc[("lstm", "saliency"), "status"] == "ok"
    expected = {
        "broken-nan": "got NaN or infinity in 2 of 2 samples of a chunk",
        "broken-shape": "got (2, 10)",
        "broken-raise": "ValueError: a fault of the plugin (broken.py:11)",
        "broken-exit": "SystemExit: 3 (broken.py:13)",
        "broken-memory": "out of memory: no room",
    }
    for method, reason in expected.items():
        row = table.loc[("lstm", method)]
        assert row.status == "failed"
        assert reason in row.reason
        assert "\n" not in row.reason
        assert pd.isna(row.weighted_jaccard)
    misfit = table.loc[("misfit", "saliency")]
    assert misfit.status == "failed"
    assert "expected (50, 2); return logits (batch, classes)" in misfit.reason
    assert len(result.failures) == 5 + 6
    assert (table.loc[""].status == "ok").all()


def test_provenance_names_the_versions_that_made_the_numbers(
    tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = load_suite(
        str(tiny_file), load_registries(), {"tasks": ["box/latter"], "methods": ["saliency"], "seeds": 1}
    )
    folder = run_suite(suite, tmp_path).folder
    before = (folder / "provenance.json").read_bytes()
    real = evaluation.environment()
    monkeypatch.setattr(evaluation, "environment", lambda: {**real, "torch": "9.9"})
    run_suite(suite, tmp_path)
    assert (folder / "provenance.json").read_bytes() == before
    shutil.rmtree(next(folder.glob("scores/*")))
    run_suite(suite, tmp_path)
    versions = [found["torch"] for found in json.loads((folder / "provenance.json").read_text())["environments"]]
    assert sorted(versions) == sorted([real["torch"], "9.9"])


def test_a_plugin_must_load(tiny: Suite, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="cannot be read"):
        run_suite(tiny, tmp_path, plugins=[tmp_path / "absent.py"])


def test_full_disk_is_one_error_and_loses_nothing(
    tiny: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: tuple[Suite, Result]
) -> None:
    real, calls = os.fsync, [0]

    def full(descriptor: int) -> None:
        calls[0] += 1
        if calls[0] > 60:
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"cannot write .*No space left on device.*run the same command again"):
        run_suite(tiny, tmp_path)
    monkeypatch.setattr(os, "fsync", real)
    assert list((tmp_path / "tiny").glob("scores/*"))
    run_suite(tiny, tmp_path)
    assert bytes_of(tmp_path / "tiny") == bytes_of(whole[1].folder)


def test_devices() -> None:
    assert choose_device("cpu") == "cpu"
    assert default_workers("cuda") == 1
    assert default_workers("cpu") >= 1
    with pytest.raises(ParameterError, match="device must be auto, cpu or cuda, got 'tpu'"):
        choose_device("tpu")
    if not torch.cuda.is_available():
        assert choose_device("auto") == "cpu"
        with pytest.raises(ParameterError, match="sees no GPU; choose cpu or auto"):
            choose_device("cuda")
