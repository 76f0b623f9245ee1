"""Cost against quality: the time that a map takes, and how good it is."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, NullFormatter

from ...errors import LackingDataError
from ..leaderboards.columns import IDENTITY
from ..metrics.spec import MetricSpec
from ..style.figure_style import COLOURS, Look, label, looks
from ..style.panel_layout import chunks, drawn_lines, legend_above, page_grid
from ..style.score_axis import AT_CHANCE, HOLLOW, MARKED, hollow_mark, in_words, limits, marked

SIDE_BY_SIDE = 3  # panels on a page
HEIGHT, KEY = 2.3, 0.125  # inches of a panel, and of a line of the key below it
FRONT = "Pareto front"
SECONDS = "seconds_per_sample"


def cost_figure(table: pd.DataFrame, cost: pd.DataFrame, metric: MetricSpec) -> Figure:
    """Return a metric's scores over the seconds that explaining a sample takes, a panel a task.

    A mark is a method on an architecture; its shape tells the architecture, its colour the method, or again the
    architecture where there are more methods than colours. The line is the Pareto front, whose marks are named.

    Args:
        table: a leaderboard.
        cost: as `cost` returns it.
        metric: of one of the leaderboard's columns.

    Raises:
        LackingDataError: no method has both a score and recorded seconds.
    """
    points = table.merge(cost[[*IDENTITY, SECONDS]], on=IDENTITY)
    points = points[(points[SECONDS] > 0) & points[metric.name].notna()]
    if points.empty:
        raise LackingDataError("cost.csv has no seconds of a method that has a score")
    panels = [(str(task), same, pareto(same, metric)) for task, same in points.groupby("task", sort=False)]
    key = max(len(front) for _, _, front in panels)
    figure, axes = page_grid(list(chunks(panels, SIDE_BY_SIDE)), HEIGHT + KEY * key, sharex=False)
    styles, colours = looks(list(points.architecture)), _colours(points)
    for (task, same, front), axis in axes:
        _marks(axis, same, metric, styles, colours)
        _front(axis, front, metric)
        _dress(axis, task, marked(table[table.task == task]), metric)
    axes[0][1].set_ylim(limits(table, metric))
    figure.supylabel(in_words(metric), fontsize=7.5)
    handles = drawn_lines(axis for _, axis in axes)
    if (points.at_chance == AT_CHANCE).any():
        handles[HOLLOW] = hollow_mark()
    for name, look in styles.items():
        colour = "0.3" if colours else look.colour
        handles[label(name)] = Line2D([], [], color=colour, marker=look.marker, linestyle="none", markersize=4.5)
    legend_above(figure, {**handles, **{label(name): Patch(facecolor=colour) for name, colour in colours.items()}})
    return figure


def _colours(points: pd.DataFrame) -> dict[str, Any]:
    methods = list(dict.fromkeys(points.method))
    return dict(zip(methods, COLOURS, strict=False)) if len(methods) <= len(COLOURS) else {}


def _marks(axis: Axes, points: pd.DataFrame, metric: MetricSpec, styles: dict[str, Look], colours: Any) -> None:
    for _, row in points.iterrows():
        look = styles[row.architecture]
        colour = colours.get(row.method, look.colour)
        fill = {"facecolor": "white", "edgecolor": colour} if row.at_chance == AT_CHANCE else {"color": colour}
        axis.scatter(row[SECONDS], row[metric.name], marker=look.marker, s=20, linewidth=0.8, zorder=3, **fill)


def _front(axis: Axes, front: pd.DataFrame, metric: MetricSpec) -> None:
    axis.step(front[SECONDS], front[metric.name], where="post", color="0.5", linewidth=1, zorder=2, label=FRONT)
    names = []
    for place, (_, row) in enumerate(front.iterrows(), start=1):
        names.append(f"{place}  {label(row.method)}, {label(row.architecture)}")
        where = (row[SECONDS], row[metric.name])
        beyond = (5 + 7 * (place % 2)) * (1 if metric.higher_is_better else -1)  # numbers side by side do not touch
        axis.annotate(
            str(place), where, (-2, beyond), textcoords="offset points", ha="right", va="center", fontsize=6.5
        )  # fmt: skip
    axis.set_xlabel("\n".join(["time to explain a sample; on the front:", *names]), fontsize=6.5, loc="left")


def _dress(axis: Axes, task: str, references: pd.DataFrame, metric: MetricSpec) -> None:
    for _, row in references.iterrows():
        words, line = MARKED[row.method]
        axis.axhline(row[metric.name], label=words, zorder=1, **line)
    axis.set_title(label(task), loc="left")
    axis.set_xscale("log")
    axis.margins(x=0.1)
    axis.xaxis.set_major_formatter(EngFormatter(unit="s"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    sns.despine(ax=axis)


def pareto(points: pd.DataFrame, metric: MetricSpec) -> pd.DataFrame:
    """Return the points to which no other is preferable, faster and no worse or better and no slower, by their time.

    Of equal points the first is returned.
    """
    sign = -1 if metric.higher_is_better else 1
    ordered = points.assign(loss=sign * points[metric.name]).sort_values([SECONDS, "loss"], kind="stable")
    before = ordered.loss.cummin().shift(fill_value=float("inf"))
    return ordered[ordered.loss < before]
