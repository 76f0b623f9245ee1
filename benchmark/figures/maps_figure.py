"""The figure of a suite's maps, drawn from stored results without recomputing anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import fill
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import Normal, Stroke
from numpy.typing import NDArray

from ...errors import LackingDataError
from ..execution.plan import Job
from ..execution.stored.run import StoredRun
from ..execution.stored.samples import Examples
from ..metrics.maps import Maps
from ..metrics.spec import MetricSpec
from ..style.figure_style import PRINT_DPI, label
from ..style.panel_layout import TALL, left_out
from ..style.score_axis import AT_CHANCE, in_words
from ..suites.choice import Choice
from .figure_size import FigureSize

WIDEST = 1.15  # inches of a panel
UPRIGHT = 0.6  # inches of a panel below which its title stands upright
LOWEST, NARROWEST = 0.28, 0.3  # of which many are left out of a page
FOOT = 1.0  # inches of titles, words and bar on a page
MOST = 10  # panels side by side on a page, where the other side has fewer
LABELS = 1.3  # inches left of the panels, at most a third of the figure
LETTER = 0.056  # inches of a title's letter
NAME = 0.085  # inches of a feature's name
GIVEN = INPUT, TRUTH = ("input",), ("truth",)
CHANCE = "the network is at chance"
MARK = "*"  # behind the score of such a network

Names = tuple[str, ...]
Block = tuple[str, str, str]  # task, architecture, method


class Score(NamedTuple):
    """What the leaderboard says of the maps of a method, and whether their network is at chance."""

    value: float
    is_guess: bool


@dataclass(frozen=True)
class Panel:
    """An entry of the figure.

    Attributes:
        values: (time, features); None where a map failed.
        is_input: they are the series itself.
        score: of the maps in the leaderboard.
        features: the names of the features, where the task has names.
    """

    values: NDArray[Any] | None
    is_input: bool = False
    score: Score | None = None
    features: Sequence[str] = ()


Panels = dict[Names, Panel]


@dataclass(frozen=True)
class Row:
    """A row of panels by title; a title and the row's label are names, one a line."""

    label: Names
    panels: Panels = field(default_factory=dict)


def maps_figure(
    run: StoredRun,
    table: pd.DataFrame | None = None,
    metric: MetricSpec | None = None,
    size: FigureSize = FigureSize(),  # noqa: B008 - frozen
) -> Figure:
    """Return the figure of one explained sample a task on at most a page: the series, its truth and the maps.

    With several methods, rows are task × architecture and columns the methods, or the other way round where more
    methods than fit a page would stand side by side; with one method, rows are tasks and columns the architectures.
    Shown are the first repetition's maps. Time runs downwards, features to the right, unless the size says otherwise;
    maps are |attributions|, min-max scaled as the paper's scores see them, each with its method's score. A cell without
    a map, skipped or failed, is left blank and says so.

    Args:
        run: what is stored.
        table: its leaderboard, or the rows whose maps are shown; None for all of them without scores.
        metric: of one of the leaderboard's columns.
        size: of the figure.

    Raises:
        StoreError: a result cannot be read.
        LackingDataError: the suite trains no network, or no row is of one.
    """
    if not run.suite.architectures:
        raise LackingDataError("no task of the recorded run has an architecture")
    scores = {} if table is None or metric is None else _scores(table, metric)
    lines = list(_lines(run, table))
    if not lines:
        raise LackingDataError("no row of leaderboard.csv has an architecture")
    rows, more = _rows(lines, run, scores, size.width)
    columns, beside = len(rows[0].panels), _beside(size.width)
    wide = min(WIDEST, (size.width - beside) / columns)
    high = max(LOWEST, min(wide, (TALL - FOOT) / len(rows)))
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(wide * columns + beside, high * len(rows) + FOOT), layout=layout)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for line, row in zip(axes, rows, strict=True):
        line[0].set_ylabel(
            "\n".join(map(label, row.label)), rotation=0, ha="right", va="center", fontsize=6.5, labelpad=4
        )
        for axis, panel in zip(line, row.panels.values(), strict=True):
            draw_panel(axis, panel, min(wide, high), size)
        name_features(line[0], next(iter(row.panels.values())), wide, high, size)
    for axis, title in zip(axes[0], rows[0].panels, strict=True):
        _entitle(axis, title, wide)
    _colour_bar(figure, list(axes.flat))
    figure.supxlabel(fill(_words(rows, more, metric, size), int(figure.get_figwidth() / LETTER)), fontsize=6.5)
    return figure


def _scores(table: pd.DataFrame, metric: MetricSpec) -> dict[Block, Score]:
    identity = table[["task", "architecture", "method"]].itertuples(index=False, name=None)
    values = zip(table[metric.name], table.at_chance == AT_CHANCE, strict=True)
    return {block: Score(float(value), bool(guess)) for block, (value, guess) in zip(identity, values, strict=True)}


def _rows(
    lines: Sequence["_Line"], run: StoredRun, scores: Mapping[Block, Score], width: float
) -> tuple[list[Row], tuple[int, int]]:
    """Return the rows and columns that fit a page, and how many of each do not; only their maps are read."""
    titles = len(GIVEN) + len(lines[0].maps)
    is_turned = titles > max(MOST, len(lines))
    most = [int((TALL - FOOT) / LOWEST), max(len(GIVEN) + 1, int((width - _beside(width)) / NARROWEST))]
    most_lines, most_titles = reversed(most) if is_turned else most
    rows = [
        Row(
            line.label,
            {
                **_givens(run, line.givens),
                **{title: _map(run, *of, scores) for title, of in list(line.maps.items())[: most_titles - len(GIVEN)]},
            },
        )
        for line in lines[:most_lines]
    ]
    more = max(0, len(lines) - most_lines), max(0, titles - most_titles)
    return (_turned(rows), more[::-1]) if is_turned else (rows, more)


@dataclass(frozen=True)
class _Line:
    """The maps of a task and architecture, or of a task, by title: what they are of; and whose series is shown."""

    label: Names
    givens: Job
    maps: Mapping[Names, tuple[Job, Choice]]


def _lines(run: StoredRun, table: pd.DataFrame | None) -> Iterator[_Line]:
    """Yield what is shown: of the rows of a table, all networks and methods that one of them names."""
    shown = None if table is None else table[table.architecture != ""]
    methods = [each for each in run.suite.methods if shown is None or each.name in set(shown.method)]
    networks = None if shown is None else set(shown[["task", "architecture"]].itertuples(index=False, name=None))
    for task, repetition in run.first_repetitions().items():
        jobs = [job for job in repetition.trained if networks is None or (task, _architecture(job)) in networks]
        if len(methods) == 1 and jobs:
            yield _Line((task,), repetition.references, {(_architecture(job),): (job, methods[0]) for job in jobs})
        elif jobs:
            for job in jobs:
                maps: dict[Names, tuple[Job, Choice]] = {(method.name,): (job, method) for method in methods}
                yield _Line((task, _architecture(job)), job, maps)


def _turned(rows: Sequence[Row]) -> list[Row]:
    return [Row(title, {row.label: row.panels[title] for row in rows}) for title in rows[0].panels]


def _beside(width: float) -> float:
    return min(LABELS, width / 3)


def _architecture(job: Job) -> str:
    assert job.architecture is not None
    return job.architecture.name


def _givens(run: StoredRun, job: Job) -> Panels:
    """Return the panels of the series and its truth."""
    found: Examples | None = run.examples(job)
    columns = job.task.parameters.get("columns")
    names = list(map(str, columns)) if isinstance(columns, list) else []
    if found is None:
        return {INPUT: Panel(None, is_input=True), TRUTH: Panel(None)}
    return {INPUT: Panel(found.inputs[0], is_input=True, features=names), TRUTH: Panel(found.truth[0])}


def _map(run: StoredRun, job: Job, method: Choice, scores: Mapping[Block, Score]) -> Panel:
    maps = run.example_maps(job, method)
    if maps is None:
        return Panel(None)
    first = maps[:1]
    scaled: NDArray[Any] = Maps(first, np.zeros_like(first)).scaled[0]
    return Panel(scaled, score=scores.get((job.task.name, _architecture(job), method.name)))


def _entitle(axis: Axes, title: Names, wide: float) -> None:
    if wide < UPRIGHT:
        axis.set_title("\n".join(map(label, title)), fontsize=6, loc="center", rotation=90)
    else:
        lines = (fill(label(name), int(wide / LETTER)) for name in title)
        axis.set_title("\n".join(lines), fontsize=6.5, loc="center")


def draw_panel(axis: Axes, panel: Panel, inches: float, size: FigureSize) -> None:
    """Draw a map, or a series, on an axis whose shorter side has so many inches."""
    axis.set(xticks=[], yticks=[])
    if panel.values is None:
        axis.text(0.5, 0.5, "no map", ha="center", va="center", fontsize=6, transform=axis.transAxes)
        return
    values = panel.values.T if size.is_time_to_right else panel.values
    # a panel with fewer pixels than entries would drop some of them: their mean is shown
    smooth = "antialiased" if max(values.shape) > inches * PRINT_DPI else "none"
    if panel.is_input:
        axis.imshow(values, cmap="Greys", aspect="auto", interpolation=smooth)
    else:
        axis.imshow(values, vmin=0, vmax=1, cmap=_colours(), aspect="auto", interpolation=smooth)
    if panel.score is not None and not np.isnan(panel.score.value):
        words = f"{panel.score.value:z.2f}{MARK if panel.score.is_guess else ''}"
        halo = [Stroke(linewidth=1.6, foreground="black"), Normal()]
        place: dict[str, Any] = {"ha": "right", "va": "top", "transform": axis.transAxes}
        axis.text(0.96, 0.94, words, fontsize=5.5, color="white", path_effects=halo, **place)


def name_features(axis: Axes, panel: Panel, wide: float, high: float, size: FigureSize) -> None:
    """Write the features' names beside the panel of the series, where it has names and these fit."""
    along = high if size.is_time_to_right else wide
    if panel.values is None or not panel.features or len(panel.features) * NAME > along:
        return
    names, places = [label(name, 14) for name in panel.features], range(len(panel.features))
    if size.is_time_to_right:
        axis.set_yticks(places, names, fontsize=5)
    else:
        axis.set_xticks(places, names, fontsize=5, rotation=90)


def _colours() -> Colormap:
    colours: Colormap = sns.color_palette("rocket", as_cmap=True)
    return colours


def _colour_bar(figure: Figure, axes: Sequence[Axes]) -> None:
    width, height = figure.get_size_inches()
    thick = 0.07
    bar = figure.colorbar(
        ScalarMappable(Normalize(0, 1), _colours()),
        ax=axes,
        location="bottom",
        aspect=0.5 * width / thick,
        fraction=thick / height,
        pad=0.5 * thick / height,
    )
    bar.set_ticks([0, 1], labels=["smallest", "largest"])
    bar.set_label("|attribution| of each map", fontsize=6.5, labelpad=0)
    bar.ax.tick_params(labelsize=6, length=2)


def _words(rows: Sequence[Row], more: tuple[int, int], metric: MetricSpec | None, size: FigureSize) -> str:
    scores = [panel.score for row in rows for panel in row.panels.values() if panel.score is not None]
    directions = "time →, features ↓" if size.is_time_to_right else "features →, time ↓"
    facts = [f"{directions}; input in grey, black at its largest"]
    if metric is not None and scores:
        facts.append(f"numbers: {in_words(metric)}, the mean over all samples")
    if any(score.is_guess for score in scores):
        facts.append(f"{MARK} {CHANCE}")
    if rest := left_out(dict(zip(("rows", "columns"), more, strict=True))):
        facts.append(rest)
    return "; ".join(facts)
