"""Bounds of a mean over seeds of pooled scores, which are computed again in every draw."""

from collections.abc import Sequence

import numpy as np

from .bootstrap import DRAWS, UNKNOWN, inflation
from .intervals import CONFIDENCE, Interval
from .signed_rank import Values


def pooled_interval(per_seed: Sequence[Values], *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean over seeds of a pooled score, and its 95 % bounds by the draws of `hierarchical_interval`.

    A draw takes S of the S seeds with replacement and, each time that a seed is taken, a resample of its samples, for
    which the score was computed again: w is the mean of what these scores lie above those of their seeds.

    Args:
        per_seed: for each seed its score and the deviations of its resamples' scores, (1 + resamples,); seeds without
            a score are left out, and so are resamples without one.
        draws: of seeds.
        seed: of the draws.

    Returns:
        The mean and its bounds; NaN without a score.
    """
    known = _known(per_seed)
    if not known:
        return UNKNOWN
    mean, tail = float(np.mean([of_seed[0] for of_seed in known])), (1 - CONFIDENCE) / 2
    low, high = np.quantile(_distances(known, draws, seed), [tail, 1 - tail])
    return Interval(mean, float(mean + low), float(mean + high))


def pooled_p(per_seed: Sequence[Values], *, draws: int = DRAWS, seed: int = 0) -> float:
    """Return the two-sided bootstrap p of a mean over seeds being 0: twice the share of draws on its other side.

    Args:
        per_seed: as those of `pooled_interval`, of differences.
        draws: of seeds.
        seed: of the draws.
    """
    known = _known(per_seed)
    if not known:
        return float("nan")
    found = float(np.mean([of_seed[0] for of_seed in known])) + _distances(known, draws, seed)
    if np.isnan(found).any():
        return float("nan")
    beyond = min(np.count_nonzero(found <= 0), np.count_nonzero(found >= 0))
    return float(min(1.0, 2 * (beyond + 1) / (draws + 1)))


def _known(per_seed: Sequence[Values]) -> list[Values]:
    return [of_seed for of_seed in per_seed if not np.isnan(of_seed[0])]


def _distances(per_seed: Sequence[Values], draws: int, seed: int) -> Values:
    """Return how far draws lie from the mean, (draws,); NaN where no resample of a seed has a score."""
    rng, seeds = np.random.default_rng(seed), len(per_seed)
    scores = np.array([of_seed[0] for of_seed in per_seed])
    times = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=draws)
    distances: Values = inflation(seeds) * (times @ (scores - scores.mean()))
    for taken, of_seed in zip(times.T, per_seed, strict=True):
        deviations = of_seed[1:][~np.isnan(of_seed[1:])]
        for nth in range(taken.max()):
            drawn = np.resize(rng.permutation(deviations), draws) if len(deviations) else np.full(draws, np.nan)
            distances += np.where(taken > nth, drawn, 0.0)
    return distances / seeds
