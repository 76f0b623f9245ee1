"""Fourier series into which class 1 has a shapelet put."""

import numpy as np
from numpy.typing import NDArray

from ...entry import unknown
from ...errors import ParameterError, UnknownNameError
from ..preprocessing import require_sizes
from ..spec import Split, TaskData

Floats = NDArray[np.float64]

SINES, DECAY, NOISE = 10, 0.3, 0.1
SLOWEST, FASTEST = np.pi / 300, np.pi / 60  # frequencies of the series
PHASE = np.pi / 4
SHAPELET_SINES = 5
CONTINUATIONS = ("shifted", "kept")


def shapelets(
    seed: int, *, start: float, window: float, continuation: str, time: int, train: int, validation: int, test: int
) -> TaskData:
    """Return Σ_k exp(−.3 k) sin(w_k t + φ_k) + N(0, .1), k = 0 … 9, with a shapelet in place of some steps in class 1.

    The shapelet is one series of 5 sines and N(0, .1), the same for all samples of a seed, moved to go on from the
    value at its first step. Class 0 has none, and an empty truth.

    Args:
        seed: of the data.
        start: of the shapelet, in shares of the series' length; −1 draws it for each sample.
        window: length of the shapelet, in such shares.
        continuation: "shifted" moves what comes after the shapelet to go on from its last value, as the source does, by
            which it tells the class, too; "kept" leaves it as it was.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, or a shapelet that is shorter than 5 steps or does not end
            before the series.
        UnknownNameError: another continuation.

    Source: Schröder, Zamanian, Ahmidi, Post-hoc Saliency Methods Fail to Capture Latent Feature Importance in Time
    Series Data, 2023, experiments 1 to 4 of its code.
    """
    check_shapelets(
        start=start,
        window=window,
        continuation=continuation,
        time=time,
        train=train,
        validation=validation,
        test=test,
    )
    rng = np.random.default_rng(seed)
    length = int(window * time)
    frequencies = rng.uniform(np.pi / length, np.pi / 4, (1, SHAPELET_SINES))
    phases = rng.uniform(-PHASE, PHASE, (1, SHAPELET_SINES))
    shapelet = fourier_series(rng, frequencies, phases, np.ones(SHAPELET_SINES), length)[0]

    def split(count: int) -> Split:
        latents = rng.uniform(SLOWEST, FASTEST, (count, SINES)), rng.uniform(-PHASE, PHASE, (count, SINES))
        series = fourier_series(rng, *latents, np.exp(-DECAY * np.arange(SINES)), time)
        labels = rng.permutation(np.arange(count) % 2)
        truth = np.zeros((count, time), dtype=np.float32)
        for row in np.flatnonzero(labels):
            first = max(int(start * time) - 1, 0) if start >= 0 else int(rng.integers(2, time - length))
            series[row] = _placed(series[row], shapelet, first, continuation)
            truth[row, first : first + length] = 1
        return Split(series.astype(np.float32)[:, :, None], labels, truth[:, :, None])

    return TaskData(split(train), split(validation), split(test), classes=2)


def check_shapelets(
    *, start: float, window: float, continuation: str, time: int, train: int, validation: int, test: int
) -> None:
    """Raise unless `shapelets` can draw such series.

    Raises:
        ParameterError, UnknownNameError: as `shapelets`.
    """
    require_sizes(time, 1, train=train, validation=validation, test=test)
    if continuation not in CONTINUATIONS:
        raise UnknownNameError(unknown("continuation", continuation, CONTINUATIONS))
    if not (start == -1 or 0 <= start < 1) or not 0 < window < 1:
        raise ParameterError(f"start must be −1 or in [0, 1), and window in (0, 1), got {start} and {window}")
    length, first = int(window * time), int(max(start, 0) * time)
    if length < 5 or max(first, 2) + length > time - (start == -1):
        raise ParameterError(
            f"a shapelet must have at least 5 steps and end before the series, got {length} steps from {first} on of "
            f"{time}; change window, start or time"
        )


def fourier_series(
    rng: np.random.Generator, frequencies: Floats, phases: Floats, amplitudes: Floats, time: int
) -> Floats:
    """Return sums of sines with noise of a tenth of the first amplitude, (batch, time).

    Args:
        rng: of the noise.
        frequencies: in radians a step, (batch, sines).
        phases: in radians, (batch, sines).
        amplitudes: (sines,).
        time: number of time steps.
    """
    waves = np.sin(frequencies[:, :, None] * np.arange(time) + phases[:, :, None])
    total = (amplitudes[:, None] * waves).sum(axis=1)
    return np.asarray(total + rng.normal(0, NOISE * amplitudes[0], total.shape))


def _placed(series: Floats, shapelet: Floats, first: int, continuation: str) -> Floats:
    """Return a series (time,) with the shapelet from a step on."""
    end, found = first + len(shapelet), series.copy()
    found[first:end] = shapelet + (series[first] - shapelet[0])
    if continuation == "shifted" and end < len(series):
        found[end:] += found[end - 1] - series[end]
    return found
