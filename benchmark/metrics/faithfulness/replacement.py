"""What takes the place of removed entries: one choice by name, which all metrics that remove entries share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....datasets.spec import TaskData
from ....entry import unknown
from ....errors import UnknownNameError
from ..needs import Series

Removed = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Replacement:
    """Removes entries of some samples.

    Attributes:
        inputs: of the samples, (batch, time, features).
        _fill: function of which entries are removed, (batch, time, features), to what takes the place of all.
    """

    inputs: Series
    _fill: Callable[[Removed], Series]

    def without(self, is_removed: Removed) -> Series:
        """Return the inputs with others in place of those removed, (batch, time, features), in their type."""
        return np.where(is_removed, self._fill(is_removed), self.inputs).astype(self.inputs.dtype)


def replacement_of(name: str, inputs: Series, data: TaskData, seeds: Sequence[int]) -> Replacement:
    """Return what removes entries of samples.

    Args:
        name: of what takes an entry's place: "zero"; "average", the mean over time of its feature in the series;
            "mean", the mean of the training samples at the entry; "sampled", the entry's value in one training sample,
            drawn for each explained sample; "noise", normal with mean and deviation of the training samples at the
            entry; or "carry-forward", the value of its feature at the last step where that is kept, and the average
            where none is.
        inputs: (batch, time, features).
        data: of the task.
        seeds: one a sample.

    Raises:
        UnknownNameError: another name.
    """
    check_named(name)
    if name == "carry-forward":
        average = _average(inputs, data, seeds)
        return Replacement(inputs, lambda is_removed: _carried(inputs, is_removed, average))
    filling = _FILLINGS[name](inputs, data, seeds)
    return Replacement(inputs, lambda _is_removed: filling)


def check_named(name: str) -> None:
    """Refuse a name that no replacement has.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in NAMES:
        raise UnknownNameError(unknown("replacement", name, NAMES))


def _zero(inputs: Series, _data: TaskData, _seeds: Sequence[int]) -> Series:
    return np.zeros_like(inputs)


def _average(inputs: Series, _data: TaskData, _seeds: Sequence[int]) -> Series:
    return np.broadcast_to(inputs.mean(axis=1, keepdims=True, dtype=np.float64), inputs.shape)


def _mean(inputs: Series, data: TaskData, _seeds: Sequence[int]) -> Series:
    return np.broadcast_to(data.train.inputs.mean(axis=0, dtype=np.float64), inputs.shape)


def _sampled(_inputs: Series, data: TaskData, seeds: Sequence[int]) -> Series:
    donors = [int(_stream(seed).integers(len(data.train.inputs))) for seed in seeds]
    return data.train.inputs[donors]


def _noise(inputs: Series, data: TaskData, seeds: Sequence[int]) -> Series:
    training = data.train.inputs
    mean, deviation = training.mean(axis=0, dtype=np.float64), training.std(axis=0, dtype=np.float64)
    drawn = np.stack([_stream(seed).standard_normal(inputs.shape[1:]) for seed in seeds])
    scores: Series = mean + deviation * drawn
    return scores


def _carried(inputs: Series, is_removed: Removed, average: Series) -> Series:
    steps = np.arange(inputs.shape[1])[None, :, None]
    last = np.maximum.accumulate(np.where(is_removed, -1, steps), axis=1)
    kept = np.take_along_axis(inputs, np.maximum(last, 0), axis=1)
    return np.where(last >= 0, kept, average)


def _stream(seed: int) -> np.random.Generator:
    # [seed, 1]: a stream apart from the one that breaks the ties of the same sample
    return np.random.default_rng([seed, 1])


_FILLINGS: Mapping[str, Callable[[Series, TaskData, Sequence[int]], Series]] = {
    "zero": _zero,
    "average": _average,
    "mean": _mean,
    "sampled": _sampled,
    "noise": _noise,
}
NAMES = (*_FILLINGS, "carry-forward")
