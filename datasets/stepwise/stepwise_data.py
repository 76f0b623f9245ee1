"""Splits of series that have a label and a truth at every step."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..preprocessing import require_sizes
from ..spec import Array

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class StepwiseSplit:
    """Samples of one split.

    Attributes:
        inputs: float32 (batch, time, features).
        labels: int64 (batch, time), 0 or 1 at every step.
        truth: float32 (batch, time, features), 1 for the entries that the label of their own step, or of steps to
            come, was drawn from.
        at_changes: float32 (batch, time, features), the truth of the steps alone at which the hidden state is another
            than before; None for a task without.
    """

    inputs: Array
    labels: NDArray[np.int64]
    truth: Array
    at_changes: Array | None = None


@dataclass(frozen=True)
class StepwiseData:
    """The three splits of a task with a label at every step, which is 0 or 1."""

    train: StepwiseSplit
    validation: StepwiseSplit
    test: StepwiseSplit


def draw_splits(
    draw: Callable[[np.random.Generator, int], StepwiseSplit],
    rng: np.random.Generator,
    *,
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
) -> StepwiseData:
    """Return splits of so many samples, (batch, time, features), drawn one after another.

    Raises:
        ParameterError: a size below one or beyond memory.
    """
    require_sizes(time, features, train=train, validation=validation, test=test)
    return StepwiseData(draw(rng, train), draw(rng, validation), draw(rng, test))


def draw_labels(rng: np.random.Generator, logits: Floats) -> NDArray[np.int64]:
    """Return labels 0 and 1, 1 with probability 1 / (1 + exp(−logit)), of the shape of the logits (batch, time)."""
    return (rng.random(logits.shape) < 1 / (1 + np.exp(-logits))).astype(np.int64)


def marked(chosen: NDArray[np.int64], features: int) -> Array:
    """Return 1 at one feature of each step and 0 elsewhere, (batch, time, features).

    Args:
        chosen: that feature, (batch, time).
        features: number of features.
    """
    return np.asarray(chosen[:, :, None] == np.arange(features), dtype=np.float32)
