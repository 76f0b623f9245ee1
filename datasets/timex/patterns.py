"""Put the pattern of a class into one series, and mark where: spikes, slopes, plateaus, waves."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..processes.narma import Floats

Rng = np.random.Generator


@dataclass(frozen=True)
class Pattern:
    """A class's pattern in the making.

    Attributes:
        series: float64 (time, features), changed in place.
        truth: float64 (time, features), set to 1 where the pattern is.
        sensor: one feature, the same in all samples of a data set.
    """

    series: Floats
    truth: Floats
    sensor: int

    @property
    def time(self) -> int:
        """Number of time steps."""
        return len(self.series)

    def put(self, start: int, feature: int, values: Floats) -> None:
        """Put values (steps,) into a feature from a step on, and mark them."""
        self.series[start : start + len(values), feature] = values
        self.truth[start : start + len(values), feature] = 1

    def two_sensors(self, rng: Rng) -> tuple[int, int]:
        """Return two features at random, or the only one twice."""
        if self.series.shape[1] == 1:
            return 0, 0
        first, second = rng.choice(self.series.shape[1], size=2, replace=False)
        return int(first), int(second)


Put = Callable[[Rng, int, Pattern], None]

UP: Floats = np.array([1.75, 2.0, 1.75])  # of its code's 2 − x² / 4
PERIODS = (10, 10, 17, 17)  # of each class
DIRECTIONS = {1: (-1, -1), 2: (1, 1), 3: (1, -1)}  # of the two slopes of each class; 1 rises
WAVES = (0.25, 0.5, 1.0, 2.0)  # frequency of each class
LEVEL, PLATEAU = 1.5, 20


def frequent_shapes(rng: Rng, label: int, pattern: Pattern) -> None:
    """Add spikes of three steps, down in classes 0 and 2 and up in 1 and 3, every 10 or 17 steps."""
    _add_spikes(rng, label, pattern, UP if label % 2 else -UP, slack=0)


def frequent_pairs(rng: Rng, label: int, pattern: Pattern) -> None:
    """Add pairs of spikes, down and up in classes 0 and 2 and up and down in 1 and 3, every 10 or 17 steps."""
    _add_spikes(rng, label, pattern, np.concatenate((UP, -UP) if label % 2 else (-UP, UP)), slack=5)


def _add_spikes(rng: Rng, label: int, pattern: Pattern, shape: Floats, slack: int) -> None:
    period = PERIODS[label]
    centres = np.arange(rng.integers(pattern.time - period - slack), pattern.time, period)
    starts = centres - len(shape) // 2
    for start in starts[(starts >= 0) & (starts + len(shape) <= pattern.time)]:
        pattern.put(start, 0, pattern.series[start : start + len(shape), 0] + shape)


@dataclass(frozen=True)
class Slopes:
    """Two sub-sequences one after another, which fall and fall, rise and rise, or rise and fall; class 0 has none.

    Attributes:
        lengths: of a sub-sequence, from and up to, the end excluded.
        wiggles: mean of the Poisson number a in sin(a · x).
        first: start and length of the first one; None draws them.
        in_line: whether it is scaled to the range of the series.
    """

    lengths: tuple[int, int]
    wiggles: float
    first: tuple[int, int] | None = None
    in_line: bool = False

    def __call__(self, rng: Rng, label: int, pattern: Pattern) -> None:
        """Put the two sub-sequences of a class into a series, (time, features), and mark them."""
        if label == 0:
            return
        low, high = pattern.series.min(), pattern.series.max()
        reach = (low, high) if self.in_line else (-5 * abs(low), 5 * abs(high))
        end = 0
        for number, feature in enumerate(pattern.two_sensors(rng)):
            length = int(rng.integers(*self.lengths))
            if number:
                start = int(rng.integers(end, pattern.time - length))
            elif self.first:
                start, length = self.first
            else:
                start = int(rng.integers(pattern.time // 2))
            end = start + length
            pattern.put(start, feature, self._slope(rng, length, reach[:: DIRECTIONS[label][number]]))

    def _slope(self, rng: Rng, length: int, ends: tuple[float, ...]) -> Floats:
        wiggles = rng.poisson(self.wiggles)
        places = np.arange(length) - length // 2
        frequency = max(8, wiggles) if self.in_line else wiggles
        values = (ends[1] - ends[0]) / length * places + np.sin(frequency * places)
        if not self.in_line:
            return np.asarray(values)
        return np.asarray((values - values.min() - 2) / (np.ptp(values) + 1) * (1 + abs(rng.standard_normal())))


def low_variance(rng: Rng, label: int, pattern: Pattern) -> None:
    """Put a stretch of low variance into a sensor: at −1.5 or 1.5 into sensor 0, at −1.5 or 1.5 into sensor 1."""
    length, start = int(rng.integers(10, 20)), int(rng.integers(20, pattern.time - 40))
    pattern.put(start, label // 2, rng.normal(LEVEL if label % 2 else -LEVEL, 0.1, length))


def matching_plateaus(rng: Rng, label: int, pattern: Pattern) -> None:
    """Put plateaus into two sensors, apart in class 1, overlapping in class 2, where the overlap alone is marked."""
    if label == 0:
        return
    first = int(rng.integers(20, pattern.time - 40))
    if label == 1:
        places = np.arange(pattern.time - PLATEAU)
        second = int(rng.choice(places[(places < first - PLATEAU) | (places >= first + PLATEAU)]))
    else:
        second = int(rng.integers(first - 10, first + 10))
    for start, feature in zip((first, second), pattern.two_sensors(rng), strict=True):
        pattern.put(start, feature, rng.normal(0, 0.01, PLATEAU))
    if label == 2:
        pattern.truth[:] = (pattern.truth.sum(axis=1) == 2)[:, None] & (pattern.truth.any(axis=0))


def tracked_wave(rng: Rng, label: int, pattern: Pattern) -> None:
    """Add a sine to each feature: that of one sensor has the class's frequency, the others any."""
    for feature in range(pattern.series.shape[1]):
        is_tracked = feature == pattern.sensor
        frequency = WAVES[label] if is_tracked else rng.choice(np.linspace(0.25, 2, 50))
        steps = rng.integers(pattern.time - 2) + np.arange(pattern.time)
        pattern.series[:, feature] += rng.choice(np.linspace(-5, 5, 50)) * np.sin(frequency * steps)
        pattern.truth[:, feature] = is_tracked


def counted_spikes(rng: Rng, label: int, pattern: Pattern) -> None:
    """Put label + 1 spikes, three times the largest value, at the same steps of two sensors."""
    steps = rng.choice(pattern.time, size=label + 1, replace=False)
    for feature in pattern.two_sensors(rng):
        pattern.series[steps, feature] = 3 * pattern.series[:, feature].max()
        pattern.truth[steps, feature] = 1


def one_spike(rng: Rng, label: int, pattern: Pattern) -> None:
    """Put one spike anywhere, down in class 1 and up in class 2."""
    _put_spikes(rng, label, pattern, 1)


def several_spikes(rng: Rng, label: int, pattern: Pattern) -> None:
    """Put one spike or more, half of 8 on average, anywhere, down in class 1 and up in class 2."""
    _put_spikes(rng, label, pattern, max(1, rng.binomial(8, 0.5)))


def _put_spikes(rng: Rng, label: int, pattern: Pattern, number: int) -> None:
    if label == 0:
        return
    height = (-5, 5)[label - 1] * abs(pattern.series).max()
    steps, features = (rng.integers(size, size=number) for size in pattern.series.shape)
    pattern.series[steps, features] = height
    pattern.truth[steps, features] = 1
