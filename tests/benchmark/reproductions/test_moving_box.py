"""`reproduce moving-box`: the published curves, the verdicts on them, and the figure of both."""

import dataclasses
import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from saltbench.benchmark.commands import reproduce
from saltbench.benchmark.commands.reproduce import REPRODUCTIONS, reproduce_one
from saltbench.benchmark.comparisons.published import compare
from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.figures.curves_figure import number
from saltbench.benchmark.reproductions import moving_box_figure
from saltbench.benchmark.reproductions.moving_box import MOVING_BOX, PUBLISHED_CURVES
from saltbench.benchmark.reproductions.moving_box_figure import draw_moving_box
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

REGISTRIES = load_registries()
SUITE = load_suite("moving-box", REGISTRIES)
STARTS = [0, 10, 20, 30, 40]
ARCHITECTURES = ["lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm"]
SMALL = {"time": 12, "features": 12, "train": 20, "validation": 10, "test": 10, "layouts": [[[2, 8, 2, 8]]]}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], Figure]:
    """The reproduction on the suite's grid with short series, its lines, and the figure it drew."""
    overrides = {
        "seeds": 2,
        "samples": 4,
        "training": {"epochs": 1},
        "parameters": {task.name: SMALL for task in SUITE.tasks},
    }
    drawn: list[Figure] = []
    real = moving_box_figure._figure
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "load_suite", lambda name, registries: load_suite(name, registries, overrides))
        patch.setattr(moving_box_figure, "_figure", lambda *tables: drawn.append(real(*tables)) or drawn[0])
        results = tmp_path_factory.mktemp("results")
        return results / "moving-box", list(reproduce_one(MOVING_BOX, results, "cpu", 1, {})), drawn[0]


def collection(weighted_jaccard: float, seeds: int = 2) -> Collection:
    """The same scores for every sample and seed of the suite."""
    identities = [
        {"task": task.name, "architecture": architecture, "method": "saliency", "seed": seed}
        for task in SUITE.tasks
        for architecture in ARCHITECTURES
        for seed in range(seeds)
    ]
    scores = pd.DataFrame(identities).assign(weighted_jaccard=weighted_jaccard, euclidean=0.9)
    return Collection(scores, pd.DataFrame(identities).assign(accuracy=1.0), pd.DataFrame(), [])


def test_the_suite_is_the_figure() -> None:
    published = pd.read_csv(Path(__file__).parents[3] / "benchmark" / "comparisons" / "published" / "moving-box.csv")
    assert [task.name for task in SUITE.tasks] == [f"moving-box/t{first:02d}" for first in STARTS]
    for task, first in zip(SUITE.tasks, STARTS, strict=True):
        assert list(map(list, task.parameters["layouts"][0])) == [[first, first + 60, 20, 80]]
    assert [architecture.name for architecture in SUITE.architectures] == ARCHITECTURES
    assert (SUITE.seeds, SUITE.samples, SUITE.output) == (3, 300, "probability")
    # sums along the curves as read off the poster, added up by hand
    sums = published.groupby("architecture")[["weighted_jaccard", "euclidean"]].sum()
    assert sums.loc["input-cell-lstm"].tolist() == pytest.approx([0.550, 4.532])
    assert sums.loc["lstm-self-attention"].tolist() == pytest.approx([0.344, 4.707])
    assert sums.loc["lstm"].tolist() == sums.loc["bi-lstm"].tolist() == pytest.approx([0.011, 5.009])
    assert len(published) == 20
    assert REPRODUCTIONS["moving-box"] is MOVING_BOX


@pytest.mark.parametrize(("value", "agrees"), [(0.118, "yes"), (0.1209, "yes"), (0.1151, "yes"), (0.1211, "no")])
def test_agreement_allows_for_the_reading_error_and_no_more(value: float, agrees: str) -> None:
    # two equal seeds: the interval of a further run has no width
    table = compare(collection(value), PUBLISHED_CURVES).set_index(["task", "architecture", "quantity"])
    row = table.loc[("moving-box/t00", "input-cell-lstm", "weighted_jaccard")]
    assert row.published == 0.118
    assert row.agrees == agrees
    assert (row.reason == "") == (agrees == "yes")


def test_only_published_quantities_are_compared() -> None:
    table = compare(collection(0.1), PUBLISHED_CURVES)
    assert len(table) == 40
    assert set(table.quantity) == {"weighted_jaccard", "euclidean"}
    wider = dataclasses.replace(PUBLISHED_CURVES, error=10.0)
    assert set(compare(collection(0.1), wider).agrees) == {"yes"}


@pytest.mark.slow
def test_the_files_and_the_lines(finished: tuple[Path, list[str], Figure]) -> None:
    folder, lines, _ = finished
    written = {path.name for path in folder.iterdir() if path.is_file()}
    assert {"leaderboard.csv", "published_vs_measured.csv", "moving_box.png", "moving_box.svg", "maps.png"} <= written
    assert len(pd.read_csv(folder / "published_vs_measured.csv")) == 40
    assert sum(line.endswith((" yes", " no")) for line in lines) == 40
    assert any(" of 40 published numbers agree; " in line for line in lines)
    assert lines[-2:] == [f"{folder / 'moving_box.png'}", f"{folder / 'moving_box.svg'}"]
    assert imread(folder / "moving_box.png").std() > 0.1
    assert ET.parse(folder / "moving_box.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file


def test_the_curves_are_those_of_the_tables(finished: tuple[Path, list[str], Figure]) -> None:
    folder, _, figure = finished
    comparison = pd.read_csv(folder / "published_vs_measured.csv")
    board = pd.read_csv(folder / "leaderboard.csv")
    axes = iter(figure.axes)
    for quantity in ("weighted_jaccard", "euclidean"):
        for column in ("published", "measured"):
            axis = next(axes)
            random, *curves = axis.lines
            expected = board[board.method == "random-uniform"][quantity]
            assert list(random.get_xdata()) == STARTS
            assert list(random.get_ydata()) == pytest.approx(list(expected))
            assert len(curves) == 4
            for architecture, curve in zip(ARCHITECTURES, curves, strict=True):
                rows = comparison[(comparison.architecture == architecture) & (comparison.quantity == quantity)]
                assert list(curve.get_xdata()) == STARTS
                assert list(curve.get_ydata()) == pytest.approx(list(rows[column]))
            bands = [band.get_paths()[0].get_extents() for band in axis.collections]
            assert len(bands) == (4 if column == "measured" else 0)
            for architecture, band in zip(ARCHITECTURES, bands, strict=False):
                rows = comparison[(comparison.architecture == architecture) & (comparison.quantity == quantity)]
                assert (band.y0, band.y1) == pytest.approx((rows.low.min(), rows.high.max()))


def test_the_figure_has_the_same_bytes_from_the_tables_alone(
    finished: tuple[Path, list[str], Figure], tmp_path: Path
) -> None:
    folder, _, _ = finished
    comparison = pd.read_csv(folder / "published_vs_measured.csv")
    paths = draw_moving_box(comparison, pd.read_csv(folder / "leaderboard.csv"), tmp_path)
    assert [path.read_bytes() for path in paths] == [(folder / path.name).read_bytes() for path in paths]


def test_the_start_stands_in_the_name() -> None:
    assert [number(task.name) for task in SUITE.tasks] == STARTS
