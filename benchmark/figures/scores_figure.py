"""Bars of scores: a panel for each task and architecture, a bar for each method."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from ...errors import LackingDataError
from ..metrics.spec import MetricSpec
from ..style.figure_style import PAGE, Look, label, looks
from ..style.panel_layout import chunks, drawn_lines, first_names, left_out, legend_above, lines_on_a_page, page_grid
from ..style.score_axis import AT_CHANCE, BOUNDS, HOLLOW, MARKED, in_words, limits, marked
from .figure_size import FigureSize

SIDE_BY_SIDE = 4  # panels on a page
BAR, HEAD = 0.145, 0.45  # inches of a bar, and of a panel's title and ticks
LINE = 0.13  # inches of a title's third line, in a column
TITLE = 22  # letters above a panel
LETTER = 0.065  # inches of a task's letter, which stands beside its panels


@dataclass(frozen=True)
class Panel:
    """Bars below each other: rows of a leaderboard, by the name beside each bar."""

    task: str
    title: str
    bars: pd.DataFrame


def scores_figure(
    table: pd.DataFrame,
    metric: MetricSpec,
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Figure:
    """Return a metric's scores as bars, with their bounds, between those of the truth and of a random map.

    There is a panel for each task and architecture; with one method, a panel for each task has a bar for each
    architecture. A bar is hollow where the network is at chance; where there is no score, its status stands instead.
    What a page does not hold is left out, and counted below.

    Args:
        table: a leaderboard.
        metric: of one of its columns.
        size: of the figure; fewer panels stand side by side in a narrower one.

    Raises:
        LackingDataError: the leaderboard has no method that explains a network.
    """
    trained = table[table.architecture != ""]
    if trained.empty:
        raise LackingDataError("no row of leaderboard.csv has an architecture")
    one_method = trained.method.nunique() == 1
    bars, more_bars = first_names(trained.architecture if one_method else trained.method)
    side_by_side = size.side_by_side(SIDE_BY_SIDE)
    lines = list(_by_task(trained, side_by_side) if one_method else _by_architecture(trained, side_by_side, size))
    beside = max(len(label(line[0].task)) for line in lines)
    head = HEAD if one_method or size.width == PAGE else HEAD + LINE
    high = head + max(BAR * len(bars), 0 if one_method else LETTER * beside)
    lines, more_panels = lines_on_a_page(lines, high, width=size.width)
    figure, panels = page_grid(lines, high, width=size.width)
    styles, references = looks(list(trained.architecture)), marked(table)
    for panel, axis in panels:
        _bars(axis, panel.bars.reindex(bars), metric, styles)
        _references(axis, references[references.task == panel.task], metric)
        axis.set_title(panel.title, loc="left")
        place = axis.get_subplotspec()
        if place is not None and place.is_first_col() and not one_method:
            axis.set_ylabel(label(panel.task))
    first = panels[0][1]
    first.set(xlim=limits(table, metric), ylim=(len(bars) - 0.4, -0.6))
    first.set_yticks(range(len(bars)), [label(bar) for bar in bars])
    of = f"{label(trained.method.iloc[0])}: " if one_method else ""
    rest = left_out({"panels": more_panels, "architectures" if one_method else "methods": more_bars})
    figure.supxlabel("\n".join(filter(None, [f"{of}{in_words(metric)}", rest])), fontsize=7.5)
    handles = drawn_lines(axis for _, axis in panels)
    if trained[f"{metric.name}_low"].notna().any():
        handles[BOUNDS] = Line2D([], [], color="black", linewidth=1)
    if (trained.at_chance == AT_CHANCE).any():
        handles[HOLLOW] = Patch(facecolor="none", edgecolor="0.25", linewidth=0.8)
    legend_above(figure, handles)
    return figure


def _by_architecture(trained: pd.DataFrame, side_by_side: int, size: FigureSize) -> Iterator[Sequence[Panel]]:
    for task, rows in trained.groupby("task", sort=False):
        blocks = rows.groupby("architecture", sort=False)
        yield from chunks(
            [Panel(str(task), _title(block, size), block.set_index("method")) for _, block in blocks], side_by_side
        )


def _by_task(trained: pd.DataFrame, side_by_side: int) -> Iterator[Sequence[Panel]]:
    tasks = trained.groupby("task", sort=False)
    panels = [
        Panel(str(task), label(str(task), TITLE), rows.set_index("architecture", drop=False)) for task, rows in tasks
    ]
    yield from chunks(panels, side_by_side)


def _title(block: pd.DataFrame, size: FigureSize) -> str:
    row = block.iloc[0]
    chance = f"{', ' if size.width == PAGE else chr(10)}at chance" if row.at_chance == AT_CHANCE else ""
    accuracy = "" if pd.isna(row.accuracy) else f"\naccuracy {row.accuracy:.2f}{chance}"
    return f"{label(row.architecture, TITLE)}{accuracy}"


def _bars(axis: Axes, bars: pd.DataFrame, metric: MetricSpec, styles: dict[str, Look]) -> None:
    for place, (_, row) in enumerate(bars.iterrows()):
        if row.status == "ok":
            colour = styles[row.architecture].colour
            fill = "none" if row.at_chance == AT_CHANCE else colour
            axis.barh(place, row[metric.name], height=0.72, facecolor=fill, edgecolor=colour, linewidth=0.8)
            axis.hlines(place, row[f"{metric.name}_low"], row[f"{metric.name}_high"], color="black", linewidth=1)
        elif not pd.isna(row.status):
            where = axis.get_yaxis_transform()
            axis.text(0.02, place, label(row.status), transform=where, va="center", color="0.35", fontsize=6)
    axis.tick_params(axis="y", length=0)
    sns.despine(ax=axis)


def _references(axis: Axes, references: pd.DataFrame, metric: MetricSpec) -> None:
    for _, row in references.iterrows():
        words, line = MARKED[row.method]
        axis.axvline(row[metric.name], label=words, **line)
