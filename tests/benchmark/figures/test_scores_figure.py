"""Bars end where the leaderboard's scores do, their lines where its bounds do."""

from pathlib import Path

import numpy as np
import pytest
from hand_made import METRIC, board
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb

from saltbench.benchmark.figures.figure_size import FigureSize
from saltbench.benchmark.figures.scores_figure import scores_figure
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.style.figure_style import paper_style
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import LackingDataError, ParameterError

PRECISION = load_registries().metrics.get(METRIC)
EUCLIDEAN = load_registries().metrics.get("euclidean")
METHODS = ["saliency", "smoothgrad", "lime"]
RESULTS = Path(__file__).parents[3] / "results"


def bounds(axis: Axes) -> list[tuple[float, float]]:
    lines = [line for line in axis.collections if isinstance(line, LineCollection)]
    return [tuple(segment[:, 0]) for line in lines for segment in line.get_segments() if len(segment)]


def test_a_panel_for_each_task_and_architecture_has_a_bar_for_each_method() -> None:
    table = board(["box/earlier", "box/latter"], ["lstm", "bi-lstm"], METHODS)
    figure = scores_figure(table, PRECISION)
    assert len(figure.axes) == 4
    blocks = [block for _, block in table[table.architecture != ""].groupby(["task", "architecture"], sort=False)]
    for axis, block in zip(figure.axes, blocks, strict=True):
        assert [bar.get_width() for bar in axis.patches] == pytest.approx(list(block[METRIC]))
        np.testing.assert_allclose(bounds(axis), block[[f"{METRIC}_low", f"{METRIC}_high"]])
        assert axis.get_title(loc="left") == f"{block.architecture.iloc[0]}\naccuracy 0.90"
        assert {line.get_label(): line.get_xdata()[0] for line in axis.lines} == {
            "the truth itself (oracle)": 1.0,
            "a map of random numbers": 0.25,
        }
    first = figure.axes[0]
    assert [label.get_text() for label in first.get_yticklabels()] == METHODS
    assert [axis.get_ylabel() for axis in figure.axes] == ["box/earlier", "", "box/latter", ""]
    assert first.get_xlim() == pytest.approx((0, 1.04 * 1.02))  # from zero to the oracle's bound, and 4 % beyond
    assert first.get_ylim()[0] > first.get_ylim()[1]  # the first method stands on top
    assert figure.get_supxlabel() == "average precision (higher is better)"


@pytest.mark.parametrize("suite", ["quick", "methods", "table1"])
def test_committed_leaderboards(suite: str) -> None:
    table = ResultsFolder(RESULTS / suite).table
    figure = scores_figure(table, EUCLIDEAN)
    drawn = sorted(bar.get_width() for axis in figure.axes for bar in axis.patches)
    assert drawn == pytest.approx(sorted(table.euclidean[table.architecture != ""].dropna()))
    low, high = figure.axes[0].get_xlim()
    shown = table[(table.architecture != "") | table.method.isin(["oracle", "random-uniform"])]
    assert low <= min(0, shown.euclidean_low.min())
    assert high > shown.euclidean_high.max()
    assert figure.get_supxlabel().endswith("euclidean (lower is better)")


def test_with_one_method_a_panel_for_each_task_has_a_bar_for_each_architecture() -> None:
    tasks, architectures = [f"task-{n}" for n in range(6)], ["lstm", "bi-lstm", "mine"]
    table = board(tasks, architectures, ["saliency"], lambda task, architecture, _: 0.1 * task + 0.01 * architecture)
    axes = [axis for axis in scores_figure(table, PRECISION).axes if axis.get_visible()]
    assert [axis.get_title(loc="left") for axis in axes] == tasks
    assert [bar.get_width() for bar in axes[2].patches] == pytest.approx([0.2, 0.21, 0.22])
    assert [label.get_text() for label in axes[0].get_yticklabels()] == architectures
    assert len({to_rgb(bar.get_facecolor()) for bar in axes[2].patches}) == 3
    # panels without one below them show the numbers of the axis
    assert [bool(axis.get_xticklabels()) for axis in axes] == [False, False, True, True, True, True]


def test_a_missing_score_shows_its_status_and_a_missing_bound_no_line() -> None:
    table = board(["t"], ["lstm"], METHODS)
    table.loc[table.method == "smoothgrad", ["status", METRIC]] = ["skipped", np.nan]
    table.loc[:, [f"{METRIC}_low", f"{METRIC}_high"]] = np.nan  # one seed
    (axis,) = scores_figure(table, PRECISION).axes
    assert [text.get_text() for text in axis.texts] == ["skipped"]
    assert axis.texts[0].get_position()[1] == 1
    assert [bar.get_y() + bar.get_height() / 2 for bar in axis.patches] == pytest.approx([0, 2])
    assert bounds(axis) == []


def test_bars_of_a_network_at_chance_are_hollow_and_say_so() -> None:
    table = board(["t"], ["lstm", "bi-lstm"], METHODS)
    table.loc[table.architecture == "lstm", ["at_chance", "accuracy"]] = ["true", 0.5]
    figure = scores_figure(table, PRECISION)
    hollow, full = figure.axes
    assert all(bar.get_facecolor()[3] == 0 for bar in hollow.patches)
    assert all(bar.get_facecolor()[3] == 1 for bar in full.patches)
    assert hollow.get_title(loc="left") == "lstm\naccuracy 0.50, at chance"
    assert "the network is at chance" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_references_alone_are_no_figure() -> None:
    table = board(["t"], [], [])
    with pytest.raises(LackingDataError, match=r"no row of leaderboard\.csv has an architecture"):
        scores_figure(table, PRECISION)


def test_many_architectures_take_several_lines() -> None:
    table = board(["a", "b"], [f"net-{n}" for n in range(6)], METHODS)
    figure = scores_figure(table, PRECISION)
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert len(figure.axes) == 16
    assert [axis.get_title(loc="left").split("\n")[0] for axis in shown] == 2 * [f"net-{n}" for n in range(6)]


def words(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_what_the_lines_on_bars_are_is_said_where_there_are_any() -> None:
    table = board(["t"], ["lstm"], METHODS)
    assert "95 % confidence interval" in words(scores_figure(table, PRECISION))
    table.loc[:, [f"{METRIC}_low", f"{METRIC}_high"]] = np.nan  # one seed
    assert "95 % confidence interval" not in words(scores_figure(table, PRECISION))


def test_in_a_column_half_as_many_panels_stand_side_by_side_and_titles_do_not_collide() -> None:
    table = board(["a", "b"], ["lstm", "bi-lstm", "mine"], METHODS)
    table.loc[table.architecture != "", ["at_chance", "accuracy"]] = ["true", 0.5]
    with paper_style():
        figure = scores_figure(table, PRECISION, FigureSize(3.5))
        figure.draw_without_rendering()
    assert figure.get_size_inches()[0] == 3.5
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert {axis.get_subplotspec().colspan.start for axis in shown} == {0, 1}
    boxes = [axis._left_title.get_window_extent() for axis in shown]
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert all(box.x1 <= figure.bbox.x1 for box in boxes)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"width": 2.0}, r"--width must be inches in 3 … 7\.2, got 2"),
        ({"width": float("nan")}, "--width must be inches"),
        ({"time": "left"}, "--time must be one of down, right, got 'left'"),
    ],
)
def test_an_impossible_size_is_one_line(given, message) -> None:
    with pytest.raises(ParameterError, match=message):
        FigureSize(**given)
