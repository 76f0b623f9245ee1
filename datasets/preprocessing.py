"""What every family of tasks shares: checks of sizes, and standardisation with training statistics."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, ParameterError
from .spec import Array, Split


def require_counts(**counts: int) -> None:
    """Raise a ParameterError unless every count is at least one."""
    for name, count in counts.items():
        if count < 1:
            raise ParameterError(f"{name} must be at least 1, got {count}")


def standardise(train: Split, validation: Split, test: Split) -> tuple[Split, Split, Split]:
    """Return the splits with inputs (x − mean) / std, mean and std (time, features) of the training split.

    A cell that is constant in training has its std taken as 1, so it becomes 0 there.
    """
    mean = train.inputs.mean(axis=0, dtype=np.float64)
    std = train.inputs.std(axis=0, dtype=np.float64)
    scale = np.where(std > 0, std, 1.0)

    def apply(split: Split) -> Split:
        inputs: Array = (split.inputs - mean.astype(np.float32)) / scale.astype(np.float32)
        return dataclasses.replace(split, inputs=inputs)

    return apply(train), apply(validation), apply(test)


def standardise_features(series: NDArray[np.float64], training: NDArray[np.int64]) -> Array:
    """Return float32 (x − mean) / std, mean and std (features,) over all time steps of the training samples.

    Other than per cell, this keeps the course of a series over time.

    Args:
        series: (samples, time, features).
        training: indices of the training samples.

    Raises:
        DataError: a feature is constant in training, so it has no unit.
    """
    trained = series[training]
    constant = np.flatnonzero(np.ptp(trained, axis=(0, 1)) == 0)
    if len(constant):
        raise DataError(
            f"feature {constant[0]} (counted from 0) is constant in the training series and has no standard "
            "deviation; leave it out"
        )
    mean, std = trained.mean(axis=(0, 1)), trained.std(axis=(0, 1))
    standardised: Array = ((series - mean) / std).astype(np.float32)
    return standardised
