"""Intervals over seeds, and whether an accuracy exceeds chance."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean and its bounds; NaN where there are too few values for bounds."""

    mean: float
    low: float
    high: float

    def within(self, low: float, high: float) -> "Interval":
        """Return the interval cut to the values that are possible at all."""
        return Interval(self.mean, float(np.maximum(self.low, low)), float(np.minimum(self.high, high)))


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean of one value a seed and Student's 95 % confidence interval of that mean, m ± t·s/√n.

    The bounds are NaN below two values.
    """
    return _interval(values, lambda n: 1 / n)


def prediction_interval(values: Sequence[float], runs: int = 1) -> Interval:
    """Return the mean and the 95 % interval in which the mean of further runs is expected, m ± t·s·√(1/runs + 1/n).

    The bounds are NaN below two values.
    """
    return _interval(values, lambda n: 1 / runs + 1 / n)


def _interval(values: Sequence[float], variance_factor: Callable[[int], float]) -> Interval:
    n = len(values)
    if n == 0:
        return Interval(math.nan, math.nan, math.nan)
    mean = float(np.mean(values))
    if n == 1:
        return Interval(mean, math.nan, math.nan)
    spread = float(np.std(values, ddof=1)) * math.sqrt(variance_factor(n))
    half = float(stats.t.ppf((1 + CONFIDENCE) / 2, df=n - 1)) * spread
    return Interval(mean, mean - half, mean + half)


def is_at_chance(correct: int, tested: int, majority: float) -> bool:
    """Return whether correct answers out of tested are no more than always naming the majority class explains.

    One-sided binomial test against the majority's share at the 5 % level.
    """
    return float(stats.binomtest(correct, tested, majority, alternative="greater").pvalue) > 1 - CONFIDENCE
