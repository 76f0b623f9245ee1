"""The figure of a suite's maps, drawn from stored results without recomputing anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

from ...errors import LackingDataError
from ..execution.plan import Job
from ..execution.stored.run import StoredRun
from ..metrics.maps import Maps
from ..style.figure_style import PAGE, PRINT_DPI, label
from ..suites.suite import Choice

WIDEST, NARROWEST = 1.15, 0.6  # inches of a panel
MOST = 9  # panels side by side on a page, where the other side has fewer
LABELS = 1.3  # inches left of the panels
LETTER = 0.056  # inches of a title's letter
TRUTH = ("truth",)

Names = tuple[str, ...]
Panel = NDArray[Any] | None  # (time, features); None where a map failed
Panels = dict[Names, Panel]


@dataclass(frozen=True)
class Row:
    """A row of panels by title; a title and the row's label are names, one a line."""

    label: Names
    panels: Panels


def maps_figure(run: StoredRun) -> Figure:
    """Return the figure of one explained sample a task, its truth beside the maps.

    With several methods, rows are task × architecture and columns the methods, or the other way round where more
    methods than fit a page would stand side by side; with one method, rows are tasks and columns the architectures.
    Shown are the first repetition's maps. Time runs downwards, features to the right; maps are |attributions|,
    min-max scaled as the paper's scores see them. A cell without a map, skipped or failed, is left blank and says so.

    Raises:
        StoreError: a result cannot be read.
        LackingDataError: the suite trains no network.
    """
    if not run.suite.architectures:
        raise LackingDataError("no task of the recorded run has an architecture")
    rows = list(_by_task(run) if len(run.suite.methods) == 1 else _by_architecture(run))
    if len(rows[0].panels) > max(MOST, len(rows)):
        rows = _turned(rows)
    columns = len(rows[0].panels)
    size = min(WIDEST, max(NARROWEST, (PAGE - LABELS) / columns))
    layout = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    figure = Figure(figsize=(size * columns + LABELS, size * len(rows) + 0.6), layout=layout)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for position, (line, row) in enumerate(zip(axes, rows, strict=True)):
        line[0].set_ylabel(
            "\n".join(map(label, row.label)), rotation=0, ha="right", va="center", fontsize=7, labelpad=4
        )
        for axis, (title, panel) in zip(line, row.panels.items(), strict=True):
            _draw(axis, panel, size)
            if position == 0:
                axis.set_title(_wrapped(title, size), fontsize=7, loc="center")
    figure.supxlabel(
        "features →, time ↓; |attribution| of each map from its smallest (dark) to its largest", fontsize=7
    )
    return figure


def _by_architecture(run: StoredRun) -> Iterator[Row]:
    for task, repetition in run.first_repetitions().items():
        for job in repetition.trained:
            maps: Panels = {(method.name,): _map(run, job, method) for method in job.methods}
            yield Row((task, _architecture(job)), {TRUTH: _truth(run, job), **maps})


def _by_task(run: StoredRun) -> Iterator[Row]:
    for task, repetition in run.first_repetitions().items():
        maps: Panels = {(_architecture(job),): _map(run, job, job.methods[0]) for job in repetition.trained}
        yield Row((task,), {TRUTH: _truth(run, repetition.references), **maps})


def _turned(rows: Sequence[Row]) -> list[Row]:
    return [Row(title, {row.label: row.panels[title] for row in rows}) for title in rows[0].panels]


def _architecture(job: Job) -> str:
    assert job.architecture is not None
    return job.architecture.name


def _truth(run: StoredRun, job: Job) -> Panel:
    examples = run.examples(job)
    return None if examples is None else examples.truth[0]


def _map(run: StoredRun, job: Job, method: Choice) -> Panel:
    maps = run.example_maps(job, method)
    if maps is None:
        return None
    first = maps[:1]
    scaled: NDArray[Any] = Maps(first, np.zeros_like(first)).scaled[0]
    return scaled


def _wrapped(title: Names, size: float) -> str:
    return "\n".join(fill(label(name), int(size / LETTER)) for name in title)


def _draw(axis: Axes, panel: Panel, size: float) -> None:
    axis.set(xticks=[], yticks=[])
    if panel is None:
        axis.text(0.5, 0.5, "no map", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        return
    # a panel with fewer pixels than entries would drop some of them: their mean is shown
    smooth = max(panel.shape) > size * PRINT_DPI
    palette = sns.color_palette("rocket", as_cmap=True)
    axis.imshow(panel, vmin=0, vmax=1, cmap=palette, aspect="auto", interpolation="antialiased" if smooth else "none")
