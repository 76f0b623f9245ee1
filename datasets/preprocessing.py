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
