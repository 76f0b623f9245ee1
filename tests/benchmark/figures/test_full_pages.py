"""Figures of more than a page holds draw what it holds, and say what they leave out and how to see it."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import call
from hand_made import METRIC, board
from matplotlib.figure import Figure

from saltbench.benchmark.figures.cost_figure import cost_figure
from saltbench.benchmark.figures.curves_figure import curves_figure
from saltbench.benchmark.figures.figure_size import FigureSize
from saltbench.benchmark.figures.ranks_figure import ranks_figure
from saltbench.benchmark.figures.scores_figure import scores_figure
from saltbench.benchmark.style.figure_style import paper_style
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import LackingDataError

PRECISION = load_registries().metrics.get(METRIC)
RESULTS = Path(__file__).parents[3] / "results"
PAGE = 9.3  # inches
HOW = "not fit the page: saltbench figures draws those that --tasks, --architectures and --methods choose"


def named(kind: str, count: int) -> list[str]:
    return [f"{kind}-{number}" for number in range(count)]


def cost_of(table: pd.DataFrame, size: FigureSize) -> Figure:
    trained = table[table.architecture != ""]
    return cost_figure(table, trained.assign(seconds_per_sample=0.1), PRECISION, size)


def scores_of(table: pd.DataFrame, size: FigureSize) -> Figure:
    return scores_figure(table, PRECISION, size)


def curves_of(table: pd.DataFrame, size: FigureSize) -> Figure:
    return curves_figure(table, PRECISION, size)


@pytest.mark.parametrize(
    ("draw", "counts", "width", "drawn", "words"),
    [
        (scores_of, (4, 1, 20), 7.2, 2, "2 more panels do"),
        (scores_of, (1, 1, 52), 7.2, 1, "2 more methods do"),
        (scores_of, (3, 52, 1), 3.5, 2, "1 more panel and 2 more architectures do"),
        (curves_of, (2, 21, 5), 3.5, 4, "1 more panel and 1 more architecture do"),
        (cost_of, (7, 1, 2), 7.2, 6, "1 more panel does"),
        (cost_of, (1, 1, 52), 7.2, 1, "2 more methods do"),
    ],
)
def test_what_a_page_does_not_hold_is_counted(
    draw: Any, counts: tuple[int, ...], width: float, drawn: int, words: str
) -> None:
    table = board(*(named(kind, count) for kind, count in zip(("task", "net", "method"), counts, strict=True)))
    with paper_style():
        figure = draw(table, FigureSize(width))
    assert figure.get_size_inches()[1] <= PAGE
    assert sum(axis.get_visible() for axis in figure.axes) == drawn
    assert figure.get_supxlabel().split("\n")[-1] == f"{words} {HOW}"


@pytest.mark.parametrize("draw", [scores_of, curves_of, cost_of])
def test_a_page_that_holds_all_does_not_speak_of_more(draw: Any) -> None:
    with paper_style():
        figure = draw(board(named("task", 2), ["lstm"], named("method", 2)), FigureSize())
    assert "fit" not in figure.get_supxlabel()


def test_ranks_of_too_many_methods_are_left_out() -> None:
    table = board(named("task", 2), ["lstm"], named("method", 110))
    with pytest.raises(LackingDataError, match="the ranks of 110 methods do not fit a page: saltbench figures draws"):
        ranks_figure(table, PRECISION)


def test_chosen_rows_are_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chosen = ["--tasks", "digits/rows", "--architectures", "lstm", "--methods", "saliency", "--methods", "deeplift"]
    code, said = call(capsys, "figures", str(RESULTS / "quick"), *chosen, "--format", "svg", "--output", str(tmp_path))
    assert not code
    assert "ranks: left out, 3 methods" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cost.svg", "scores.svg"]


def test_a_name_that_no_row_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _ = call(capsys, "figures", str(RESULTS / "quick"), "--methods", "salience", "--output", str(tmp_path))
    assert "unknown method 'salience'" in str(code)
