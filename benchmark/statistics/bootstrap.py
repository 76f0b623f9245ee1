"""Bounds of a mean over seeds and samples, by a hierarchical bootstrap."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from .intervals import CONFIDENCE, Interval

Values = NDArray[np.float64]

DRAWS = 2000
CHUNK = 2**21  # numbers in the largest array: 16 MiB of float64
TILE = 16  # columns: without a rest, most matrix products round a column alike whatever stands beside it


def hierarchical_interval(per_seed: Sequence[Values], *, draws: int = DRAWS, seed: int = 0) -> Interval:
    """Return the mean over seeds of the mean over samples, and its 95 % bounds by a hierarchical bootstrap.

    A draw takes S of the S seeds, and of each of them as many of its samples as it has, both with replacement. Its
    distance from the mean is b + w, b between the means of the seeds, w between their samples; the bounds are the mean
    plus the 2.5 and 97.5 percentiles of c·b + w, where c = √(S / (S − 1)) · t(.975, S − 1) / z(.975), which is 9.2,
    2.7, 1.6 and 1.2 for 2, 3, 5 and 10 seeds (see `inflation`).

    In simulations with normal scores, 50 samples a seed and 2, 3, 5 and 10 seeds, 94 to 95 % of such intervals held the
    true mean where the seeds differ far more than their samples' noise explains; without c it was 56, 74, 83 and 90 %.
    Where the seeds do not differ, it is 99 %: the samples' noise shows in the means of the seeds too, and counts twice.
    With skewed scores (exponential) and seeds that differ, 88 to 90 %, as for Student's interval. With one seed the
    bounds speak about the samples of this one network alone.

    Args:
        per_seed: for each seed the scores (samples,); NaN are left out, and so are seeds that have no other.
        draws: resamples.
        seed: of the resamples. The same sizes and seed give the same resamples, whatever the scores.

    Returns:
        The mean and its bounds; all NaN without a score.

    Source: A. C. Davison & D. V. Hinkley, Bootstrap Methods and their Application, 1997, section 3.8; T. C. Hesterberg,
    What Teachers Should Know About the Bootstrap, The American Statistician 69, 2015 (too narrow for few values).
    """
    return hierarchical_intervals([per_seed], draws=draws, seed=seed)[0]


def hierarchical_intervals(columns: Sequence[Sequence[Values]], *, draws: int = DRAWS, seed: int = 0) -> list[Interval]:
    """Return the `hierarchical_interval` of each column; columns of equal sizes share resamples, which saves time."""
    scored = [_without_nan(per_seed) for per_seed in columns]
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for index, per_seed in enumerate(scored):
        alike[tuple(map(len, per_seed))].append(index)
    intervals = [Interval(math.nan, math.nan, math.nan)] * len(columns)
    with threadpool_limits(1, "blas"):  # the order of sums, and so the last bit, depends on the number of threads
        for sizes, indices in alike.items():
            for part in _parts(indices, CHUNK // max(draws, sum(sizes))) if sizes else ():
                found = _intervals([scored[index] for index in part], np.random.default_rng(seed), draws)
                for index, interval in zip(part, found, strict=True):
                    intervals[index] = interval
    return intervals


def _without_nan(per_seed: Sequence[Values]) -> list[Values]:
    known = (values[~np.isnan(values)] for values in map(np.asarray, per_seed))
    return [values for values in known if len(values)]


def _parts(indices: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    size = max(size, 1)
    for start in range(0, len(indices), size):
        yield indices[start : start + size]


def _intervals(columns: Sequence[Sequence[Values]], rng: np.random.Generator, draws: int) -> Iterator[Interval]:
    samples = [np.stack(of_seed) for of_seed in zip(*columns, strict=True)]  # a seed's (columns, samples)
    means = np.stack([of_seed.mean(axis=1) for of_seed in samples], axis=1)  # (columns, seeds)
    centre = means.mean(axis=1)
    between = inflation(len(samples)) * _padded(means - centre[:, None])
    within = [_padded(of_seed - of_seed.mean(axis=1, keepdims=True)) for of_seed in samples]
    distances = np.concatenate(list(_distances(between, within, rng, draws)))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(distances[:, : len(columns)], [tail, 1 - tail], axis=0)
    for mean, below, above in zip(centre, low, high, strict=True):
        yield Interval(float(mean), float(mean + below), float(mean + above))


def _padded(values: Values) -> Values:
    return np.pad(values, ((0, -len(values) % TILE), (0, 0)))


def _distances(between: Values, within: Sequence[Values], rng: np.random.Generator, draws: int) -> Iterator[Values]:
    """Yield the distances of draws from the mean, (some draws, columns)."""
    seeds = len(within)
    rows = max(1, CHUNK // max(of_seed.shape[1] for of_seed in within))
    for start in range(0, draws, rows):
        times = rng.multinomial(seeds, np.full(seeds, 1 / seeds), size=min(rows, draws - start))  # each seed is taken
        distances = times.astype(float) @ between.T
        for taken, of_seed in zip(times.T, within, strict=True):
            size = of_seed.shape[1]
            # n samples drawn for each time that the seed was taken
            counts = rng.multinomial(taken * size, np.full(size, 1 / size))
            distances += counts.astype(float) @ of_seed.T / size
        yield distances / seeds


def inflation(seeds: int) -> float:
    """Return c = √(S / (S − 1)) · t(.975, S − 1) / z(.975), by which resampled means of S seeds spread too little.

    S values drawn from themselves spread less than what they stand for, by √((S − 1) / S), and how far that spreads is
    itself uncertain, hence Student's t. It is 0 for a single seed, which does not spread.
    """
    if seeds == 1:
        return 0.0
    quantile = (1 + CONFIDENCE) / 2
    student = float(stats.t.ppf(quantile, seeds - 1) / stats.norm.ppf(quantile))
    return math.sqrt(seeds / (seeds - 1)) * student
