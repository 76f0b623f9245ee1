"""What explaining costs is collected from the cells, and drawn against the score."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hand_made import METRIC, board
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.figures.cost_figure import cost_figure, pareto
from saltbench.benchmark.figures.figure_size import FigureSize
from saltbench.benchmark.leaderboards.cost import COLUMNS, cost
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.style.figure_style import paper_style
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite
from saltbench.errors import LackingDataError, StoreError

PRECISION = load_registries().metrics.get(METRIC)
EUCLIDEAN = load_registries().metrics.get("euclidean")
RESULTS = Path(__file__).parents[3] / "results"
ARCHITECTURES, METHODS = ["lstm", "bi-lstm"], ["saliency", "lime", "smoothgrad"]


def cells(*seconds: float | None, architecture: str = "lstm") -> pd.DataFrame:
    identity = {"task": "t", "architecture": architecture, "method": "saliency", "status": "ok"}
    return pd.DataFrame([{**identity, "seed": seed, "seconds": value} for seed, value in enumerate(seconds)])


def collected(cells: pd.DataFrame, samples: list[int]) -> Collection:
    rows = [
        {**cell, "sample": n}
        for cell, count in zip(cells.to_dict("records"), samples, strict=True)
        for n in range(count)
    ]
    return Collection(pd.DataFrame(rows), cells, pd.DataFrame(), [])


def costs(table: pd.DataFrame, seconds: list[float]) -> pd.DataFrame:
    trained = table[table.architecture != ""]
    return trained[["task", "architecture", "method"]].assign(seconds_per_sample=seconds, samples=9, seeds=3)


def test_cost_is_the_mean_over_seeds_of_seconds_over_samples() -> None:
    table = cost(collected(cells(2.0, 9.0), [4, 6]))
    assert list(table.columns) == COLUMNS
    assert table.iloc[0].tolist() == ["t", "lstm", "saliency", pytest.approx((0.5 + 1.5) / 2), 10, 2]


def test_cost_is_empty_where_a_seed_has_none() -> None:
    table = cost(collected(cells(2.0, None), [4, 4]))
    assert np.isnan(table.seconds_per_sample[0])
    assert table.samples[0] == 8
    missing = cost(collected(cells(2.0, None), [4, 0]))
    assert np.isnan(missing.seconds_per_sample[0])
    assert (missing.samples[0], missing.seeds[0]) == (4, 2)


def test_reference_methods_cost_nothing_worth_a_row() -> None:
    assert cost(collected(cells(2.0, architecture=""), [4])).empty


def test_a_run_writes_what_its_cells_recorded(tiny: Suite, tmp_path: Path) -> None:
    folder = run_suite(tiny, tmp_path).folder
    table = ResultsFolder(folder).cost
    assert table is not None
    records = [json.loads(path.read_text()) for path in folder.glob("maps/*/record.json")]
    trained = [record for record in records if "model" in record["key"]]
    assert len(table) == 2 * 2 * 3 == len(trained) / 2
    assert set(table.samples) == {12}
    row = table.iloc[0]
    own = [
        record["facts"]["seconds"] / 6
        for record in trained
        if record["key"]["task"]["name"] == row.task
        and record["key"]["model"]["architecture"]["name"] == row.architecture
        and record["key"]["method"]["name"] == row.method
    ]
    assert row.seconds_per_sample == pytest.approx(np.mean(own))
    assert "seconds" not in pd.read_csv(folder / "leaderboard.csv").columns


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("task,method\na,b\n", "lacks the columns architecture, seconds_per_sample, samples, seeds"),
        (",".join(COLUMNS) + "\nt,lstm,saliency,fast,1,1\n", r"cost.csv needs numbers in seconds_per_sample.*'fast'"),
    ],
)
def test_a_damaged_cost_table_is_one_line(tmp_path: Path, content: str, message: str) -> None:
    assert ResultsFolder(tmp_path).cost is None
    (tmp_path / "cost.csv").write_text(content)
    with pytest.raises(StoreError, match=message) as caught:
        ResultsFolder(tmp_path).cost
    assert "\n" not in str(caught.value)


def marks(figure: Figure, panel: int) -> list[list[float]]:
    return sorted(mark.get_offsets()[0].tolist() for mark in figure.axes[panel].collections)


def numbers(axis: Axes) -> list[str]:
    return sorted((text.get_text() for text in axis.texts), key=int)


def test_a_panel_for_each_task_and_architecture_has_a_mark_for_each_method() -> None:
    table = board(["one", "two"], ARCHITECTURES, METHODS)
    seconds = [0.01 * (n + 1) for n in range(12)]
    figure = cost_figure(table, costs(table, seconds), PRECISION)
    scores = table[table.architecture != ""][METRIC].tolist()
    for panel in range(4):
        own = slice(3 * panel, 3 * panel + 3)
        np.testing.assert_allclose(marks(figure, panel), sorted(zip(seconds[own], scores[own], strict=True)))
    assert [axis.get_title(loc="left") for axis in figure.axes] == 2 * ARCHITECTURES
    assert [axis.get_ylabel() for axis in figure.axes] == ["one", "", "two", ""]
    assert {axis.get_xscale() for axis in figure.axes} == {"log"}


def test_every_mark_bears_the_number_of_its_method_whose_name_is_below() -> None:
    table = board(["one", "two"], ARCHITECTURES, METHODS)
    table.loc[(table.task == "two") & (table.method == "lime"), METRIC] = np.nan
    figure = cost_figure(table, costs(table, [0.1] * 12), PRECISION)
    assert [numbers(axis) for axis in figure.axes] == 2 * [["1", "2", "3"]] + 2 * [["1", "3"]]
    assert figure.get_supxlabel().replace("\N{NO-BREAK SPACE}", " ").split("\n") == [
        "time to explain a sample",
        "1 saliency   2 lime   3 smoothgrad",
    ]


def front(axis: Axes) -> list[tuple[float, float]]:
    lines = [line for line in axis.lines if line.get_label() == "Pareto front"]
    return [point for line in lines for point in zip(line.get_xdata(), line.get_ydata(), strict=True)]


def test_the_front_is_of_one_network_and_above_a_map_of_random_numbers() -> None:
    # a random map has .25
    table = board(["t"], ARCHITECTURES, METHODS, lambda t, a, m: [[0.2, 0.5, 0.4], [0.3, 0.2, 0.6]][a][m])
    figure = cost_figure(table, costs(table, [0.001, 0.01, 0.1, 0.002, 0.02, 0.2]), PRECISION)
    assert [front(axis) for axis in figure.axes] == [[(0.01, 0.5)], [(0.002, 0.3), (0.2, 0.6)]]


def test_a_network_at_chance_has_no_front_and_hollow_marks() -> None:
    table = board(["t"], ARCHITECTURES, METHODS)
    table.loc[table.architecture == "lstm", "at_chance"] = "true"
    guess, sound = cost_figure(table, costs(table, [0.1] * 6), PRECISION).axes
    assert front(guess) == []
    assert front(sound) != []
    assert guess.get_title(loc="left") == "lstm\nat chance"
    assert {tuple(mark.get_facecolor()[0]) for mark in guess.collections} == {(1, 1, 1, 1)}


def test_with_one_method_a_panel_for_each_task_has_the_networks_and_no_front() -> None:
    table = board(["one", "two"], ARCHITECTURES, ["saliency"])
    figure = cost_figure(table, costs(table, [0.1, 0.2, 0.3, 0.4]), PRECISION)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["one", "two"]
    assert [front(axis) for axis in figure.axes] == [[], []]
    assert marks(figure, 0) == [[0.1, 0.3], [0.2, 0.3]]
    assert {"lstm", "bi-lstm"} <= {text.get_text() for text in figure.legends[0].get_texts()}
    shapes = {len(mark.get_paths()[0].vertices) for mark in figure.axes[0].collections}
    assert len(shapes) == 2


@pytest.mark.parametrize("width", [3.5, 7.2])
def test_numbers_of_crowded_marks_neither_collide_nor_hide_a_mark(width: float) -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.4, 0.5, size=(4, 24))
    table = board(["t"], list("abcd"), [f"m{n}" for n in range(24)], lambda t, a, m: scores[a, m])
    with paper_style():
        figure = cost_figure(table, costs(table, 10 ** rng.uniform(-3, -1, 96)), PRECISION, FigureSize(width))
        figure.draw_without_rendering()
    for axis in figure.axes:
        boxes = [Text.get_window_extent(text) for text in axis.texts]
        assert len(boxes) == 24
        overlaps = sum(_share(one, other) > 0.2 for i, one in enumerate(boxes) for other in boxes[:i])
        assert overlaps == 0


def _share(one: Bbox, other: Bbox) -> float:
    """Return the share of a box that another one hides."""
    shared = Bbox.intersection(one, other)
    return 0.0 if shared is None else shared.width * shared.height / (one.width * one.height)


@pytest.mark.slow
@pytest.mark.parametrize("suite", ["quick", "methods", "table1"])
def test_times_below_panels_do_not_collide(suite: str) -> None:
    results = ResultsFolder(RESULTS / suite)
    for width in (3.5, 7.2):
        with paper_style():
            figure = cost_figure(results.table, results.cost, PRECISION, FigureSize(width))
            figure.draw_without_rendering()
        last = [axis for axis in figure.axes if axis.get_visible()][-1]
        boxes = [tick.label1.get_window_extent() for tick in last.xaxis._update_ticks() if tick.label1.get_text()]
        assert len(boxes) >= 2
        assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])


def test_missing_seconds_or_scores_have_no_mark() -> None:
    table = board(["t"], ["lstm"], METHODS)
    table.loc[table.method == "lime", METRIC] = np.nan
    figure = cost_figure(table, costs(table, [0.1, 0.2, np.nan]), PRECISION)
    assert marks(figure, 0) == [[0.1, 0.3]]
    with pytest.raises(LackingDataError, match=r"cost.csv has no seconds of a method that has a score"):
        cost_figure(table, costs(table, [np.nan] * 3), PRECISION)


@pytest.mark.parametrize("metric", [PRECISION, EUCLIDEAN])
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), min_size=1, max_size=12))
def test_the_front_is_what_no_other_point_beats(metric, points) -> None:
    sign = 1 if metric.higher_is_better else -1

    def beaten(point):
        return any(
            s <= point[0] and sign * q >= sign * point[1] and (s < point[0] or sign * q > sign * point[1])
            for s, q in points
        )

    front = pareto(pd.DataFrame(points, columns=["seconds_per_sample", metric.name], dtype=float), metric)
    expected = sorted({point for point in points if not beaten(point)})
    assert list(front[["seconds_per_sample", metric.name]].itertuples(index=False, name=None)) == expected
