"""Cost against quality: the time that a map takes, and how good it is."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, LogLocator, NullFormatter

from ...errors import LackingDataError
from ..leaderboards.columns import IDENTITY
from ..metrics.spec import MetricSpec
from ..style.figure_style import Look, label, looks
from ..style.mark_labels import label_marks
from ..style.panel_layout import chunks, drawn_lines, first_names, left_out, legend_above, lines_on_a_page, page_grid
from ..style.score_axis import AT_CHANCE, HOLLOW, MARKED, hollow_mark, in_words, limits, marked
from .figure_size import FigureSize

SIDE_BY_SIDE = 4  # panels on a page
LOW, HIGH, MANY = 1.3, 1.7, 10  # inches of a panel, the latter where there are so many methods
LINE = 0.115  # inches of a line of the key below the panels
TICK = 0.45  # inches between times
LETTER = 0.054  # inches of a letter of the key
TITLE = 22  # letters above a panel
FRONT = "Pareto front"
SECONDS = "seconds_per_sample"
RANDOM = "random-uniform"


@dataclass(frozen=True)
class Panel:
    """Marks beside each other.

    Attributes:
        task: that the maps are of.
        title: above the panel.
        points: rows of the leaderboard, with their seconds.
        references: rows of the marked reference methods.
        front: the points to which no other is preferable; empty where these are of several networks.
    """

    task: str
    title: str
    points: pd.DataFrame
    references: pd.DataFrame
    front: pd.DataFrame


def cost_figure(
    table: pd.DataFrame,
    cost: pd.DataFrame,
    metric: MetricSpec,
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Figure:
    """Return a metric's scores over the seconds that explaining a sample takes.

    There is a panel for each task and architecture, in which every mark bears the number of its method; the names are
    below. The line is the Pareto front of the methods that beat a map of random numbers; there is none over several
    networks, nor of one at chance. With one method there is a panel for each task, and a mark for each architecture.
    What a page does not hold is left out, and counted below.

    Args:
        table: a leaderboard.
        cost: as `cost` returns it.
        metric: of one of the leaderboard's columns.
        size: of the figure; fewer panels stand side by side in a narrower one.

    Raises:
        LackingDataError: no method has both a score and recorded seconds.
    """
    points = table.merge(cost[[*IDENTITY, SECONDS]], on=IDENTITY)
    points = points[(points[SECONDS] > 0) & points[metric.name].notna()]
    if points.empty:
        raise LackingDataError("cost.csv has no seconds of a method that has a score")
    methods, more_methods = first_names(points.method)
    one_method = len(methods) == 1
    points = points[points.method.isin(methods)]
    side_by_side = size.side_by_side(SIDE_BY_SIDE)
    panels = _by_task(points, table) if one_method else _by_architecture(points, table, metric)
    lines = list(_lines(panels, side_by_side, one_method))
    key = _key(methods, size.width)
    high = (HIGH if len(methods) >= MANY else LOW) + LINE * (key.count("\n") + 1) / len(lines)
    lines, more_panels = lines_on_a_page(lines, high, width=size.width)
    figure, axes = page_grid(lines, high, width=size.width)
    styles = looks(list(points.architecture))
    for panel, axis in axes:
        _marks(axis, panel.points, metric, styles)
        _dress(axis, panel, metric)
        place = axis.get_subplotspec()
        if place is not None and place.is_first_col() and not one_method:
            axis.set_ylabel(label(panel.task))
    axes[0][1].set_ylim(limits(table, metric))
    _tick_times(axes[0][1], points[SECONDS], size.width / side_by_side - 0.3)
    figure.supylabel(in_words(metric), fontsize=7.5)
    rest = left_out({"panels": more_panels, "methods": more_methods})
    words = ["time to explain a sample", "" if one_method else key, rest]
    figure.supxlabel("\n".join(filter(None, words)), fontsize=6.5)
    handles = drawn_lines(axis for _, axis in axes)
    if (points.at_chance == AT_CHANCE).any():
        handles[HOLLOW] = hollow_mark()
    if one_method:
        for name, look in styles.items():
            mark = {"color": look.colour, "marker": look.marker, "linestyle": "none", "markersize": 4.5}
            handles[label(name)] = Line2D([], [], **mark)
    legend_above(figure, handles)
    if not one_method:
        figure.draw_without_rendering()  # so that it is known where marks lie
        for panel, axis in axes:
            numbers = [str(methods.index(method) + 1) for method in panel.points.method]
            label_marks(axis, panel.points[[SECONDS, metric.name]].to_numpy(float), numbers)
    return figure


def _by_architecture(points: pd.DataFrame, table: pd.DataFrame, metric: MetricSpec) -> Iterator[Panel]:
    for (task, architecture), same in points.groupby(["task", "architecture"], sort=False):
        references = marked(table[table.task == task])
        is_guess = (same.at_chance == AT_CHANCE).any()
        front = same[:0] if is_guess else pareto(_above_random(same, references, metric), metric)
        title = label(str(architecture), TITLE) + ("\nat chance" if is_guess else "")
        yield Panel(str(task), title, same, references, front)


def _by_task(points: pd.DataFrame, table: pd.DataFrame) -> Iterator[Panel]:
    for task, same in points.groupby("task", sort=False):
        yield Panel(str(task), label(str(task), TITLE), same, marked(table[table.task == task]), same[:0])


def _lines(panels: Iterator[Panel], side_by_side: int, one_method: bool) -> Iterator[Sequence[Panel]]:
    """Yield panels that stand side by side, those of another task on a line of their own."""
    every = list(panels)
    if one_method:
        yield from chunks(every, side_by_side)
        return
    for task in dict.fromkeys(panel.task for panel in every):
        yield from chunks([panel for panel in every if panel.task == task], side_by_side)


def _above_random(points: pd.DataFrame, references: pd.DataFrame, metric: MetricSpec) -> pd.DataFrame:
    scores = references[references.method == RANDOM][metric.name].dropna()
    if scores.empty:
        return points
    chance = scores.iloc[0]
    return points[points[metric.name] > chance if metric.higher_is_better else points[metric.name] < chance]


def _key(methods: Sequence[str], width: float) -> str:
    named = (f"{number} {label(method)}".replace(" ", "\N{NO-BREAK SPACE}") for number, method in enumerate(methods, 1))
    return fill("   ".join(named), int(0.92 * width / LETTER), break_on_hyphens=False)


def _tick_times(axis: Axes, seconds: pd.Series, width: float) -> None:
    """Give an axis so many inches wide ticks that do not collide, and more than one of them."""
    decades = math.log10(seconds.max() / seconds.min())
    subs = (1.0,) if decades > 1.5 else (1.0, 3.0) if decades > 0.7 else (1.0, 2.0, 3.0, 5.0)
    axis.xaxis.set_major_locator(LogLocator(subs=subs, numticks=max(3, int(width / TICK) + 1)))


def _marks(axis: Axes, points: pd.DataFrame, metric: MetricSpec, styles: dict[str, Look]) -> None:
    for _, row in points.iterrows():
        look = styles[row.architecture]
        is_guess = row.at_chance == AT_CHANCE
        fill_of = {"facecolor": "white", "edgecolor": look.colour} if is_guess else {"color": look.colour}
        axis.scatter(row[SECONDS], row[metric.name], marker=look.marker, s=12, linewidth=0.8, zorder=3, **fill_of)


def _dress(axis: Axes, panel: Panel, metric: MetricSpec) -> None:
    for _, row in panel.references.iterrows():
        words, line = MARKED[row.method]
        axis.axhline(row[metric.name], label=words, zorder=1, **line)
    if len(panel.front):
        where = panel.front[SECONDS], panel.front[metric.name]
        axis.step(*where, where="post", color="0.5", linewidth=1, zorder=2, label=FRONT)
    axis.set_title(panel.title, loc="left")
    axis.set_xscale("log")
    axis.margins(x=0.1)
    axis.xaxis.set_major_formatter(EngFormatter(unit="s", sep="\N{NO-BREAK SPACE}"))
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
