"""Curves of scores over a number in the tasks' names, such as the start of a box in moving-box/t20."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from ...errors import LackingDataError
from ..metrics.spec import MetricSpec
from ..style.figure_style import label, looks
from ..style.panel_layout import chunks, drawn_lines, first_names, left_out, legend_above, lines_on_a_page, page_grid
from ..style.score_axis import AT_CHANCE, BOUNDS, HOLLOW, MARKED, hollow_mark, in_words, limits, marked
from .figure_size import FigureSize

SIDE_BY_SIDE = 3  # panels on a page
TICKS = 8
HEIGHT = 2.0  # inches of a panel
MOST_CURVES = 20  # in a panel
NUMBER = re.compile(r"(?P<family>.*?)(?P<number>[0-9]{1,9})")


@dataclass(frozen=True)
class Panel:
    """One method's scores on a family of tasks.

    Attributes:
        family: what the tasks' names have in common.
        method: that is shown.
        rows: of the leaderboard, with their `number`.
        references: those of the marked reference methods.
    """

    family: str
    method: str
    rows: pd.DataFrame
    references: pd.DataFrame


def curves_figure(
    table: pd.DataFrame,
    metric: MetricSpec,
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Figure:
    """Return a metric's scores, with their bounds, over the number at the end of the tasks' names.

    There is a panel for each method and family of tasks, and a curve for each architecture. What a page does not hold
    is left out, and counted below.

    Args:
        table: a leaderboard.
        metric: of one of its columns.
        size: of the figure.

    Raises:
        LackingDataError: no two tasks have names that differ in a number at the end alone.
    """
    architectures, more_curves = first_names(table.architecture[table.architecture != ""], MOST_CURVES)
    table = table[table.architecture.isin(["", *architectures])]
    lines = [line for panels in _families(table) for line in chunks(panels, size.side_by_side(SIDE_BY_SIDE))]
    if not lines:
        raise LackingDataError(
            "no two tasks differ in a number at the end of their names alone, as moving-box/t20 does"
        )
    lines, more_panels = lines_on_a_page(lines, HEIGHT, width=size.width)
    figure, panels = page_grid(lines, HEIGHT, width=size.width, sharex=False)
    styles = looks(architectures)
    for panel, axis in panels:
        for architecture, rows in panel.rows.groupby("architecture", sort=False):
            name = str(architecture)
            curve(axis, rows.set_index("number"), metric.name, label(name), linewidth=1.4, **styles[name].as_line())
            hollow = rows[rows.at_chance == AT_CHANCE]
            if len(hollow):
                mark = {**styles[name].as_line(), "linestyle": "none", "markerfacecolor": "white"}
                axis.plot(hollow.number, hollow[metric.name], **mark)
        for method, rows in panel.references.groupby("method", sort=False):
            words, line = MARKED[str(method)]
            axis.plot(by_number(rows)[metric.name], label=words, **line)
        axis.set_title(label(panel.method), loc="left")
        axis.set_xlabel(f"task {label(panel.family)}…")
        numbers = panel.rows.number.unique()
        if len(numbers) <= TICKS:
            axis.set_xticks(numbers)
        sns.despine(ax=axis)
    panels[0][1].set_ylim(limits(table, metric))
    figure.supylabel(in_words(metric), fontsize=7.5)
    if rest := left_out({"panels": more_panels, "architectures": more_curves}):
        figure.supxlabel(rest, fontsize=7.5)
    handles = drawn_lines(axis for _, axis in panels)
    if table[f"{metric.name}_low"].notna().any():
        handles[BOUNDS] = Patch(facecolor="0.25", alpha=0.18, linewidth=0)
    if (table.at_chance == AT_CHANCE).any():
        handles[HOLLOW] = hollow_mark()
    legend_above(figure, handles)
    return figure


def by_number(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of a table indexed and sorted by the number at the end of their tasks' names."""
    return rows.assign(number=[number(task) for task in rows.task]).set_index("number").sort_index()


def number(task: str) -> int:
    """Return the number at the end of a task's name, as 20 of moving-box/t20."""
    found = NUMBER.fullmatch(task)
    assert found is not None
    return int(found["number"])


def curve(axis: Axes, rows: pd.DataFrame, column: str, words: str, **line: Any) -> None:
    """Draw a column over the index of rows, and as a band the bounds `<column>_low` and `<column>_high`, if any."""
    axis.plot(rows[column], label=words, **line)
    if f"{column}_low" in rows:
        band = rows[f"{column}_low"], rows[f"{column}_high"]
        axis.fill_between(rows.index, *band, color=line["color"], alpha=0.18, linewidth=0)


def _families(table: pd.DataFrame) -> Iterator[list[Panel]]:
    names = table.task.str.extract(f"^{NUMBER.pattern}$")
    numbered = table.assign(family=names.family, number=names.number.astype("Int64")).dropna(subset="family")
    references = marked(numbered)
    trained = numbered[numbered.architecture != ""]
    for family, rows in trained.groupby("family", sort=False):
        if rows.number.nunique() > 1:
            of_family = references[references.family == family]
            methods = rows.sort_values("number", kind="stable").groupby("method", sort=False)
            yield [Panel(str(family), str(method), same, of_family) for method, same in methods]
