"""The page's maps: truth, input and attributions of one sample a class, from what a run stored."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...execution.stored.run import Repetition, StoredRun
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
        averaged: whether the pictures show means over blocks of entries.
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


def gallery(run: StoredRun) -> Gallery:
    """Return the stored maps of a run's first repetition, as far as 3.5 MB of pictures hold them.

    Raises:
        StoreError: a result cannot be read.
    """
    shown: list[TaskMaps] = []
    left_out: list[str] = []
    for maps in _tasks(run):
        fits = sum(task.size for task in shown) + maps.size <= BUDGET
        if fits:
            shown.append(maps)
        else:
            left_out.append(maps.task)
    return Gallery(tuple(shown), tuple(left_out))


def _tasks(run: StoredRun) -> Iterator[TaskMaps]:
    for task, repetition in run.first_repetitions().items():
        maps = _task_maps(run, task, repetition)
        if maps is not None:
            yield maps


def _task_maps(run: StoredRun, task: str, repetition: Repetition) -> TaskMaps | None:
    cells = [
        (job.architecture.name, method.name, run.example_maps(job, method))
        for job in repetition.trained
        if job.architecture is not None
        for method in job.methods
    ]
    examples = run.examples(repetition.references)
    if examples is None or all(maps is None for _, _, maps in cells):
        return None
    by_class = np.argsort(examples.labels)
    truth, inputs = examples.truth[by_class], examples.inputs[by_class]
    columns = tuple(Column(architecture, method, _pictures(maps, by_class)) for architecture, method, maps in cells)
    return TaskMaps(
        task=task,
        labels=tuple(examples.labels[by_class].tolist()),
        shape=(truth.shape[1], truth.shape[2]),
        averaged=is_averaged(truth[0]),
        truth=tuple(share_picture(panel) for panel in truth),
        inputs=tuple(signed_picture(panel) for panel in inputs),
        columns=columns,
    )


def _pictures(maps: NDArray[Any] | None, by_class: NDArray[np.intp]) -> Pictures:
    if maps is None:
        return (None,) * len(by_class)
    return tuple(magnitude_picture(panel) for panel in maps[by_class])
