"""The page's maps: truth, input and attributions of one sample a class, from what a run stored."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from safetensors.numpy import load as load_arrays

from ...execution.plan import Job, first_jobs
from ...execution.stored_run import EXAMPLES, SCORES
from ...storage.store import Artifact, Store
from ...suites.provenance import Recorded
from .images import is_averaged, magnitude_picture, share_picture, signed_picture

BUDGET = 3_500_000  # bytes of pictures: a page that a mail and a phone still take

Pictures = tuple[str | None, ...]  # data URIs, one a sample; None where a cell has no map


@dataclass(frozen=True)
class Column:
    """One method's maps of an architecture, one a sample."""

    architecture: str
    method: str
    pictures: Pictures


@dataclass(frozen=True)
class TaskMaps:
    """A task's explained samples, one a class.

    Attributes:
        task: its name.
        labels: the samples' classes, in order.
        shape: (time, features) of a sample.
        averaged: whether the pictures show means over blocks of cells.
        truth: pictures of the truth.
        inputs: pictures of the inputs.
        columns: the maps.
    """

    task: str
    labels: tuple[int, ...]
    shape: tuple[int, int]
    averaged: bool
    truth: Pictures
    inputs: Pictures
    columns: tuple[Column, ...]

    @property
    def architectures(self) -> dict[str, int]:
        """The number of columns of each architecture."""
        return {name: len(list(same)) for name, same in groupby(column.architecture for column in self.columns)}

    @property
    def size(self) -> int:
        """Bytes of all pictures."""
        pictures = (self.truth, self.inputs, *(column.pictures for column in self.columns))
        return sum(len(picture or "") for line in pictures for picture in line)


@dataclass(frozen=True)
class Gallery:
    """The tasks with maps, and those left out to keep the page small."""

    tasks: tuple[TaskMaps, ...]
    left_out: tuple[str, ...]


def gallery(record: Recorded, folder: Path) -> Gallery:
    """Return the stored maps of a run's first repetition, as far as 3.5 MB of pictures hold them.

    Raises:
        StoreError: a result cannot be read.
    """
    shown: list[TaskMaps] = []
    left_out: list[str] = []
    for maps in _tasks(record, Store(folder)):
        fits = sum(task.size for task in shown) + maps.size <= BUDGET
        if fits:
            shown.append(maps)
        else:
            left_out.append(maps.task)
    return Gallery(tuple(shown), tuple(left_out))


def _tasks(record: Recorded, store: Store) -> Iterator[TaskMaps]:
    for task, same in groupby(first_jobs(record.suite, record.device), key=lambda job: job.task.name):
        maps = _task_maps(task, list(same), store)
        if maps is not None:
            yield maps


def _task_maps(task: str, same: list[Job], store: Store) -> TaskMaps | None:
    yardstick = store.get("yardsticks", same[0].yardstick_key())
    cells = [
        (job.architecture.name, method.name, store.get("cells", job.cell_key(method)))
        for job in same
        if job.architecture is not None
        for method in job.methods
    ]
    sound = [cell for _, _, cell in cells if cell is not None]
    if yardstick is None or not sound:
        return None
    examples = load_arrays(yardstick.files[EXAMPLES])
    labels = _labels(sound[0])
    by_class = np.argsort(labels)
    truth, inputs = examples["truth"][by_class], examples["inputs"][by_class]
    columns = tuple(Column(architecture, method, _maps(cell, by_class)) for architecture, method, cell in cells)
    return TaskMaps(
        task=task,
        labels=tuple(sorted(labels)),
        shape=(truth.shape[1], truth.shape[2]),
        averaged=is_averaged(truth[0]),
        truth=tuple(share_picture(panel) for panel in truth),
        inputs=tuple(signed_picture(panel) for panel in inputs),
        columns=columns,
    )


def _labels(cell: Artifact) -> list[int]:
    """Return the classes of the example samples, which are the first of each class in the order of the samples."""
    labels: NDArray[Any] = pd.read_parquet(io.BytesIO(cell.files[SCORES]), columns=["label"]).label.to_numpy()
    first = np.sort(np.unique(labels, return_index=True)[1])
    return [int(label) for label in labels[first]]


def _maps(cell: Artifact | None, by_class: NDArray[np.intp]) -> Pictures:
    if cell is None:
        return (None,) * len(by_class)
    return tuple(magnitude_picture(panel) for panel in load_arrays(cell.files[EXAMPLES])["map"][by_class])
