"""Checks of sizes, and standardisation with training statistics, for every family of tasks."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..entry import unknown
from ..errors import DataError, ParameterError, UnknownNameError, repr_of
from ..kinds import require_instances, require_whole
from .scaling import beyond_range, exponents, lost, scaled, to_single
from .spec import Array, Split

MOST_VALUES = 2**31  # of a split: 8 GiB in single precision, and as much for its truth
MOST = 1e30  # of a parameter; 10^8 times it is still in the range of single precision
REMEDY = "replace it where it stands for a missing one, or take the logarithm of the feature"


def require_counts(**counts: int) -> None:
    """Raise unless every count is at least one.

    Raises:
        ParameterError: a smaller one.
    """
    require_whole(**counts)
    for name, count in counts.items():
        if count < 1:
            raise ParameterError(f"{name} must be at least 1, got {count}")


def require_room(samples: int, time: int, features: int) -> None:
    """Raise if the series of a split, (samples, time, features), are more than memory can hold.

    Raises:
        ParameterError: they are.
    """
    if samples * time * features > MOST_VALUES:
        raise ParameterError(
            f"a split must have at most {MOST_VALUES} values, got {repr_of(samples)} series of {repr_of(time)} time "
            f"steps and {repr_of(features)} features; take fewer or shorter series"
        )


def require_sizes(time: int, features: int, **samples: int) -> None:
    """Raise unless every size is at least one, and so many series of a split are not more than memory can hold.

    Raises:
        ParameterError: a smaller or a larger one.
    """
    require_counts(time=time, features=features, **samples)
    for count in samples.values():
        require_room(count, time, features)


def require_ordinary(**values: float) -> None:
    """Raise unless every value is 0, or it and its reciprocal are ordinary in single precision.

    Raises:
        ParameterError: another value.
    """
    for name, value in values.items():
        if value and not 1 / MOST <= abs(value) <= MOST:
            raise ParameterError(
                f"{name} must be 0, or {1 / MOST:g} to {MOST:g} in magnitude, for single precision, got {value}"
            )


def standardise(train: Split, validation: Split, test: Split) -> tuple[Split, Split, Split]:
    """Return the splits with inputs (x − mean) / std, mean and std (time, features) of the training split.

    An entry that is constant in training has its std taken as 1, so it becomes 0 there. The unit does not matter:
    entries times any power of two give the same. Padding counts in neither, and stays as it is.

    Raises:
        DataError: an entry of validation or test is so far from those of training that single precision cannot hold
            it, or at a step that is padding in all of training.
    """
    require_instances(Split, train=train, validation=validation, test=test)
    values, known = _trained(train, validation, test)
    powers = exponents(values, 0)
    trained = scaled(values, powers)
    mean, std = (of(trained, axis=0, dtype=np.float64, where=known) for of in (np.mean, np.std))
    scale = np.where(std > 0, std, 1.0)

    def apply(split: Split) -> Split:
        with np.errstate(over="ignore"):  # refused below
            moved = (scaled(split.inputs, powers) - mean.astype(np.float32)) / scale.astype(np.float32)
        inputs = _with_padding(split, moved.astype(np.float32, copy=False))
        _check_range(inputs)
        return dataclasses.replace(split, inputs=inputs)

    return apply(train), apply(validation), apply(test)


def min_max(train: Split, validation: Split, test: Split) -> tuple[Split, Split, Split]:
    """Return the splits with inputs (x − low) / (high − low), the bounds (time, features) of the training split.

    Training inputs lie in [0, 1], others may leave it. An entry that is constant in training becomes 0 there. Padding
    counts in neither bound, and stays as it is.

    Raises:
        DataError: an entry of validation or test is at a step that is padding in all of training.
    """
    values, known = _trained(train, validation, test)
    low = values.min(axis=0, where=known, initial=np.inf)
    reach = values.max(axis=0, where=known, initial=-np.inf) - low
    scale = np.where(reach > 0, reach, np.float32(1))
    apply = (
        dataclasses.replace(split, inputs=_with_padding(split, (split.inputs - low) / scale))
        for split in (train, validation, test)
    )
    scaled_train, scaled_validation, scaled_test = apply
    return scaled_train, scaled_validation, scaled_test


def _trained(train: Split, *others: Split) -> tuple[Array, Any]:
    """Return training inputs, (samples, time, features), 0 in padding, and which of them count; True for all.

    Raises:
        DataError: a step that is padding in all of training is none in another split.
    """
    if train.lengths is None:
        return train.inputs, True
    longest = int(train.lengths.max())
    for split in others:
        reached = split.inputs.shape[1] if split.lengths is None else int(split.lengths.max(initial=0))
        if len(split) and reached > longest:
            raise DataError(
                f"scaling by entries needs training series as long as all others, {reached} steps, got at most "
                f"{longest}; draw the splits so that the longest series are in training, too"
            )
    real = _real(train, train.lengths)
    # steps that no series has: one value, so that there is something to take the mean of
    return np.where(real, train.inputs, np.float32(0)), real | ~real.any(axis=0)


def _real(split: Split, lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which steps are no padding, (samples, time, 1)."""
    found: NDArray[np.bool_] = np.arange(split.inputs.shape[1])[:, None] < lengths[:, None, None]
    return found


def _with_padding(split: Split, inputs: Array) -> Array:
    """Return other inputs of a split, (samples, time, features), with its own in padding."""
    return inputs if split.lengths is None else np.where(_real(split, split.lengths), inputs, split.inputs)


Scaling = Callable[[Split, Split, Split], tuple[Split, Split, Split]]
SCALINGS: dict[str, Scaling] = {"min-max": min_max, "standardise": standardise}


def scaler(name: str) -> Scaling:
    """Return a way of scaling splits with training statistics.

    Raises:
        UnknownNameError: another name.
    """
    if name not in SCALINGS:
        raise UnknownNameError(unknown("scaling", name, SCALINGS))
    return SCALINGS[name]


def standardise_features(series: NDArray[np.float64], training: NDArray[np.int64]) -> Array:
    """Return float32 (x − mean) / std, mean and std (features,) over all time steps of the training samples.

    Other than per entry, this keeps the course of a series over time. The unit does not matter: a feature times any
    number that leaves it finite gives the same, up to rounding.

    Args:
        series: (samples, time, features), finite.
        training: indices of the training samples.

    Raises:
        DataError: a feature is constant in training, so it has no unit; beside its largest values all others become
            one number in single precision; or a value is too far from those of training for single precision.
    """
    powers = exponents(series[training], (0, 1))
    values = scaled(series, powers)
    trained = values[training]
    _refuse(
        np.ptp(trained, axis=(0, 1)) == 0,
        "is constant in the training series and has no standard deviation; leave it out",
    )
    mean, std = trained.mean(axis=(0, 1)), trained.std(axis=(0, 1))
    with np.errstate(over="ignore"):  # refused below
        standardised = to_single((values - mean) / std)
    _check_range(standardised)
    features = trained.shape[-1]
    _refuse(
        lost(trained.reshape(-1, features), standardised[training].reshape(-1, features)),
        f"has values beside whose size all others become one number in single precision, the largest of {{}}; {REMEDY}",
        np.abs(series[training]).max(axis=(0, 1)),
    )
    return standardised


def _check_range(standardised: Array) -> None:
    _refuse(
        np.asarray(beyond_range(standardised).any(axis=(0, 1))),
        f"is further from its training values than single precision can tell in standard deviations; {REMEDY}",
    )


def _refuse(bad: NDArray[np.bool_], why: str, values: NDArray[np.floating[Any]] | None = None) -> None:
    if bad.any():
        feature = int(bad.argmax())
        value = "" if values is None else f"{values[feature]:g}"
        raise DataError(f"feature {feature} (counted from 0) {why.format(value)}")
