"""The critical-difference diagram: mean ranks of methods, and which of them cannot be told apart."""

import math

import pandas as pd
import scikit_posthocs
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...errors import LackingDataError
from ..metrics.spec import MetricSpec
from ..statistics.block_ranks import ALPHA
from ..statistics.method_ranks import Overall, compare_over_blocks
from ..style.figure_style import LONGEST, PAGE, label
from ..style.panel_layout import CHOOSE, TALL
from ..style.score_axis import in_words
from .figure_size import FigureSize

LINE, FOOT = 0.155, 1.1  # inches of a method's line, and of axis and words
NAMES = 6  # letters of a name for each inch of a figure narrower than a page
ABOVE = 2.2  # lines, of the critical difference above the axis


def ranks_figure(
    table: pd.DataFrame,
    metric: MetricSpec,
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Figure:
    """Return the critical-difference diagram of a metric over the blocks (task × architecture) of a leaderboard.

    Methods joined by a bar differ by less than Nemenyi's critical difference. Where Friedman's test finds no
    difference between any methods, one bar joins all. Methods without a score in some block are not ranked. What else
    a paper says below it is `ranks_caption`.

    Args:
        table: a leaderboard.
        metric: of one of its columns.
        size: of the figure.

    Raises:
        LackingDataError: fewer than 3 methods have a score in each of at least 2 blocks, or all have the same, or
            they do not fit a page.

    Source: J. Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, 2006.
    """
    compared = _compared(table, metric)
    longest = LONGEST if size.width == PAGE else int(NAMES * size.width)
    lines = math.ceil(len(compared.methods) / 2) + len(compared.groups)
    high = LINE * lines + FOOT
    if high > TALL:
        raise LackingDataError(f"the ranks of {len(compared.methods)} methods do not fit a page: {CHOOSE}")
    figure = Figure(figsize=(size.width, high), layout="constrained")
    _diagram(figure.subplots(), compared, longest)
    figure.supxlabel(f"mean rank by {metric.name.replace('_', ' ')}, 1 is best", fontsize=7)
    return figure


def ranks_caption(table: pd.DataFrame, metric: MetricSpec) -> str:
    """Return what a paper says below `ranks_figure`, in one line.

    Raises:
        LackingDataError: as there.
    """
    return _words(_compared(table, metric), metric)


def _compared(table: pd.DataFrame, metric: MetricSpec) -> Overall:
    trained = table[table.architecture != ""]
    by_block = trained.pivot(index=["task", "architecture"], columns="method", values=metric.name)
    by_block = by_block[list(dict.fromkeys(trained.method))]
    complete = by_block.dropna(axis="columns")
    if len(complete) < 2 or complete.shape[1] < 3:
        raise LackingDataError(
            "3 methods with a score in each of at least 2 blocks (task × architecture) are needed, "
            f"found {complete.shape[1]} in {len(complete)}"
        )
    if (complete.nunique(axis="columns") == 1).all():
        raise LackingDataError("all methods have the same score in every block, there is nothing to rank")
    return compare_over_blocks(by_block, metric)


def _diagram(axis: Axes, compared: Overall, longest: int) -> None:
    # numbers stand for the methods: the library walks over sets, whose order changes with every process for text
    ranks = dict(enumerate(compared.mean_ranks))
    p = compared.nemenyi.set_axis(list(ranks)).set_axis(list(ranks), axis="columns")
    differ = compared.friedman_p < ALPHA
    # without a difference between any methods there is none between two of them
    p = p if differ else p * 0 + 1
    drawn = scikit_posthocs.critical_difference_diagram(
        ranks,
        p,
        alpha=ALPHA,
        ax=axis,
        label_fmt_left="{label}",
        label_fmt_right="{label}",
        text_h_margin=0.02 * len(ranks),
        label_props={"fontsize": 7},
        elbow_props={"color": "0.45", "linewidth": 0.7, "clip_on": False},
        marker_props={"color": "black", "s": 9, "clip_on": False},
        crossbar_props={"color": "black", "linewidth": 2.2, "clip_on": False},
    )
    for text in drawn["labels"]:
        place = int(text.get_text())
        name, rank = label(compared.methods[place], longest), f"{ranks[place]:.2f}"
        shown = f"{name}  {rank} " if text.get_ha() == "right" else f" {rank}  {name}"
        text.set(text=shown, color="black")
    axis.set_xlim(1, len(ranks))
    if differ:
        _yardstick(axis, compared.critical_difference)


def _yardstick(axis: Axes, difference: float) -> None:
    axis.plot([1, 1 + difference], [ABOVE, ABOVE], color="black", linewidth=1, marker="|", markersize=5, clip_on=False)
    axis.text(1 + difference, ABOVE, f"  critical difference {difference:.2f}", fontsize=7, va="center")


def _words(compared: Overall, metric: MetricSpec) -> str:
    differ = compared.friedman_p < ALPHA
    finding = (
        "Bars join methods that differ by less than the critical difference (Nemenyi, 5 %)."
        if differ
        else "Methods are not told apart: Friedman's test finds no difference between them (5 %)."
    )
    ranked = set(compared.methods)
    absent = [label(method) for method in compared.coverage.method if method not in ranked]
    return (
        f"Mean rank by {in_words(metric)}, 1 is best, over {len(compared.blocks)} blocks (task × architecture). "
        f"Friedman χ² = {compared.friedman:.1f}, {_p(compared.friedman_p)}. {finding}"
        + (f" Not ranked, without a score in some block: {', '.join(absent)}." if absent else "")
    )


def _p(value: float) -> str:
    return "p < .001" if value < 0.001 else f"p = {value:.3f}".replace("0.", ".")
