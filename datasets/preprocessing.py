"""What every family of tasks shares: checks of sizes, and standardisation with training statistics."""

import dataclasses

import numpy as np

from ..errors import ParameterError
from .spec import Array, Split


def require_counts(**counts: int) -> None:
    """Raise a ParameterError unless every count is at least one."""
    for name, count in counts.items():
        if count < 1:
            raise ParameterError(f"{name} must be at least 1, got {count}")


def standardise(train: Split, *others: Split) -> tuple[Split, ...]:
    """Return the splits with inputs (x − mean) / std, mean and std (time, features) of the training split.

    A cell that is constant in training has its std taken as 1, so it becomes 0 there.
    """
    mean = train.inputs.mean(axis=0, dtype=np.float64)
    std = train.inputs.std(axis=0, dtype=np.float64)
    scale = np.where(std > 0, std, 1.0)

    def apply(inputs: Array) -> Array:
        return ((inputs - mean.astype(np.float32)) / scale.astype(np.float32)).astype(np.float32, copy=False)

    return tuple(dataclasses.replace(split, inputs=apply(split.inputs)) for split in (train, *others))
