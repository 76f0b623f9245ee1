"""A localised feature, upright or upside down, in one of several backgrounds."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..layouts import placed_boxes
from ..preprocessing import require_ordinary, require_sizes
from ..processes.autoregressive import autoregressive
from ..spec import Split, TaskData

Floats = NDArray[np.float64]
Shape = tuple[int, int, int]  # (batch, time, features)

PERIOD = 10  # of the season, in time steps


def white(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return N(0, 1) of a shape (batch, time, features)."""
    return rng.standard_normal(shape)


def uniform(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return uniform values of standard deviation 1, (batch, time, features)."""
    return rng.uniform(-np.sqrt(3), np.sqrt(3), shape)


def random_walk(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return sums of N(0, .3) over time, (batch, time, features)."""
    return rng.normal(0, 0.3, shape).cumsum(axis=1)


def first_order(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return x_t = .8 x_(t−1) + N(0, .6), of standard deviation 1, (batch, time, features)."""
    innovations = rng.normal(0, 0.6, shape)
    innovations[:, 0] /= 0.6
    return autoregressive(innovations, [0.8])


def seasonal(rng: np.random.Generator, shape: Shape) -> Floats:
    """Return a sine of period 10 and any phase in N(0, .5), (batch, time, features)."""
    phases = rng.uniform(0, 2 * np.pi, (shape[0], 1, shape[2]))
    return np.sin(2 * np.pi * np.arange(shape[1])[:, None] / PERIOD + phases) + rng.normal(0, 0.5, shape)


BACKGROUNDS: dict[str, Callable[[np.random.Generator, Shape], Floats]] = {
    "white": white,
    "uniform": uniform,
    "random-walk": random_walk,
    "autoregressive": first_order,
    "seasonal": seasonal,
}


def bump(places: Floats) -> Floats:
    """Return exp(−5 u²) at places u from −1 to 1, (steps,)."""
    return np.exp(-5 * places**2)


def level(places: Floats) -> Floats:
    """Return 1 at all places, (steps,)."""
    return np.ones_like(places)


def trend(places: Floats) -> Floats:
    """Return a rise from 0 to 1 over places u from −1 to 1, (steps,)."""
    return (places + 1) / 2


def peak(places: Floats) -> Floats:
    """Return 1 at the middle place and its two neighbours and 0 elsewhere, (steps,)."""
    return (abs(np.arange(len(places)) - len(places) // 2) <= 1).astype(np.float64)


def wave(places: Floats) -> Floats:
    """Return two cycles of a cosine over places u from −1 to 1, (steps,)."""
    return np.cos(2 * np.pi * places)


FEATURES: dict[str, Callable[[Floats], Floats]] = {
    "bump": bump,
    "level": level,
    "trend": trend,
    "peak": peak,
    "wave": wave,
}


def localised(
    seed: int,
    *,
    background: str,
    feature: str,
    length: int,
    strength: float,
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
) -> TaskData:
    """Return x = background ± strength · f, f being a feature of some steps at any place of one of the series.

    The class is the sign. Where it stands is drawn for each sample, whatever its class, and series are not scaled one
    by one, so that nothing outside of the window tells the class. The truth is where f is not 0.

    Args:
        seed: of the data.
        background: that the feature stands in.
        feature: that is localised.
        length: of the window, in time steps.
        strength: of the feature, in about the standard deviation of the background.
        time: number of time steps.
        features: number of series, one of which has the feature.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, a window that is as long as the series or shorter than 3, a
            strength that is not positive or out of the range of single precision.
        UnknownNameError: another background or feature.

    Source: the kinds are those of xaitimesynth (arXiv 2603.06781), whose scaling of each series lets what lies outside
    of the window tell the class; sizes and signs are a definition of saltbench.
    """
    check_localised(
        background=background,
        feature=feature,
        length=length,
        strength=strength,
        time=time,
        features=features,
        train=train,
        validation=validation,
        test=test,
    )
    rng = np.random.default_rng(seed)
    shape = FEATURES[feature](np.linspace(-1, 1, length))

    def split(count: int) -> Split:
        labels = rng.integers(2, size=count)
        starts, places = rng.integers(time - length + 1, size=count), rng.integers(features, size=count)
        window = placed_boxes(starts, places, (length, 1), (time, features))
        steps = np.clip(np.arange(time) - starts[:, None], 0, length - 1)
        put = window * shape[steps][:, :, None]
        series = BACKGROUNDS[background](rng, (count, time, features))
        series += strength * np.where(labels == 1, 1, -1)[:, None, None] * put
        return Split(series.astype(np.float32), labels, (put != 0).astype(np.float32))

    return TaskData(split(train), split(validation), split(test), classes=2)


def check_localised(
    *,
    background: str,
    feature: str,
    length: int,
    strength: float,
    time: int,
    features: int,
    train: int,
    validation: int,
    test: int,
) -> None:
    """Raise unless `localised` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `localised`.
    """
    require_sizes(time, features, train=train, validation=validation, test=test)
    for kind, name, known in (("background", background, BACKGROUNDS), ("feature", feature, FEATURES)):
        if name not in known:
            raise UnknownNameError(unknown(kind, name, known))
    if not 3 <= length < time:
        raise ParameterError(f"length must be at least 3 and less than time={time}, got {length}")
    if strength <= 0:
        raise ParameterError(f"strength must be positive, got {strength}")
    require_ordinary(strength=strength)
