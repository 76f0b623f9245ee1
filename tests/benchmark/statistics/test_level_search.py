"""The search for a level: as low as reaches the value, in few calls."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.benchmark.statistics.level_search import CLOSE, find_level

LIMITS = {"start": 2.0, "lowest": 1 / 64, "highest": 16.0}


@settings(max_examples=200)
@given(st.floats(1 / 64, 16))
def test_the_lowest_level_that_reaches_the_value_is_found_to_ten_per_cent(threshold):
    found = find_level(lambda level: level, threshold, **LIMITS, most=20)
    assert found.is_reached
    assert found.value == found.level
    assert threshold <= found.level <= threshold * CLOSE * 1.01  # levels have three digits
    assert len(found.tried) <= 12


@given(st.floats(0.001, 100), st.integers(1, 12))
def test_few_calls_give_what_they_found(threshold, most):
    calls = []

    def value_at(level):
        calls.append(level)
        return float(level >= threshold)

    found = find_level(value_at, 1.0, **LIMITS, most=most)
    assert [level for level, _ in found.tried] == calls
    assert len(set(calls)) == len(calls) <= most
    assert all(1 / 64 <= level <= 16 for level in calls)
    assert found.is_reached == any(level >= threshold for level in calls)
    if found.is_reached:
        assert found.level == min(level for level in calls if level >= threshold)


@given(st.floats(0.1, 10), st.floats(0.1, 10))
def test_a_higher_value_needs_no_lower_level(one, other):
    levels = [
        find_level(math.tanh, math.tanh(min(wanted, 5)), **LIMITS, most=12).level for wanted in sorted((one, other))
    ]
    assert levels[0] <= levels[1]


def test_where_the_value_is_out_of_reach_the_nearest_level_is_told():
    found = find_level(lambda level: min(level, 4.0), 5.0, **LIMITS, most=8)
    assert (found.level, found.value, found.is_reached) == (4.0, 4.0, False)
    assert found.tried == ((2.0, 2.0), (4.0, 4.0), (8.0, 4.0), (16.0, 4.0))


def test_the_lowest_level_there_is_may_be_enough():
    found = find_level(lambda _level: 1.0, 0.5, **LIMITS, most=30)
    assert (found.level, found.is_reached) == (pytest.approx(1 / 64), True)
