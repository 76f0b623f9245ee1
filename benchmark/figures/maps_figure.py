"""The figure of a suite's maps, drawn from stored results without recomputing anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from textwrap import fill
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays

from ...errors import LackingDataError
from ..execution.plan import Job, first_jobs
from ..execution.stored_run import EXAMPLES
from ..metrics.maps import Maps
from ..storage.store import Artifact, Store
from ..style.figure_style import PAGE, PRINT_DPI, label
from ..suites.suite import Choice, Suite

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


def maps_figure(suite: Suite, store: Store, device: str) -> Figure:
    """Return the figure of one explained sample a task, its truth beside the maps.

    With several methods, rows are task × architecture and columns the methods, or the other way round where more
    methods than fit a page would stand side by side; with one method, rows are tasks and columns the architectures.
    Shown are the first repetition's maps. Time runs downwards, features to the right; maps are |attributions|,
    min-max scaled as the paper's scores see them. A cell without a map, skipped or failed, is left blank and says so.

    Raises:
        StoreError: a result cannot be read.
        LackingDataError: the suite trains no network.
    """
    trained = [job for job in first_jobs(suite, device) if job.architecture is not None]
    if not trained:
        raise LackingDataError("no task of the recorded run has an architecture")
    rows = list(_by_task(trained, store) if len(suite.methods) == 1 else _by_architecture(trained, store))
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


def _by_architecture(trained: Sequence[Job], store: Store) -> Iterator[Row]:
    for job in trained:
        maps: Panels = {(method.name,): _map(job, method, store) for method in job.methods}
        yield Row((job.task.name, _architecture(job)), {TRUTH: _truth(job, store), **maps})


def _by_task(trained: Sequence[Job], store: Store) -> Iterator[Row]:
    for task, same in groupby(trained, key=lambda job: job.task.name):
        neighbours = list(same)
        maps: Panels = {(_architecture(job),): _map(job, job.methods[0], store) for job in neighbours}
        yield Row((task,), {TRUTH: _truth(neighbours[0], store), **maps})


def _turned(rows: Sequence[Row]) -> list[Row]:
    return [Row(title, {row.label: row.panels[title] for row in rows}) for title in rows[0].panels]


def _architecture(job: Job) -> str:
    assert job.architecture is not None
    return job.architecture.name


def _truth(job: Job, store: Store) -> Panel:
    yardstick = store.get("yardsticks", job.yardstick_key())
    return None if yardstick is None else _first(yardstick, "truth")[0]


def _map(job: Job, method: Choice, store: Store) -> Panel:
    cell = store.get("cells", job.cell_key(method))
    if cell is None:
        return None
    attributions = _first(cell, "map")
    scaled: NDArray[Any] = Maps(attributions, np.zeros_like(attributions)).scaled[0]
    return scaled


def _first(artifact: Artifact, name: str) -> NDArray[Any]:
    arrays: dict[str, NDArray[Any]] = load_arrays(artifact.files[EXAMPLES])
    return arrays[name][:1]


def _wrapped(title: Names, size: float) -> str:
    return "\n".join(fill(label(name), int(size / LETTER)) for name in title)


def _draw(axis: Axes, panel: Panel, size: float) -> None:
    axis.set(xticks=[], yticks=[])
    if panel is None:
        axis.text(0.5, 0.5, "no map", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        return
    # a panel with fewer pixels than cells would drop some of them: their mean is shown
    smooth = max(panel.shape) > size * PRINT_DPI
    palette = sns.color_palette("rocket", as_cmap=True)
    axis.imshow(panel, vmin=0, vmax=1, cmap=palette, aspect="auto", interpolation="antialiased" if smooth else "none")
