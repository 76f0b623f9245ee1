"""Figures of a suite, drawn from stored results without recomputing anything."""

import io
from collections.abc import Iterator
from pathlib import Path
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
from .store import Store, write_atomically
from .suite import Suite

PANEL = 1.15  # inches
DPI = 130


def draw_maps(suite: Suite, folder: Path, device: str) -> Path:
    """Write maps.png: one explained sample a task, its truth beside every architecture's and method's map.

    Rows are task × architecture of the first repetition, columns the truth and the methods. Time runs downwards,
    features to the right; maps are |attributions|, min-max scaled as the paper's scores see them. A cell that
    failed is left blank and says so.

    Raises:
        StoreError: a result cannot be read, or the figure cannot be written.
    """
    store = Store(folder)
    rows = [job for job in jobs(suite, device) if job.repetition == 0 and job.architecture is not None]
    columns = 1 + len(suite.methods)
    size = (PANEL * columns + 1.3, PANEL * len(rows) + 0.6)
    figure = Figure(figsize=size, layout="constrained", dpi=DPI)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    for position, (line, job) in enumerate(zip(axes, rows, strict=True)):
        _label(line[0], job)
        for axis, (title, panel) in zip(line, _panels(job, store), strict=True):
            _draw(axis, panel)
            if position == 0:
                axis.set_title(title, fontsize=8)
    figure.supxlabel("features →   (time ↓)", fontsize=8)
    path = folder / "maps.png"
    write_atomically(path, _png(figure))
    return path


def _panels(job: Job, store: Store) -> Iterator[tuple[str, NDArray[np.float64] | None]]:
    yardstick = store.get("yardsticks", job.yardstick_key())
    yield "truth", None if yardstick is None else load_arrays(yardstick.files[EXAMPLES])["truth"][0]
    for method in job.methods:
        cell = store.get("cells", job.cell_key(method))
        yield method.name, None if cell is None else _scaled(load_arrays(cell.files[EXAMPLES])["map"][:1])


def _scaled(attributions: NDArray[Any]) -> NDArray[np.float64]:
    return Maps(attributions, np.zeros_like(attributions)).scaled[0]


def _draw(axis: Any, panel: NDArray[np.float64] | None) -> None:
    axis.set(xticks=[], yticks=[])
    if panel is None:
        axis.text(0.5, 0.5, "failed", ha="center", va="center", fontsize=7, transform=axis.transAxes)
        return
    palette = sns.color_palette("rocket", as_cmap=True)
    axis.imshow(panel, vmin=0, vmax=1, cmap=palette, aspect="auto", interpolation="nearest")


def _label(axis: Any, job: Job) -> None:
    assert job.architecture is not None
    name = f"{job.task.name}\n{job.architecture.name}"
    axis.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=7, labelpad=6)


def _png(figure: Figure) -> bytes:
    sink = io.BytesIO()
    FigureCanvasAgg(figure).print_png(sink, metadata={"Software": "saltbench"})
    return sink.getvalue()
