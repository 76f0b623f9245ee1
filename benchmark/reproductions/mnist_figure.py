"""The figure of MNIST: digits beside the maps of networks that read them row by row or column by column."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import seaborn as sns
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..execution.stored.run import StoredRun
from ..leaderboards.finished_run import Result
from ..metrics.maps import Maps
from ..storage.files import write_atomically
from ..style.figure_style import DPI, STYLES
from ..suites.choice import Choice
from ..suites.suite import Suite

READING = {"mnist/rows": "read row by row, time ↓", "mnist/columns": "read column by column, time →"}
UPRIGHT = "mnist/columns"  # the task whose samples are transposed digits
PANEL = 0.82  # inches
LABEL = 1.5  # inches, left of a row
TITLE = 0.4  # inches, above a block
NARROWEST = 4.4  # inches, which the title of a block takes
POSTER = ("lstm", "input-cell-lstm")
DIGITS = tuple(range(10))


@dataclass(frozen=True)
class Row:
    """A labelled row of images, (digits, rows, columns); None where the maps are missing."""

    label: str
    images: NDArray[Any] | None
    palette: Any


def draw_digits(
    run: Result,
    *,
    tasks: Sequence[str] = tuple(READING),
    architectures: Sequence[str] = POSTER,
    methods: Sequence[str] = ("saliency",),
    digits: Sequence[int] = DIGITS,
) -> Path:
    """Write mnist.png: a block a task, in it the digits above the maps of each architecture and method.

    The digits are the first explained one of each class in the first repetition, and stand upright in every block.
    Maps are |attributions|, min-max scaled for each digit as the source's scores see them.

    Args:
        run: of the suite mnist or a part of it; nothing is computed anew.
        tasks: mnist/rows, mnist/columns or both.
        architectures: of the suite, from top to bottom.
        methods: of the suite; the rows of each architecture.
        digits: 0 to 9, from left to right.

    Raises:
        UnknownNameError: a task, architecture or method that the suite does not have.
        ParameterError: nothing to draw, or a digit that is not among the explained samples.
        StoreError: a result cannot be read, or the figure cannot be written.
    """
    check_shown(run.suite, tasks, architectures, methods, digits)
    blocks = {task: list(_rows(run.stored, task, architectures, methods, digits)) for task in tasks}
    path = run.folder / "mnist.png"
    sink = io.BytesIO()
    FigureCanvasAgg(_figure(blocks, len(digits))).print_png(sink, metadata={"Software": "saltbench"})
    write_atomically(path, sink.getvalue())
    return path


def check_shown(
    suite: Suite, tasks: Sequence[str], architectures: Sequence[str], methods: Sequence[str], digits: Sequence[int]
) -> None:
    """Raise unless the suite has all that the figure is to show.

    Raises:
        UnknownNameError: a task, architecture or method that the suite does not have.
        ParameterError: none to show, or a digit other than 0 to 9.
    """
    _require_known(tasks, "task", suite.tasks)
    _require_known(architectures, "architecture", suite.architectures)
    _require_known(methods, "method", suite.methods)
    _require_any(digits, "digit", "0 to 9")
    _require_explained(digits, DIGITS)


def _require_any(chosen: Sequence[object], kind: str, known: str) -> None:
    if not chosen:
        raise ParameterError(f"the figure needs at least one {kind}, got none; choose from {known}")


def _require_known(names: Sequence[str], kind: str, choices: Sequence[Choice]) -> None:
    known = [choice.name for choice in choices]
    _require_any(names, kind, ", ".join(known))
    for name in names:
        if name not in known:
            raise UnknownNameError(unknown(f"{kind} of the suite", name, known))


def _require_explained(digits: Sequence[int], explained: Sequence[int]) -> None:
    for digit in digits:
        if digit not in explained:
            known = ", ".join(map(str, sorted(explained)))
            raise ParameterError(f"digit {digit} is not among the explained samples; choose from {known}")


def _rows(
    run: StoredRun, task: str, architectures: Sequence[str], methods: Sequence[str], digits: Sequence[int]
) -> Iterator[Row]:
    repetition = run.first_repetitions()[task]
    examples = run.examples(repetition.references)
    if examples is None:
        raise ParameterError(f"{run.store.root} has no results of {task}; run the suite first")
    classes = examples.labels.tolist()
    _require_explained(digits, classes)
    picked = [classes.index(digit) for digit in digits]
    yield Row("digit", _upright(examples.truth[picked], task), "gray_r")
    by_name = {job.architecture.name: job for job in repetition.trained if job.architecture}
    choices = {choice.name: choice for choice in run.suite.methods}
    palette = sns.color_palette("rocket", as_cmap=True)
    for architecture in architectures:
        for method in methods:
            maps = run.example_maps(by_name[architecture], choices[method])
            images = None if maps is None else _scaled(_upright(maps[picked], task))
            yield Row(f"{STYLES.get(architecture, (architecture,))[0]}\n{method}", images, palette)


def _upright(images: NDArray[Any], task: str) -> NDArray[Any]:
    return images.transpose(0, 2, 1) if task == UPRIGHT else images


def _scaled(maps: NDArray[Any]) -> NDArray[Any]:
    return Maps(maps, np.zeros_like(maps)).scaled


def _figure(blocks: dict[str, list[Row]], columns: int) -> Figure:
    heights = [PANEL * len(rows) + TITLE for rows in blocks.values()]
    width = max(NARROWEST, PANEL * columns + LABEL)
    figure = Figure(figsize=(width, sum(heights)), dpi=DPI, layout="constrained")
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=heights)[:, 0]
    for part, (task, rows) in zip(parts, blocks.items(), strict=True):
        part.suptitle(f"{task}: {READING[task]}", fontsize=10)
        for line, row in zip(part.subplots(len(rows), columns, squeeze=False), rows, strict=True):
            _draw(line, row)
    return figure


def _draw(line: NDArray[Any], row: Row) -> None:
    line[0].set_ylabel(row.label, rotation=0, ha="right", va="center", fontsize=8, labelpad=6)
    for position, axis in enumerate(line):
        axis.set(xticks=[], yticks=[])
        if row.images is None:
            axis.text(0.5, 0.5, "failed", ha="center", va="center", fontsize=8, transform=axis.transAxes)
        else:
            axis.imshow(row.images[position], vmin=0, vmax=1, cmap=row.palette, interpolation="nearest")
