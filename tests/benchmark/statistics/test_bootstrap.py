"""The hierarchical bootstrap against closed forms, slow resampling and its promised coverage."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from saltbench.benchmark.statistics import bootstrap
from saltbench.benchmark.statistics.bootstrap import (
    hierarchical_interval,
    hierarchical_intervals,
    inflation,
    intervals_of_blocks,
)
from saltbench.benchmark.statistics.intervals import mean_interval

VALUES = st.lists(st.integers(0, 1000).map(lambda value: value / 1000), min_size=1, max_size=12).map(np.array)


def slow(per_seed, draws, rng):
    """Bounds as the docstring states them, one draw after the other."""
    seeds = len(per_seed)
    means = [values.mean() for values in per_seed]
    centre = sum(means) / seeds
    c = math.sqrt(seeds / (seeds - 1)) * stats.t.ppf(0.975, seeds - 1) / stats.norm.ppf(0.975) if seeds > 1 else 0
    distances = []
    for _ in range(draws):
        taken = rng.integers(seeds, size=seeds)
        within = [rng.choice(per_seed[seed], len(per_seed[seed])).mean() - means[seed] for seed in taken]
        distances.append(c * (np.mean([means[seed] for seed in taken]) - centre) + np.mean(within))
    return centre + np.quantile(distances, [0.025, 0.975])


@pytest.mark.parametrize("sizes", [(40,), (20, 20), (10, 30, 20), (15,) * 6])
def test_bounds_against_slow_resampling(sizes):
    rng = np.random.default_rng(len(sizes))
    per_seed = [rng.normal(rng.normal(), 2, size) for size in sizes]
    mean, low, high = hierarchical_interval(per_seed, draws=10000)
    expected = slow(per_seed, 10000, rng)
    assert mean == pytest.approx(np.mean([values.mean() for values in per_seed]), abs=1e-12)
    # both are estimates from 10,000 draws: their quantiles are within 6 % of the interval's width
    assert (low, high) == pytest.approx(tuple(expected), abs=0.06 * (high - low))


def test_one_seed_against_scipy():
    values = np.random.default_rng(5).exponential(size=60)
    expected = stats.bootstrap((values,), np.mean, method="percentile", n_resamples=20000, rng=1).confidence_interval
    found = hierarchical_interval([values], draws=10000)
    assert found[1:] == pytest.approx(tuple(expected), abs=0.04 * (expected.high - expected.low))


def test_two_seeds_without_noise_in_closed_form():
    # a draw of the seeds 0 and 1 is 0, 1/2 or 1 with chances 1/4, 1/2, 1/4: both percentiles are the outer values
    mean, low, high = hierarchical_interval([np.zeros(5), np.ones(5)])
    half = 0.5 * math.sqrt(2) * 12.706205 / 1.959964  # t(.975, 1) and z(.975) of the printed tables
    assert mean == 0.5
    assert (low, high) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)


def test_a_seed_that_is_taken_twice_brings_its_noise_twice():
    # one seed's samples are ±1, the other's are 0: the noise has 0, 1 or 2 parts, with chances 1/4, 1/2, 1/4
    found = hierarchical_interval([np.tile([-1.0, 1.0], 200), np.zeros(400)], draws=40000)

    def beyond(bound):
        return stats.norm.sf(bound) / 2 + stats.norm.sf(bound / math.sqrt(2)) / 4 - 0.025

    expected = optimize.brentq(beyond, 1, 4) / math.sqrt(400) / 2
    assert found[1:] == pytest.approx((-expected, expected), rel=0.03)


def test_inflation_by_the_printed_tables():
    assert inflation(1) == 0
    for seeds, student in [(2, 12.706205), (3, 4.302653), (5, 2.776445), (10, 2.262157)]:
        assert inflation(seeds) == pytest.approx(math.sqrt(seeds / (seeds - 1)) * student / 1.959964, rel=1e-6)
    assert inflation(10**6) == pytest.approx(1, abs=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.lists(VALUES, min_size=1, max_size=4))
def test_bounds_hold_the_mean_and_move_with_the_scores(per_seed):
    mean, low, high = hierarchical_interval(per_seed, draws=200)
    assert low <= mean + 1e-12
    assert mean <= high + 1e-12
    moved = hierarchical_interval([3 * values + 7 for values in per_seed], draws=200)
    assert tuple(moved) == pytest.approx((3 * mean + 7, 3 * low + 7, 3 * high + 7), abs=1e-9)
    mirrored = hierarchical_interval([-values for values in per_seed], draws=200)
    assert mirrored[1:] == pytest.approx((-high, -low), abs=1e-9)


def test_equal_scores_have_no_width():
    assert hierarchical_interval([np.ones(7), np.ones(4)]) == (1.0, 1.0, 1.0)
    assert hierarchical_interval([np.zeros(3)]) == (0.0, 0.0, 0.0)


def test_undefined_scores_are_left_out():
    nan = math.nan
    known = [np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0])]
    holed = [np.array([1.0, nan, 2.0, 4.0]), np.array([nan, nan]), np.array([3.0, 5.0, nan])]
    assert hierarchical_interval(holed) == hierarchical_interval(known)
    for empty in ([], [np.array([])], [np.array([nan, nan])]):
        assert all(math.isnan(value) for value in hierarchical_interval(empty))


def test_what_stands_beside_a_column_changes_rounding_alone():
    rng = np.random.default_rng(2)
    shapes = [(30, 30, 30), (30, 29, 30), (12,)]
    columns = [[rng.normal(size=size) for size in shapes[number % 3]] for number in range(53)]
    together = hierarchical_intervals(columns)
    np.testing.assert_allclose(hierarchical_intervals(columns[::-1])[::-1], together, rtol=1e-12, atol=1e-14)
    alone = [hierarchical_interval(column) for column in columns]
    np.testing.assert_allclose(alone, together, rtol=1e-12, atol=1e-14)


def test_memory_is_bounded_by_passes(monkeypatch):
    rng = np.random.default_rng(3)
    columns = [[rng.normal(size=50), rng.normal(size=50)] for _ in range(40)]
    whole = hierarchical_intervals(columns)
    monkeypatch.setattr(bootstrap, "CHUNK", 5000)  # few columns and few draws at a time
    passes = hierarchical_intervals(columns)
    # the stream of random numbers is another, the bounds are the same up to the noise of the draws
    for one, other in zip(whole, passes, strict=True):
        assert one.mean == other.mean
        assert tuple(one) == pytest.approx(tuple(other), abs=0.15 * (one.high - one.low))


def blocks_of_columns(rng):
    """Blocks of several columns, of which some lack samples, a seed or all, and two blocks without any number."""
    blocks = [[rng.normal(size=(columns, size)) for size in sizes] for columns, sizes in SHAPES]
    blocks[0][1][3, 2:5] = blocks[1][0][7, :] = blocks[3][0][0, :] = math.nan
    return [*blocks, [], [np.full((1, 4), math.nan)]]


SHAPES = ((40, (30, 25)), (33, (30, 25)), (1, (30, 25)), (2, (12,)))


@pytest.mark.parametrize("room", [1, bootstrap.ROOM])
def test_columns_of_blocks_have_the_bounds_of_columns_alone(monkeypatch, room):
    monkeypatch.setattr(bootstrap, "ROOM", room)
    monkeypatch.setattr(bootstrap, "CHUNK", 2000 * 16)  # parts of 16 columns, so that blocks share and split them
    blocks = blocks_of_columns(np.random.default_rng(6))
    columns = [[of_seed[column] for of_seed in block] for block in blocks if block for column in range(len(block[0]))]
    columns.insert(-1, [])
    expected = hierarchical_intervals(columns)
    np.testing.assert_array_equal(intervals_of_blocks(blocks), expected)
    np.testing.assert_allclose(expected, [hierarchical_interval(column) for column in columns], rtol=1e-12, atol=1e-14)
    assert [number for number, found in enumerate(expected) if math.isnan(found.mean)] == [74, 76, 77]


def test_columns_that_share_resamples_are_drawn_as_if_each_part_were_alone(monkeypatch):
    monkeypatch.setattr(bootstrap, "CHUNK", 2000 * 16)
    columns = [[np.random.default_rng(number).normal(size=20)] for number in range(70)]
    together = hierarchical_intervals(columns)
    monkeypatch.setattr(bootstrap, "ROOM", 1)
    assert hierarchical_intervals(columns) == together


def test_the_seed_of_the_resamples():
    columns = [np.random.default_rng(4).normal(size=20), np.arange(20.0)]
    assert hierarchical_interval(columns) == hierarchical_interval(columns, seed=0)
    assert hierarchical_interval(columns) != hierarchical_interval(columns, seed=1)


def coverage(seeds, between, rng, columns, draw):
    spread = between * draw(size=(columns, seeds, 1))
    scores = spread + rng.normal(size=(columns, seeds, 50))
    intervals = hierarchical_intervals([list(column) for column in scores])
    return np.mean([low <= 0 <= high for _, low, high in intervals])


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
@pytest.mark.parametrize(("between", "least", "most"), [(2.0, 0.92, 0.97), (0.5, 0.93, 0.975), (0.0, 0.98, 1.0)])
def test_coverage_is_as_stated(seeds, between, least, most):
    rng = np.random.default_rng(seeds)
    # of 2000 intervals; the standard error of the share is .005
    assert least <= coverage(seeds, between, rng, 2000, rng.normal) <= most


@pytest.mark.slow
def test_without_inflation_few_seeds_are_covered_far_too_seldom(monkeypatch):
    monkeypatch.setattr(bootstrap, "inflation", lambda seeds: 1.0)
    rng = np.random.default_rng(1)
    found = [coverage(seeds, 2.0, rng, 2000, rng.normal) for seeds in (2, 3, 5, 10)]
    assert found == pytest.approx([0.56, 0.74, 0.83, 0.90], abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_skewed_seeds_are_covered_about_as_often_as_by_students_interval(seeds):
    rng = np.random.default_rng(seeds)
    found = coverage(seeds, 2.0, rng, 2000, lambda size: rng.exponential(size=size) - 1)
    means = 2 * (rng.exponential(size=(2000, seeds)) - 1)
    student = np.mean([low <= 0 <= high for _, low, high in map(mean_interval, means.tolist())])
    assert found == pytest.approx(student, abs=0.03)
