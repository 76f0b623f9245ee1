"""The backgrounds of TSIB: series without a class, as its code generates them, and mended ones beside three of them."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..processes.autoregressive import autoregressive, continuous_autoregressive
from ..processes.matern import matern
from ..processes.narma import Narma
from ..processes.waves import harmonic, irregular_times, pseudo_periodic

Floats = NDArray[np.float64]
Shape = tuple[int, int, int]  # (batch, time, features)
Background = Callable[[np.random.Generator, Shape], Floats]

FREQUENCY = 2.0  # of the harmonic process
NARMA_SEED = 42  # of TimeSynth's class, which all series of TSIB leave as it is


def gaussian(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return N(0, 1) of a shape (batch, time, features)."""
    return rng.standard_normal(shape)


def same_harmonic(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return sin(2π · 2 · t), the same in all features, of a shape (batch, time, features)."""
    count, steps, features = shape
    times = irregular_times(rng, count, steps)
    return np.broadcast_to(harmonic(times, FREQUENCY, np.zeros((count, 1))), (count, steps, features))


def phased_harmonic(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return sin(2π · 2 · t + phase), a uniform phase for each feature, of a shape (batch, time, features)."""
    count, steps, features = shape
    times = irregular_times(rng, count, steps)
    return harmonic(times, FREQUENCY, rng.uniform(0, 2 * np.pi, (count, features)))


def gaussian_process(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return Gaussian processes with a Matérn 3/2 kernel of variance and lengthscale 1, (batch, time, features)."""
    count, steps, features = shape
    return matern(rng, irregular_times(rng, count, steps), features)


def waves(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return pseudo-periodic series, A · sin(f · t), (batch, time, features)."""
    count, steps, features = shape
    return pseudo_periodic(rng, irregular_times(rng, count, steps), features)


def first_order(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return x_t = .9 x_(t−1) + N(0, .5), (batch, time, features)."""
    return autoregressive(rng.normal(0, 0.5, shape), [0.9])


def small_continuous(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return a continuous autoregressive process of scale .01, lost in the noise, (batch, time, features)."""
    count, steps, features = shape
    times = irregular_times(rng, count, steps)
    return continuous_autoregressive(rng, times, features, scale=0.01, start=0.01)


def large_continuous(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return a continuous autoregressive process of scale 1, which stands out of the noise, (batch, time, features)."""
    count, steps, features = shape
    times = irregular_times(rng, count, steps)
    return continuous_autoregressive(rng, times, features, scale=1.0, start=0.0)


def same_narma(rng: np.random.Generator, shape: Shape) -> Floats:  # noqa: ARG001 - it has one seed
    """Return NARMA of order 10, one series for all features of all samples, (batch, time, features)."""
    count, steps, features = shape
    return np.broadcast_to(Narma().of_seed(NARMA_SEED, steps)[:, None], (count, steps, features))


def own_narma(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return NARMA of order 10, independent in each feature, (batch, time, features)."""
    count, steps, features = shape
    return Narma().draw(rng, (count, features, steps)).transpose(0, 2, 1)


BACKGROUNDS: dict[str, Background] = {
    "gaussian": gaussian,
    "harmonic": same_harmonic,
    "gaussian-process": gaussian_process,
    "pseudo-periodic": waves,
    "autoregressive": first_order,
    "car": small_continuous,
    "narma": same_narma,
    "harmonic-phases": phased_harmonic,
    "car-large": large_continuous,
    "narma-independent": own_narma,
}
