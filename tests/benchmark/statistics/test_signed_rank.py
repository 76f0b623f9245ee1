"""Wilcoxon's signed-rank test against SciPy, enumeration and the literature."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from saltbench.benchmark.statistics.signed_rank import holm, signed_rank

# Demšar 2006, table 2: AUC of C4.5 and of C4.5 with the parameter m tuned, on 14 data sets
C45 = [0.763, 0.599, 0.954, 0.628, 0.882, 0.936, 0.661, 0.583, 0.775, 1.000, 0.940, 0.619, 0.972, 0.957]
C45_M = [0.768, 0.591, 0.971, 0.661, 0.888, 0.931, 0.668, 0.583, 0.838, 1.000, 0.962, 0.666, 0.981, 0.978]

STEPS = st.lists(st.integers(-6, 6), min_size=1, max_size=9)


def column(values):
    return np.array(values, dtype=float)[:, None]


def sums(values):
    """R⁺ and R⁻ by hand, zeros split evenly."""
    ranks = stats.rankdata(np.abs(values))
    halves = ranks[values == 0].sum() / 2
    return ranks[values > 0].sum() + halves, ranks[values < 0].sum() + halves


def test_example_of_demsar():
    # the paper: R⁺ = 93, R⁻ = 12, at the 5 % level significant for N = 14 (critical value 21)
    differences = np.round(np.array(C45_M) - C45, 6)
    assert sums(differences) == (93, 12)
    found = signed_rank(np.array(C45_M)[:, None] - np.array(C45)[:, None])
    assert found.effect[0] == pytest.approx((93 - 12) / 105, abs=1e-14)
    assert found.p[0] < 0.05


def test_example_of_wilcoxon_as_in_scipys_documentation():
    found = signed_rank(column([6, 8, 14, 16, 23, 24, 28, 29, 41, -48, 49, 56, 60, -67, 75]))
    assert found.p[0] == pytest.approx(0.041259765625, abs=1e-15)
    assert found.effect[0] == pytest.approx((96 - 24) / 120)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_few_pairs_against_enumeration_of_all_signs(values):
    values = np.array(values, dtype=float)
    ranks = stats.rankdata(np.abs(values)) * (values != 0)
    found = abs((np.sign(values) * ranks).sum())
    all_signs = [abs(np.dot(signs, ranks)) for signs in product([-1, 1], repeat=len(values))]
    expected = np.mean([value >= found - 1e-9 for value in all_signs])
    assert signed_rank(values[:, None]).p[0] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("pairs", [2, 8, 13, 24, 50])
def test_exact_without_ties_against_scipy(pairs):
    values = np.random.default_rng(pairs).normal(0.3, 1, size=(pairs, 5))
    expected = [stats.wilcoxon(values[:, i], method="exact").pvalue for i in range(5)]
    assert signed_rank(values).p == pytest.approx(np.array(expected), abs=1e-12)


@pytest.mark.parametrize("decimals", [1, 6])
def test_many_pairs_against_scipy(decimals):
    values = np.random.default_rng(1).normal(0.1, 1, size=(300, 6)).round(decimals)
    values[:4, 2] = 0
    expected = [stats.wilcoxon(values[:, i], zero_method="zsplit").pvalue for i in range(6)]
    found = signed_rank(values)
    assert found.p == pytest.approx(np.array(expected), rel=1e-9)
    for i in range(6):
        positive, negative = sums(values[:, i])
        assert found.effect[i] == pytest.approx((positive - negative) / (positive + negative), abs=1e-12)


def test_exact_and_approximate_meet_at_50_pairs():
    values = np.random.default_rng(7).normal(0.25, 1, size=(51, 20)).round(1)
    exact = signed_rank(values[:50]).p
    approximate = [stats.wilcoxon(values[:50, i], zero_method="zsplit", method="asymptotic").pvalue for i in range(20)]
    assert exact == pytest.approx(np.array(approximate), abs=0.01)


def test_missing_pairs_are_left_out_column_by_column():
    values = np.random.default_rng(2).normal(size=(20, 4))
    holed = values.copy()
    holed[3:7, 1] = math.nan
    holed[:, 2] = math.nan
    found = signed_rank(holed)
    assert found.p[1] == signed_rank(np.delete(values[:, 1:2], range(3, 7), axis=0)).p[0]
    assert math.isnan(found.p[2])
    assert math.isnan(found.effect[2])
    assert found.p[[0, 3]] == pytest.approx(signed_rank(values[:, [0, 3]]).p, abs=0)


@pytest.mark.parametrize("pairs", [1, 5, 60])
def test_equal_scores_are_no_evidence(pairs):
    assert signed_rank(np.zeros((pairs, 1))) == (1.0, 0.0)
    # nor are scores that differ by rounding alone
    assert signed_rank(np.full((pairs, 1), 1e-16)) == (1.0, 0.0)


def test_effect_is_one_where_every_difference_is_positive():
    values = np.random.default_rng(3).uniform(0.1, 1, size=(30, 1))
    assert signed_rank(values).effect[0] == 1
    assert signed_rank(-values).effect[0] == -1
    assert signed_rank(values).p == signed_rank(-values).p


def test_holm_by_hand():
    # Holm 1979: the smallest times 4, the next times 3, …, and never less than the one before
    assert holm(np.array([0.01, 0.04, 0.03, 0.005])) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_against_statsmodels():
    p = np.random.default_rng(0).uniform(0, 0.2, size=40)
    assert holm(p) == pytest.approx(multipletests(p, method="holm")[1], abs=1e-15)


@given(st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=12))
def test_holm_against_its_definition(p):
    # not against statsmodels, which collects garbage in every call: seconds for these examples
    known = sorted((value, place) for place, value in enumerate(p) if not math.isnan(value))
    expected, least = [math.nan] * len(p), 0.0
    for rank, (value, place) in enumerate(known):
        expected[place] = least = min(1.0, max(least, value * (len(known) - rank)))
    assert holm(np.array(p, dtype=float)) == pytest.approx(expected, abs=1e-15, nan_ok=True)


@pytest.mark.parametrize("decimals", [0, 1, 12])
def test_many_columns_against_scipy_with_ties_zeros_and_one_sign(decimals):
    rng = np.random.default_rng(decimals)
    differences = np.round(rng.normal(0.1, 1, size=(120, 9)), decimals)
    differences[:, 0] = 0
    differences[:, 1] = -np.abs(differences[:, 1])
    found = stats.wilcoxon(differences, zero_method="zsplit", alternative="greater", method="asymptotic", axis=0)
    tested = signed_rank(differences)
    np.testing.assert_allclose(tested.p, 2 * stats.norm.sf(np.abs(found.zstatistic)), rtol=1e-12)
    np.testing.assert_array_equal(tested.effect, 4 * found.statistic / (120 * 121) - 1)
