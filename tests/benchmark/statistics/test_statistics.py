import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saltbench.benchmark.statistics.intervals import is_at_chance, mean_interval, prediction_interval

VALUES = st.lists(st.floats(-100, 100).map(lambda value: round(value, 3)), min_size=2, max_size=8)


def test_mean_interval_by_hand():
    # mean 4, s = 2, n = 3; t(0.975, 2) = 4.302653 from the printed table: 4 ± 4.302653 · 2 / √3
    mean, low, high = mean_interval([2.0, 4.0, 6.0])
    half = 4.302653 * 2 / math.sqrt(3)
    assert mean == 4
    assert (low, high) == pytest.approx((4 - half, 4 + half), abs=1e-5)


def test_prediction_interval_by_hand():
    # one further run: 4 ± 4.302653 · 2 · √(1 + 1/3)
    mean, low, high = prediction_interval([2.0, 4.0, 6.0])
    half = 4.302653 * 2 * math.sqrt(4 / 3)
    assert mean == 4
    assert (low, high) == pytest.approx((4 - half, 4 + half), abs=1e-5)


@settings(max_examples=50)
@given(VALUES)
def test_mean_interval_against_scipy(values):
    mean, low, high = mean_interval(values)
    if len(set(values)) == 1:
        assert (mean, low, high) == pytest.approx((values[0],) * 3)
        return
    expected = stats.ttest_1samp(values, 0.0).confidence_interval(0.95)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert mean == pytest.approx(sum(values) / len(values), abs=1e-9)


@settings(max_examples=50)
@given(VALUES)
def test_prediction_is_wider_by_the_root_of_n_plus_one(values):
    of_mean, of_run = mean_interval(values), prediction_interval(values)
    wider = (of_mean.high - of_mean.mean) * math.sqrt(len(values) + 1)
    assert of_run.high - of_run.mean == pytest.approx(wider, abs=1e-8)
    assert of_run.mean - of_run.low == pytest.approx(wider, abs=1e-8)


@pytest.mark.parametrize("interval", [mean_interval, prediction_interval])
def test_too_few_values(interval):
    assert all(math.isnan(value) for value in interval([]))
    mean, low, high = interval([0.25])
    assert mean == 0.25
    assert math.isnan(low)
    assert math.isnan(high)


def test_coverage_of_the_mean_interval():
    # 95 % of intervals hold the true mean: of 2000, 1900 ± 5 · √(2000 · .95 · .05)
    draws = stats.norm.rvs(loc=3, scale=2, size=(2000, 4), random_state=1)
    held = sum(low <= 3 <= high for _, low, high in map(mean_interval, draws.tolist()))
    assert abs(held - 1900) < 49


def test_coverage_of_the_prediction_interval():
    draws = stats.norm.rvs(loc=3, scale=2, size=(2000, 5), random_state=2).tolist()
    intervals = ((prediction_interval(row[:4]), row[4]) for row in draws)
    held = sum(interval.low <= further <= interval.high for interval, further in intervals)
    assert abs(held - 1900) < 49


def tail(correct, tested, share):
    return math.fsum(math.comb(tested, k) * share**k * (1 - share) ** (tested - k) for k in range(correct, tested + 1))


@pytest.mark.parametrize("tested", [1, 2, 7, 20])
@pytest.mark.parametrize("majority", [0.1, 0.5, 0.55, 0.9, 1.0])
def test_is_at_chance_against_exact_sums(tested, majority):
    for correct in range(tested + 1):
        assert is_at_chance(correct, tested, majority) == (tail(correct, tested, majority) > 0.05)


def test_is_at_chance_at_the_sizes_of_the_source():
    # 300 samples, half of them the majority: 164 right are within chance (p = .06), 165 are not (p = .047)
    assert is_at_chance(164, 300, 0.5)
    assert not is_at_chance(165, 300, 0.5)
    assert tail(164, 300, 0.5) > 0.05 > tail(165, 300, 0.5)


def test_an_interval_is_cut_to_what_is_possible():
    interval = mean_interval([0.0, 0.1, 0.0])
    assert interval.low < 0
    assert interval.within(0, 1) == (interval.mean, 0.0, interval.high)
    assert mean_interval([1.0, 0.9, 1.0]).within(0, 1).high == 1.0
    alone = mean_interval([0.5]).within(0, 1)
    assert math.isnan(alone.low)
    assert math.isnan(alone.high)
