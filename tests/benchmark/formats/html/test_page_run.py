"""The page of a run: its maps, ranks and scores are those that were stored."""

import base64
import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from page_reader import Reader, embedded
from PIL import Image
from tiny_suite import TINY

from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.formats.html import gallery as page_gallery
from saltbench.benchmark.formats.html.gallery import gallery
from saltbench.benchmark.formats.html.images import magnitude_picture, signed_picture
from saltbench.benchmark.formats.html.page import page
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import address
from saltbench.benchmark.suites.provenance import Provenance, read_provenance
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

METRICS = ["euclidean", "average_precision"]


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    path = tmp_path_factory.mktemp("suite") / "tiny.toml"
    path.write_text(TINY)
    return load_suite(str(path), load_registries(), {"metrics": METRICS})


@pytest.fixture(scope="module")
def ran(suite: Suite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_suite(suite, tmp_path_factory.mktemp("results")).folder


@pytest.fixture(scope="module")
def record(ran: Path) -> Provenance:
    found = read_provenance(ran)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def text(ran: Path) -> str:
    return page(ResultsFolder(ran), load_registries().metrics)


def picture(uri: str | None) -> NDArray[Any]:
    assert uri is not None
    kind, _, content = uri.partition(",")
    assert kind == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(content))))


def test_the_provenance_reads_back_as_the_suite_that_was_run(suite: Suite, record: Provenance) -> None:
    assert json.dumps(record.suite.as_json()) == json.dumps(suite.as_json())


def test_the_gallery_shows_the_stored_maps_of_each_class(ran: Path, record: Provenance, text: str) -> None:
    images = {image["alt"]: image["src"] for image in Reader(text).of("img")}
    # 2 classes: truth and input of 2 tasks, maps of 3 methods on 2 architectures
    assert len(Reader(text).of("img")) == 2 * 2 * (2 + 6)
    job = [job for job in jobs(record.suite, "cpu") if job.repetition == 0 and job.architecture][-1]
    run = StoredRun.of(record, ran)
    labels, whole = run.labels(job), run.map(job, job.methods[0])
    assert labels is not None
    assert whole is not None
    for label in (0, 1):
        magnitude = np.abs(whole.attributions[labels.tolist().index(label)])
        expected = (magnitude - magnitude.min()) / (magnitude.max() - magnitude.min()) * 31
        # the last task's images came last
        shown = picture(images[f"Map of {job.methods[0].name} on input-cell-lstm, class {label}"])
        assert shown.shape == (10, 12)
        assert np.abs(shown - expected).max() <= 0.5 + 1e-4
    truth = picture(images["Truth of class 0"])
    assert (truth[6:, 2:8] == 31).all()
    assert (truth == 31).sum() == 4 * 6


def test_pictures_have_the_time_downwards_and_zero_in_the_middle() -> None:
    panel = np.array([[-2.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    levels = picture(signed_picture(panel))
    assert levels.shape == (2, 3)
    assert (levels[0, 0], levels[0, 2]) == (0, 23)  # 3/4 of 31 levels
    assert set(levels[panel == 0]) == {16}


def test_large_samples_are_averaged_over_blocks() -> None:
    panel = np.zeros((300, 2))
    panel[:3, 0] = 1, 1, 0
    panel[297:, 1] = 1
    levels = picture(magnitude_picture(panel))
    assert levels.shape == (100, 2)
    assert (levels[0, 0], levels[99, 1], levels.astype(int).sum()) == (21, 31, 52)


def test_a_cell_that_failed_has_no_map_and_keeps_its_place(tmp_path: Path, ran: Path, record: Provenance) -> None:
    job = next(job for job in jobs(record.suite, "cpu") if job.architecture)
    shutil.copytree(ran, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "maps" / address(job.map_key(job.methods[0])))
    (tmp_path / "copy" / "scores.parquet").unlink()
    full, holed = gallery(StoredRun.of(record, ran)), gallery(StoredRun.of(record, tmp_path / "copy"))
    assert holed.tasks[0].columns[0].pictures == (None, None)
    assert holed.tasks[0].columns[1:] == full.tasks[0].columns[1:]
    assert (
        page(ResultsFolder(tmp_path / "copy"), load_registries().metrics).count('<span class="none">no map</span>') == 2
    )


def test_tasks_beyond_the_budget_are_named(monkeypatch: pytest.MonkeyPatch, ran: Path, record: Provenance) -> None:
    monkeypatch.setattr(page_gallery, "BUDGET", gallery(StoredRun.of(record, ran)).tasks[0].size)
    found = gallery(StoredRun.of(record, ran))
    assert ([maps.task for maps in found.tasks], found.left_out) == (["box/earlier"], ("box/latter",))


def test_the_diagram_names_every_method_with_its_mean_rank(ran: Path, text: str) -> None:
    table = pd.read_csv(ran / "leaderboard.csv")
    networks = table[table.architecture.notna()]
    by_block = networks.pivot(index=["task", "architecture"], columns="method", values="average_precision")
    ranks = by_block.rank(axis=1, ascending=False).mean()
    diagrams = [svg["aria-label"] or "" for svg in Reader(text).of("svg") if svg.get("class") == "cd"]
    metrics = [figure["data-metric"] for figure in Reader(text).of("figure")]
    named = dict(re.findall(r"([a-z-]+) (\d\.\d\d)", diagrams[metrics.index("average_precision")]))
    assert named == {name: f"{rank:.2f}" for name, rank in ranks.items()}
    assert "3 methods over 4 blocks" in text


def test_the_embedded_table_is_the_csv(ran: Path, text: str) -> None:
    data = embedded(text)
    with (ran / "leaderboard.csv").open(newline="") as file:
        expected = list(csv.DictReader(file))
    assert [metric["name"] for metric in data["metrics"]] == METRICS
    assert len(data["rows"]) == len(expected)
    for row, line in zip(data["rows"], expected, strict=True):
        for name, score in zip(METRICS, row["scores"], strict=True):
            columns = (name, f"{name}_low", f"{name}_high", f"{name}_chance_corrected")
            assert score == [float(f"{float(line[c]):.6g}") if line.get(c) else None for c in columns]
