"""Bounds of pooled scores: those of a pooled mean are the hierarchical bootstrap's, and differences have a p."""

import math

import numpy as np
import pytest

from saltbench.benchmark.metrics.pooling import Pool, deviations
from saltbench.benchmark.statistics.bootstrap import hierarchical_interval
from saltbench.benchmark.statistics.pooled_bootstrap import pooled_interval, pooled_p


def pooled_mean(values):
    """A mean over samples as a pooled score: with its resamples' deviations."""
    pool = Pool.of(lambda counts: counts @ values / counts.sum(axis=1), len(values))
    return np.append(pool.score, deviations(pool, len(values)))


@pytest.mark.parametrize("sizes", [(40,), (20, 20), (10, 30, 20), (15,) * 6])
def test_a_pooled_mean_has_the_bounds_of_the_hierarchical_bootstrap(sizes):
    rng = np.random.default_rng(len(sizes))
    per_seed = [rng.normal(rng.normal(), 2, size) for size in sizes]
    expected = hierarchical_interval(per_seed, draws=10000)
    found = pooled_interval([pooled_mean(values) for values in per_seed], draws=10000)
    assert found.mean == pytest.approx(expected.mean, abs=1e-12)
    # 2,000 resamples of each seed: their quantiles are within 8 % of the interval's width
    assert found[1:] == pytest.approx(expected[1:], abs=0.08 * (expected.high - expected.low))


def test_seeds_and_resamples_without_a_score_are_left_out():
    known = pooled_mean(np.array([1.0, 2.0, 4.0]))
    unknown = np.full_like(known, np.nan)
    assert pooled_interval([known, unknown]) == pooled_interval([known])
    holed = np.where(np.arange(len(known)) % 2 == 1, np.nan, known)
    assert pooled_interval([holed]).mean == known[0]
    assert all(map(math.isfinite, pooled_interval([holed])))
    assert all(map(math.isnan, pooled_interval([unknown])))
    assert math.isnan(pooled_p([unknown]))
    alone = np.append(0.5, np.full(5, np.nan))  # a score whose resamples have none
    assert pooled_interval([alone]).mean == 0.5
    assert all(map(math.isnan, pooled_interval([alone])[1:]))
    assert math.isnan(pooled_p([alone]))


def test_p_tells_a_difference_from_noise():
    rng = np.random.default_rng(0)
    shifted, noise = rng.normal(1, 1, 60), rng.normal(0, 1, 60)
    noise -= noise.mean()
    assert pooled_p([pooled_mean(shifted)]) < 0.01
    assert pooled_p([pooled_mean(-shifted)]) < 0.01
    assert pooled_p([pooled_mean(noise)]) > 0.5
    assert pooled_p([pooled_mean(np.zeros(5))]) == 1.0
