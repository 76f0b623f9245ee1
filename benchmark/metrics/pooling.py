"""Pooled metrics: one score of all samples together, computed again for other numbers of copies of each sample."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from .arrays import Floats
from .maps import Maps

RESAMPLES = 2000
AT_ONCE = 64  # resamples, whose arrays stay in the cache


@dataclass(frozen=True, eq=False)
class Pool:
    """The score of samples together.

    Attributes:
        score: of each sample once; NaN where the metric is undefined for them.
        resampled: function of how many copies of each sample there are, (draws, batch), to the scores (draws,). It may
            be of fewer thresholds than the score, since differences between its values alone are used.
    """

    score: float
    resampled: Callable[[Floats], Floats]

    @staticmethod
    def of(resampled: Callable[[Floats], Floats], samples: int) -> "Pool":
        """Return the pool of so many samples whose score is that of one copy of each."""
        return Pool(float(resampled(np.ones((1, samples)))[0]), resampled)


PooledMetric = Callable[..., Pool]  # (parts: Sequence[Maps], **parameters)


def deviations(pool: Pool, samples: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Return how far the scores of resamples of the samples, with replacement, lie from that of each once.

    Args:
        pool: of the samples.
        samples: how many there are.
        resamples: how many are drawn; the same for every pool of as many samples.
        seed: of the draws.

    Returns:
        (resamples,); NaN where the metric is undefined for a resample.
    """
    rng = np.random.default_rng(seed)
    found = np.empty(resamples)
    with threadpool_limits(1, "blas"):  # the order of sums, and so the last bit, depends on the number of threads
        (whole,) = pool.resampled(np.ones((1, samples)))
        for start in range(0, resamples, AT_ONCE):
            some = found[start : start + AT_ONCE]
            counts = rng.multinomial(samples, np.full(samples, 1 / samples), size=len(some))
            some[:] = pool.resampled(counts.astype(np.float64)) - whole
    return found


def each_sample(parts: Sequence[Maps]) -> Iterator[tuple[Maps, int]]:
    """Yield the part and the place in it of each sample, in the order in which pools count them."""
    for part in parts:
        for place in range(len(part.truth)):
            yield part, place


def count(parts: Sequence[Maps]) -> int:
    """Return the number of samples of all parts."""
    return sum(len(part.truth) for part in parts)
