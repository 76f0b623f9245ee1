"""Sums of sines of which four frequencies, by their presence, tell one of sixteen classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..preprocessing import require_ordinary, require_sizes
from ..spec import Array

TELLING = np.array([5, 16, 32, 53])  # in cycles over the series
HIGHEST = 60


@dataclass(frozen=True)
class SpectralSplit:
    """Samples of one split.

    Attributes:
        inputs: float32 (batch, time, 1).
        labels: int64 (batch,), the sum of 2^k over the telling frequencies that are present.
        truth: float32 (batch, frequencies), 1 at the telling frequencies that are present: of all frequencies of a real
            Fourier transform over time.
    """

    inputs: Array
    labels: NDArray[np.int64]
    truth: Array


@dataclass(frozen=True)
class SpectralData:
    """The three splits of a task whose truth lies in the frequency domain."""

    train: SpectralSplit
    validation: SpectralSplit
    test: SpectralSplit
    classes: int = 2 ** len(TELLING)


def present_frequencies(
    seed: int,
    *,
    noise: float = 0.01,
    fewest: int = 10,
    most: int = 50,
    time: int = 2560,
    train: int = 1000,
    validation: int = 200,
    test: int = 200,
) -> SpectralData:
    """Return Σ_k sin(2π k t / time + φ_k) + N(0, noise) over some whole k of 1 … 60, phases being uniform.

    Each of the frequencies 5, 16, 32 and 53 is present or not, with equal probabilities. Others are added until there
    are M, drawn uniformly from fewest … most, the end excluded.

    Args:
        seed: of the data.
        noise: standard deviation of the noise; the source has .01 and .8.
        fewest: of M, at least 4.
        most: of M, excluded, at most 57.
        time: number of time steps, more than 120.
        train: number of training samples.
        validation: number of validation samples.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, too few time steps for the frequencies, bounds of M out of
            range, or a noise that is negative or out of the range of single precision.

    Source: Vielhaben et al., Explainable AI for time series via virtual inspection layers, Pattern Recognition 2024;
    as the code of FLEXtime (Brüsch et al., 2025) has it.
    """
    require_sizes(time, 1, train=train, validation=validation, test=test)
    others = np.setdiff1d(np.arange(1, HIGHEST + 1), TELLING)
    if time <= 2 * HIGHEST:
        raise ParameterError(f"time must be more than {2 * HIGHEST}, twice the highest frequency, got {time}")
    if not len(TELLING) <= fewest < most <= len(others) + 1:
        raise ParameterError(
            f"fewest and most must be {len(TELLING)} <= fewest < most <= {len(others) + 1}, got {fewest} and {most}"
        )
    if noise < 0:
        raise ParameterError(f"noise must be at least 0, got {noise}")
    require_ordinary(noise=noise)
    rng = np.random.default_rng(seed)

    def split(count: int) -> SpectralSplit:
        telling = rng.integers(2, size=(count, len(TELLING)))
        added = rng.integers(fewest, most, size=count) - telling.sum(axis=1)
        ranks = rng.random((count, len(others))).argsort(axis=1).argsort(axis=1)
        present = np.zeros((count, time // 2 + 1), dtype=np.float32)
        present[:, TELLING] = telling
        truth = present.copy()
        present[:, others] = ranks < added[:, None]
        turns = np.exp(1j * (rng.uniform(0, 2 * np.pi, present.shape) - np.pi / 2))
        series = np.fft.irfft(time / 2 * present * turns, n=time, axis=1)
        series += noise * rng.standard_normal(series.shape)
        labels = telling @ (1 << np.arange(len(TELLING)))
        return SpectralSplit(series.astype(np.float32)[:, :, None], labels.astype(np.int64), truth)

    return SpectralData(split(train), split(validation), split(test))
