"""Autoregressive processes in discrete and continuous time."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def autoregressive(innovations: Floats, coefficients: Sequence[float]) -> Floats:
    """Return x_t = Σ_k coefficients[k] · x_(t−1−k) + innovations_t, with x before the first step 0.

    Args:
        innovations: (batch, time, features).
        coefficients: of the values before, the last one first.
    """
    found = np.empty_like(innovations)
    for step in range(innovations.shape[1]):
        found[:, step] = innovations[:, step]
        for lag, coefficient in enumerate(coefficients[:step], start=1):
            found[:, step] += coefficient * found[:, step - lag]
    return found


def continuous_autoregressive(
    rng: np.random.Generator, times: Floats, features: int, *, scale: float, start: float
) -> Floats:
    """Return x_t = .9^d · x_(t−1) + scale · sqrt(1 − .9^d) · N(0, 1), d being the time since the step before.

    The exponent of the variance is d, as TimeSynth has it, not 2d.

    Args:
        rng: of the innovations.
        times: ascending (batch, time).
        features: number of independent series that share the times.
        scale: of the innovations.
        start: value of the first step.

    Returns:
        (batch, time, features).
    """
    kept = 0.9 ** np.diff(times)[:, :, None]
    pushed = scale * np.sqrt(1 - kept) * rng.standard_normal((len(times), times.shape[1] - 1, features))
    found = np.full((*times.shape, features), start)
    for step in range(1, times.shape[1]):
        found[:, step] = kept[:, step - 1] * found[:, step - 1] + pushed[:, step - 1]
    return found
