"""Gaussian processes with a Matérn 3/2 kernel, drawn step by step at any times."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RATE = np.sqrt(3)  # of a lengthscale of 1
JITTER = 1e-12  # of a variance, as TimeSynth adds it


def matern(rng: np.random.Generator, times: Floats, features: int) -> Floats:
    """Return zero-mean Gaussian series with covariance (1 + √3 d) · exp(−√3 d) of values at a distance d in time.

    With its derivative the process is Markov, so each step is drawn from the one before: exactly, and in time linear
    in the number of steps, where a factor of the covariance takes the cube.

    Args:
        rng: of the draws.
        times: ascending (batch, time).
        features: number of independent series that share the times.

    Returns:
        (batch, time, features).
    """
    count, steps = times.shape
    moves = _moves(np.diff(times)[..., None])
    found = np.empty((count, steps, features))
    found[:, 0], slope = rng.standard_normal((2, count, features))
    slope = RATE * slope
    for step in range(1, steps):
        of_value, of_slope, back, forth, low, across, rest = (part[:, step - 1] for part in moves)
        first, second = rng.standard_normal((2, count, features))
        last = found[:, step - 1]
        found[:, step] = of_value * last + of_slope * slope + low * first
        slope = back * last + forth * slope + across * first + rest * second
    return found


def _moves(gaps: Floats) -> tuple[Floats, ...]:
    """Return the transition of (value, slope) over gaps of any shape, (…), row by row, and the factor of its noise."""
    reach = RATE * gaps
    decay = np.exp(-reach)
    transition = decay * (1 + reach), decay * gaps, -decay * RATE**2 * gaps, decay * (1 - reach)
    variance = np.maximum(1 - decay**2 * (1 + 2 * reach + 2 * reach**2), JITTER)
    covariance = 2 * RATE * (reach * decay) ** 2
    of_slope = RATE**2 * (1 - decay**2 * (1 - 2 * reach + 2 * reach**2))
    low = np.sqrt(variance)
    across = covariance / low
    return (*transition, low, across, np.sqrt(np.maximum(of_slope - across**2, 0)))
