"""Spike: from the first spike of one feature on, the label is 1."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, lfilter

from ...errors import ParameterError
from ..processes.narma import Narma
from .stepwise_data import StepwiseData, StepwiseSplit, draw_splits

Floats = NDArray[np.float64]

BASES = (Narma(2, 0.5, 1.5, 0.5), Narma(2, 0.5, 1.5, 0.5), Narma(2))  # of each feature
NOISE = 0.001
TRENDS = np.array([0.003, 0.065, 0.0])
OFFSETS = np.array([0.0, 0.0, -0.5])
ORDER, CUTOFF, RATE = 6, 6.8, 30.0  # of the low-pass filter, in Hz
SHARE, MEAN, HEIGHT = 0.3, 3.0, 1.5  # of series with spikes; of their number; of a spike
FEATURES = 3


def spike(
    seed: int, *, delay: int = 0, time: int = 80, train: int = 2400, validation: int = 300, test: int = 600
) -> StepwiseData:
    """Return low-passed NARMA with spikes of 1.5; y_t is 1 from delay steps after the first spike of feature 0 on.

    Each feature of three has spikes with probability .3, Poisson(3) of them, at distinct times. Salient is the first
    spike of feature 0 alone, whatever the delay: a series without has an empty truth, and labels 0.

    Args:
        seed: of the data.
        delay: of the label behind the spike, 0 in FIT and 1 … 4 in WinIT.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples, which the source does not have.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory, or a delay that is negative or as long as the series.

    Source: Tonekaboni et al. (FIT), NeurIPS 2020; with delays: Leung et al., WinIT, ICLR 2023.
    """
    if not 0 <= delay < time:
        raise ParameterError(f"delay must be 0 … {time - 1} for {time} time steps, got {delay}")

    def draw(rng: np.random.Generator, count: int) -> StepwiseSplit:
        spikes = _draw_spikes(rng, count, time)
        series = _base(rng, count, time) + HEIGHT * spikes
        first = spikes[:, :, 0] & (spikes[:, :, 0].cumsum(axis=1) == 1)
        truth = np.zeros(series.shape, dtype=np.float32)
        truth[:, :, 0] = first
        labels = np.zeros((count, time), dtype=np.int64)
        labels[:, delay:] = first.cumsum(axis=1)[:, : time - delay]
        return StepwiseSplit(series.astype(np.float32), labels, truth)

    rng = np.random.default_rng(seed)
    return draw_splits(draw, rng, time=time, features=FEATURES, train=train, validation=validation, test=test)


def _base(rng: np.random.Generator, count: int, time: int) -> Floats:
    """Return series without spikes, (count, time, features)."""
    drawn = np.stack([base.draw(rng, (count, time)) for base in BASES], axis=2)
    drawn += NOISE * rng.standard_normal(drawn.shape) + TRENDS * np.arange(time)[:, None]
    reach = np.ptp(drawn, axis=1, keepdims=True)
    drawn = drawn / np.where(reach > 0, reach, 1) + OFFSETS
    filtered: Floats = lfilter(*butter(ORDER, CUTOFF, fs=RATE), drawn, axis=1)
    return filtered


def _draw_spikes(rng: np.random.Generator, count: int, time: int) -> NDArray[np.bool_]:
    """Return where spikes are, (count, time, features)."""
    shape = (count, 1, FEATURES)
    numbers = rng.poisson(MEAN, shape) * (rng.random(shape) < SHARE)
    return rng.random((count, time, FEATURES)).argsort(axis=1).argsort(axis=1) < numbers
