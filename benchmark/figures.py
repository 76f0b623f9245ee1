"""Figures of a suite, drawn from stored results without recomputing anything."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from textwrap import fill
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays

from .evaluation import EXAMPLES
from .maps import Maps
from .plan import Job, jobs
from .store import Artifact, Store, write_atomically
from .suite import Choice, Suite

PANEL = 1.15  # inches
DPI = 130
LONGEST = 20  # letters of a title that fit above a panel

Panel = NDArray[Any] | None  # (time, features); None where a map failed


def draw_maps(suite: Suite, folder: Path, device: str) -> Path:
    """Write maps.png: one explained sample a task, its truth beside the maps.

    With several methods, rows are task × architecture and columns the methods; with one method, rows are tasks and
    columns the architectures. Shown are the first repetition's maps. Time runs downwards, features to the right;
    maps are |attributions|, min-max scaled as the paper's scores see them. A cell without a map, skipped or failed, is
    left blank and says so.

    Raises:
        StoreError: a result cannot be read, or the figure cannot be written.
    """
    store = Store(folder)
    trained = [job for job in jobs(suite, device) if job.repetition == 0 and job.architecture is not None]
    rows = list(_by_task(trained, store) if len(suite.methods) == 1 else _by_architecture(trained, store))
    columns = len(rows[0].panels)
    figure = Figure(figsize=(PANEL * columns + 1.3, PANEL * len(rows) + 0.6), layout="constrained", dpi=DPI)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for position, (line, row) in enumerate(zip(axes, rows, strict=True)):
        line[0].set_ylabel(row.label, rotation=0, ha="right", va="center", fontsize=7, labelpad=6)
        for axis, (title, panel) in zip(line, row.panels.items(), strict=True):
            _draw(axis, panel)
            if position == 0:
                axis.set_title(fill(title, LONGEST), fontsize=8)
    figure.supxlabel("features →   (time ↓)", fontsize=8)
    path = folder / "maps.png"
    write_atomically(path, _png(figure))
    return path


@dataclass(frozen=True)
class Row:
    """A labelled row of panels by title."""

    label: str
    panels: dict[str, Panel]


def _by_architecture(trained: Sequence[Job], store: Store) -> Iterator[Row]:
    for job in trained:
        maps = {method.name: _map(job, method, store) for method in job.methods}
        yield Row(f"{job.task.name}\n{_architecture(job)}", {"truth": _truth(job, store), **maps})


def _by_task(trained: Sequence[Job], store: Store) -> Iterator[Row]:
    for task, same in groupby(trained, key=lambda job: job.task.name):
        neighbours = list(same)
        maps = {_architecture(job): _map(job, job.methods[0], store) for job in neighbours}
        yield Row(task, {"truth": _truth(neighbours[0], store), **maps})


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


def _draw(axis: Any, panel: Panel) -> None:
    axis.set(xticks=[], yticks=[])
    if panel is None:
        axis.text(0.5, 0.5, "no map", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        return
    palette = sns.color_palette("rocket", as_cmap=True)
    axis.imshow(panel, vmin=0, vmax=1, cmap=palette, aspect="auto", interpolation="nearest")


def _png(figure: Figure) -> bytes:
    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink, metadata={"Software": "saltbench"})
    return sink.getvalue()
