"""Curves run through the scores of tasks that differ in a number."""

import numpy as np
import pytest
from hand_made import METRIC, board

from saltbench.benchmark.figures.curves_figure import curves_figure, number
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import LackingDataError

PRECISION = load_registries().metrics.get(METRIC)
STARTS = [0, 5, 10, 40]
TASKS = [f"move/t{start:02d}" for start in STARTS]


def test_a_curve_for_each_architecture_and_a_panel_for_each_method() -> None:
    # rows in another order than the numbers
    table = board([TASKS[2], TASKS[0], TASKS[3], TASKS[1]], ["lstm", "bi-lstm"], ["saliency", "lime"])
    figure = curves_figure(table, PRECISION)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["saliency", "lime"]
    for axis, method in zip(figure.axes, ["saliency", "lime"], strict=True):
        lines = {line.get_label(): line for line in axis.lines}
        for architecture in ("lstm", "bi-lstm"):
            rows = table[(table.method == method) & (table.architecture == architecture)].sort_values("task")
            assert list(lines[architecture].get_xdata()) == STARTS
            assert list(lines[architecture].get_ydata()) == pytest.approx(list(rows[METRIC]))
        assert list(lines["the truth itself (oracle)"].get_ydata()) == [1.0] * 4
        assert list(lines["a map of random numbers"].get_ydata()) == [0.25] * 4
        for band in axis.collections:
            corners = band.get_paths()[0].vertices
            rows = table[(table.method == method) & (table.architecture == "lstm")]
            assert (corners[:, 1].min(), corners[:, 1].max()) == pytest.approx(
                (rows[f"{METRIC}_low"].min(), rows[f"{METRIC}_high"].max())
            )
        assert list(axis.get_xticks()) == STARTS
        assert axis.get_xlabel() == "task move/t…"


def test_every_family_of_tasks_has_panels_of_its_own() -> None:
    tasks = ["move/t1", "move/t2", "length-10", "length-20", "alone/7", "digits/rows"]
    figure = curves_figure(board(tasks, ["lstm"], ["saliency"]), PRECISION)
    shown = {axis.get_xlabel(): list(axis.lines[0].get_xdata()) for axis in figure.axes}
    assert shown == {"task move/t…": [1, 2], "task length-…": [10, 20]}


def test_a_missing_score_is_a_gap_and_a_network_at_chance_a_hollow_mark() -> None:
    table = board(TASKS, ["lstm"], ["saliency"])
    trained = table.architecture == "lstm"
    table.loc[trained & (table.task == "move/t05"), METRIC] = np.nan
    table.loc[trained & (table.task == "move/t40"), "at_chance"] = "true"
    (axis,) = curves_figure(table, PRECISION).axes
    curve, hollow = axis.lines[:2]
    assert list(np.isnan(curve.get_ydata().astype(float))) == [False, True, False, False]
    assert list(hollow.get_xdata()) == [40]
    assert hollow.get_markerfacecolor() == "white"


def test_tasks_without_a_moving_number_are_no_figure() -> None:
    table = board(["box/earlier", "box/latter", "box/mixed-7"], ["lstm"], ["saliency"])
    with pytest.raises(LackingDataError, match="no two tasks differ in a number at the end of their names alone"):
        curves_figure(table, PRECISION)


def test_the_number_stands_at_the_end_of_the_name() -> None:
    assert [number(name) for name in ("moving-box/t20", "2-boxes-007", "9")] == [20, 7, 9]
