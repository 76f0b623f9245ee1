"""Two short sines among distractors: their frequencies tell the class."""

import numpy as np
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..preprocessing import require_sizes
from ..spec import Split, TaskData

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

BASE, SHORT = (2, 6), (10, 51)  # frequencies over the whole series, the ends excluded
SINES = 2
TOGETHER = 250  # samples in memory in double precision
PAIRS = 10_000  # from which the median is taken
TARGETS = ("sum", "ratio")


def two_sines(
    seed: int, *, target: str, support: int, time: int, features: int, train: int, validation: int, test: int
) -> TaskData:
    """Return .5 sin(2π b τ), τ from 0 to 1, with a sine or a square wave of frequency s for some steps of each feature.

    Two features have the sine, each of the others a square wave or nothing. The class is 1 where Σ s, or Σ s / b, over
    the two is above the median of 10,000 pairs; b is 2 … 5 and s 10 … 50. The truth is the two sines: with "ratio" the
    base frequencies tell of the class, too, and lie outside of it.

    Args:
        seed: of the data.
        target: "sum" or "ratio".
        support: time steps of a sine or square wave.
        time: number of time steps.
        features: number of features.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, fewer than 2 features, or a support as long as the series.
        UnknownNameError: another target.

    Source: Turbé, Bjelogrlic, Lovis, Mengaldo, Evaluation of post-hoc interpretability methods in time-series
    classification (InterpretTime), Nature Machine Intelligence 2023, as its code has it.
    """
    check_two_sines(
        target=target,
        support=support,
        time=time,
        features=features,
        train=train,
        validation=validation,
        test=test,
    )
    rng = np.random.default_rng(seed)
    median = np.median(_score(target, rng.integers(*SHORT, (PAIRS, SINES)), rng.integers(*BASE, (PAIRS, SINES))))
    steps = np.linspace(0, 1, time)

    def draw(count: int) -> Split:
        base, short = rng.integers(*BASE, (count, features)), rng.integers(*SHORT, (count, features))
        ranks = rng.random((count, features)).argsort(axis=1).argsort(axis=1)
        is_sine, is_square = ranks < SINES, (ranks >= SINES) & (rng.random((count, features)) < 0.5)
        series = 0.5 * np.sin(2 * np.pi * base[:, None] * steps[:, None])
        offsets = np.arange(time)[:, None] - rng.integers(time - support, size=(count, 1, features))
        within = (offsets >= 0) & (offsets < support)
        waves = np.sin(2 * np.pi * short[:, None] * steps[np.clip(offsets, 0, support - 1)])
        series += within * (is_sine[:, None] * waves + is_square[:, None] * np.sign(waves))
        two = np.argsort(ranks, axis=1)[:, :SINES]
        scores = _score(target, np.take_along_axis(short, two, 1), np.take_along_axis(base, two, 1))
        truth = (within & is_sine[:, None]).astype(np.float32)
        return Split(series.astype(np.float32), (scores > median).astype(np.int64), truth)

    def split(count: int) -> Split:
        parts = [draw(min(TOGETHER, count - start)) for start in range(0, count, TOGETHER)]
        joined = (np.concatenate([getattr(p, name) for p in parts]) for name in ("inputs", "labels", "truth"))
        return Split(*joined)

    return TaskData(split(train), split(validation), split(test), classes=2)


def check_two_sines(
    *, target: str, support: int, time: int, features: int, train: int, validation: int, test: int
) -> None:
    """Raise unless `two_sines` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `two_sines`.
    """
    require_sizes(time, features, train=train, validation=validation, test=test)
    if target not in TARGETS:
        raise UnknownNameError(unknown("target", target, TARGETS))
    if features < SINES:
        raise ParameterError(f"features must be at least {SINES}, one for each sine, got {features}")
    if not 1 <= support < time:
        raise ParameterError(f"support must be at least 1 and less than time={time}, got {support}")


def _score(target: str, short: Numbers, base: Numbers) -> Floats:
    """Return what is compared with the median, (any,), of frequencies (any, sines)."""
    return np.asarray((short if target == "sum" else short / base).sum(axis=1), dtype=np.float64)
