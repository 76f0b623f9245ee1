"""The critical-difference diagram shows the mean ranks, and bars that agree with the critical difference."""

import re

import numpy as np
import pandas as pd
import pytest
from hand_made import METRIC, board
from matplotlib.figure import Figure

from saltbench.benchmark.figures.figure_size import FigureSize
from saltbench.benchmark.figures.ranks_figure import ranks_caption, ranks_figure
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import LackingDataError

PRECISION = load_registries().metrics.get(METRIC)
ARCHITECTURES = ["lstm", "bi-lstm"]

# Demšar 2006, table 6: AUC of C4.5 and three variants on 14 data sets, with the mean ranks 3.143, 2.000, 2.893 and
# 1.964, Friedman's χ² 9.28 and Nemenyi's critical difference 1.25. The paper ranks one printed tie (voting) by digits
# that it does not print; .9751 stands for them.
DEMSAR = {
    "c4.5": [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957],
    "c4.5+m": [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978],
    "c4.5+cf": [0.771, 0.590, 0.968, 0.654, 0.886, 0.916, 0.609, 0.563, 0.866, 1.000, 0.965, 0.614, 0.9751, 0.946],
    "c4.5+m+cf": [0.798, 0.569, 0.967, 0.657, 0.898, 0.931, 0.685, 0.625, 0.875, 1.000, 0.962, 0.669, 0.975, 0.970],
}


def demsar() -> pd.DataFrame:
    methods = list(DEMSAR)
    return board([f"data-{n}" for n in range(14)], ["c4.5"], methods, lambda task, _, m: DEMSAR[methods[m]][task])


def labels(figure: Figure) -> dict[str, float]:
    found = {}
    for text in figure.axes[0].texts:
        parts = text.get_text().split()
        if len(parts) == 2:
            rank, name = sorted(parts, key=lambda part: not re.fullmatch(r"\d+\.\d\d", part))
            found[name] = float(rank)
    return found


def bars(figure: Figure) -> list[tuple[float, float]]:
    """The ends of the bars that join methods; they are the thickest lines."""
    ends = [np.asarray(line.get_xdata(), float) for line in figure.axes[0].lines if line.get_linewidth() == 2.2]
    return sorted((end.min(), end.max()) for end in ends)


def test_the_published_example() -> None:
    figure, words = ranks_figure(demsar(), PRECISION), ranks_caption(demsar(), PRECISION)
    assert figure.get_supxlabel() == "mean rank by average precision, 1 is best"  # the caption is the paper's
    assert labels(figure) == {"c4.5+m+cf": 1.96, "c4.5+m": 2.0, "c4.5+cf": 2.89, "c4.5": 3.14}
    assert "over 14 blocks" in words
    # the published 9.28 knows no correction for ties; one four and three pairs of ties make it 9.28 / (1 − 78 / 840)
    assert "Friedman χ² = 10.2, p = .017." in words
    # the difference of the best and the worst, 1.179, is below 1.25: "not powerful enough", says the paper
    assert bars(figure) == [pytest.approx((1.964, 3.143), abs=5e-4)]
    assert [text.get_text() for text in figure.axes[0].texts if "critical" in text.get_text()] == [
        "  critical difference 1.25"
    ]


def test_bars_join_what_the_critical_difference_does_not_part() -> None:
    # five methods in the same order in 12 blocks: ranks 1 to 5, critical difference 2.728 √(5 · 6 / (6 · 12)) = 1.761
    methods = [f"method-{n}" for n in range(5)]
    table = board([f"task-{n}" for n in range(12)], ["lstm"], methods, lambda task, _, method: 0.9 - 0.1 * method)
    figure, words = ranks_figure(table, PRECISION), ranks_caption(table, PRECISION)
    assert labels(figure) == {method: place for place, method in enumerate(methods, start=1)}
    assert bars(figure) == [(1, 2), (2, 3), (3, 4), (4, 5)]
    assert "Friedman χ² = 48.0, p < .001. Bars join methods that differ by less" in words
    assert figure.axes[0].get_xlim() == (1, 5)


def test_without_a_difference_one_bar_joins_all_and_the_figure_says_so() -> None:
    # every method is best as often as any other
    methods = ["a", "b", "c"]
    table = board(
        [f"task-{n}" for n in range(6)], ["lstm"], methods, lambda task, _, method: 0.1 * ((task + method) % 3)
    )
    figure, words = ranks_figure(table, PRECISION), ranks_caption(table, PRECISION)
    assert labels(figure) == {"a": 2.0, "b": 2.0, "c": 2.0}
    assert bars(figure) == [(2, 2)]
    assert "Methods are not told apart: Friedman's test finds no difference between them (5 %)." in words
    assert not [text for text in figure.axes[0].texts if "critical" in text.get_text()]


def test_nothing_is_told_apart_where_only_the_second_test_finds_a_difference() -> None:
    # mean ranks from 2.3 to 3.75 lie 1.45 apart, the critical difference is 2.728 √(5 · 6 / (6 · 20)) = 1.364
    scores = np.random.default_rng(144).uniform(size=(20, 5)) + np.array([0.22, 0, 0, 0, -0.22])
    table = board([f"task-{n:02d}" for n in range(20)], ["lstm"], list("abcde"), lambda task, _, m: scores[task, m])
    figure, words = ranks_figure(table, PRECISION), ranks_caption(table, PRECISION)
    assert labels(figure) == {"a": 2.3, "b": 2.8, "c": 3.15, "d": 3.0, "e": 3.75}
    assert "p = .063. Methods are not told apart" in words
    assert bars(figure) == [pytest.approx((2.3, 3.75))]


def test_where_lower_is_better_the_lowest_score_has_rank_one() -> None:
    euclidean = load_registries().metrics.get("euclidean")
    table = board(["a", "b", "c"], ARCHITECTURES, ["far", "near", "middle"], lambda t, a, m: [3, 1, 2][m], "euclidean")
    assert labels(ranks_figure(table, euclidean)) == {"near": 1.0, "middle": 2.0, "far": 3.0}


def test_a_method_without_a_score_in_some_block_is_named_and_not_ranked() -> None:
    table = board(["a", "b"], ARCHITECTURES, ["one", "two", "three", "attention"])
    absent = (table.method == "attention") & (table.architecture == "lstm")
    table.loc[absent, [METRIC, "status"]] = [np.nan, "skipped"]
    figure = ranks_figure(table, PRECISION)
    assert set(labels(figure)) == {"one", "two", "three"}
    assert ranks_caption(table, PRECISION).endswith("Not ranked, without a score in some block: attention.")


@pytest.mark.parametrize(
    ("tasks", "methods", "found"),
    [(["a"], ["one", "two", "three"], "found 3 in 1"), (["a", "b"], ["one"], "found 1 in 2")],
)
def test_too_few_methods_or_blocks_are_no_figure(tasks: list[str], methods: list[str], found: str) -> None:
    with pytest.raises(LackingDataError, match=rf"3 methods with a score in each of at least 2 blocks .*{found}"):
        ranks_figure(board(tasks, ["lstm"], methods, lambda *_: 0.3), PRECISION)


def test_equal_scores_are_no_figure() -> None:
    with pytest.raises(LackingDataError, match="all methods have the same score in every block"):
        ranks_figure(board(["a", "b"], ["lstm"], ["one", "two", "three"], lambda *_: 0.3), PRECISION)


@pytest.mark.parametrize("width", [3.5, 7.2])
def test_twenty_methods_have_labels_that_do_not_overlap(width: float) -> None:
    methods = [f"a-method-with-a-long-name-{n}" for n in range(20)]
    rng = np.random.default_rng(0)
    scores = rng.uniform(size=(5, 2, 20)) + np.linspace(0, 1, 20)
    table = board("abcde", ARCHITECTURES, methods, lambda t, a, m: scores[t, a, m])
    figure = ranks_figure(table, PRECISION, FigureSize(width))
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in figure.axes[0].texts]
    assert len(boxes) == 21
    assert not any(one.overlaps(other) for i, one in enumerate(boxes) for other in boxes[:i])
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
