"""Series of a process in which a box of time and features is shifted."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..layouts import placed_boxes
from ..preprocessing import require_ordinary, require_sizes, scaler
from ..spec import Split, TaskData
from .backgrounds import BACKGROUNDS, Background

Labels = NDArray[np.int64]


def shifted_boxes(
    seed: int,
    *,
    process: str,
    box: Sequence[int],
    time_start: Sequence[int],
    feature_start: Sequence[int],
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
    shift: float,
    noise_level: float,
    scaling: str,
) -> TaskData:
    """Return x = background + noise + c · shift · r, r being the mask of one box, c = ±1 the class.

    Where a start is one for each class, c is 1 and the place alone tells the class. Classes are drawn uniformly.

    Args:
        seed: of the data.
        process: that generates the background.
        box: [time steps, features] of the box.
        time_start: of the box: [] draws it for each sample, uniformly from 0 to time − steps, that end excluded; one
            number is the same for all; two are those of class 0 and class 1.
        feature_start: of the box, in the same way.
        time: number of time steps.
        features: number of features.
        train: number of training samples.
        validation: number of validation samples, which the source does not have.
        test: number of test samples.
        shift: of the mean inside the box.
        noise_level: standard deviation of normal noise that is added to every value.
        scaling: "min-max" to [0, 1] for each entry on the training samples, or "standardise".

    Raises:
        ParameterError: a size below one or beyond memory, a box that does not fit or has no room to move, a start
            outside, a negative shift or noise, or one out of the range of single precision.
        UnknownNameError: another process or scaling.

    Source: Ismail et al., NeurIPS 2020, and the code of its benchmark; processes as TimeSynth 0.2.4 computes them.
    """
    check_shifted_boxes(
        process=process,
        box=box,
        time_start=time_start,
        feature_start=feature_start,
        time=time,
        features=features,
        train=train,
        validation=validation,
        test=test,
        shift=shift,
        noise_level=noise_level,
        scaling=scaling,
    )
    rng = np.random.default_rng(seed)

    def split(count: int) -> Split:
        labels: Labels = rng.integers(2, size=count)
        begins = [
            _starts(rng, labels, starts, size - length)
            for starts, size, length in zip((time_start, feature_start), (time, features), box, strict=True)
        ]
        truth = placed_boxes(begins[0], begins[1], (box[0], box[1]), (time, features))
        is_placed = 2 in (len(time_start), len(feature_start))
        signs = np.ones(count) if is_placed else np.where(labels == 1, 1.0, -1.0)
        series = _series(rng, BACKGROUNDS[process], truth.shape, noise_level)
        series += shift * signs[:, None, None] * truth
        return Split(series.astype(np.float32), labels, truth)

    splits = scaler(scaling)(*(split(count) for count in (train, validation, test)))
    return TaskData(*splits, classes=2)


def check_shifted_boxes(
    *,
    process: str,
    box: Sequence[int],
    time_start: Sequence[int],
    feature_start: Sequence[int],
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
    shift: float,
    noise_level: float,
    scaling: str,
) -> None:
    """Raise unless `shifted_boxes` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `shifted_boxes`.
    """
    require_sizes(time, features, train=train, validation=validation, test=test)
    if process not in BACKGROUNDS:
        raise UnknownNameError(unknown("process", process, BACKGROUNDS))
    scaler(scaling)
    if shift < 0 or noise_level < 0:
        raise ParameterError(f"shift and noise_level must be at least 0, got {shift} and {noise_level}")
    require_ordinary(shift=shift, noise_level=noise_level)
    if len(box) != 2 or not all(isinstance(length, int) for length in box):
        raise ParameterError(f"box must be [time steps, features], got {box!r}")
    _check_starts("time_start", time_start, box[0], time)
    _check_starts("feature_start", feature_start, box[1], features)


def _check_starts(name: str, starts: Sequence[int], length: int, size: int) -> None:
    if len(starts) > 2 or not all(isinstance(start, int) for start in starts):
        raise ParameterError(f"{name} must be [], one start or one for each of two classes, got {starts!r}")
    if not starts and not 1 <= length < size:
        raise ParameterError(
            f"{name}: a box that moves must be 1 … {size - 1} of {size} long, got {length}; shorten it"
        )
    for start in starts:
        if length < 1 or not 0 <= start <= size - length:
            raise ParameterError(
                f"{name}: a box of length {length} from {start} on must be non-empty and lie within {size}; move it"
            )


def _starts(rng: np.random.Generator, labels: Labels, starts: Sequence[int], room: int) -> Labels:
    if not starts:
        return rng.integers(room, size=len(labels))
    return np.array([starts[0], starts[-1]])[labels]


def _series(
    rng: np.random.Generator, background: Background, shape: tuple[int, ...], noise: float
) -> NDArray[np.float64]:
    count, steps, features = shape
    drawn = background(rng, (count, steps, features))
    return drawn + noise * rng.standard_normal(shape) if noise else drawn
