"""Sine waves at irregular times."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def irregular_times(rng: np.random.Generator, count: int, steps: int, stop: float = 20.0) -> Floats:
    """Return ascending times (count, steps): half of twice as many even ones from 0 to stop, kept at random and moved.

    Each is moved by normal noise whose standard deviation is the distance of the even ones, stop / (2 · steps).
    """
    even = 2 * steps
    kept = np.sort(rng.random((count, even)).argsort(axis=1)[:, :steps], axis=1)
    times = np.linspace(0, stop, even)[kept] + stop / even * rng.standard_normal(kept.shape)
    times.sort(axis=1)
    return times


def harmonic(times: Floats, frequency: float, phases: Floats) -> Floats:
    """Return sin(2π · frequency · t + phase), (batch, time, features).

    Args:
        times: (batch, time).
        frequency: in cycles for each unit of time.
        phases: (batch, features).
    """
    return np.sin(2 * np.pi * frequency * times[:, :, None] + phases[:, None])


def pseudo_periodic(rng: np.random.Generator, times: Floats, features: int) -> Floats:
    """Return A · sin(f · t), (batch, time, features), with A ~ N(1, .5) and f ~ N(2, .01) drawn for every value.

    Args:
        rng: of the draws.
        times: (batch, time).
        features: number of series that share the times.
    """
    shape = (*times.shape, features)
    amplitudes, frequencies = rng.normal(1, 0.5, shape), rng.normal(2, 0.01, shape)
    return amplitudes * np.sin(frequencies * times[:, :, None])
