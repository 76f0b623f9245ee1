"""Pairs of methods against slow arithmetic."""

import math

import numpy as np
import pytest
from scipy import stats
from score_tables import score_table
from statsmodels.stats.multitest import multipletests

from saltbench.benchmark.statistics.bootstrap import hierarchical_interval
from saltbench.benchmark.statistics.pairwise import COMPARED, comparisons
from saltbench.benchmark.suites.registry import load_registries

METRICS = list(load_registries().metrics)
RNG = np.random.default_rng(0)
BASE = RNG.normal(size=(2, 40))
VALUES = {
    ("t", "", "oracle"): BASE + 9,
    ("t", "lstm", "zebra"): BASE,
    ("t", "lstm", "ant"): BASE + RNG.normal(0.2, 1, size=BASE.shape),
    ("t", "lstm", "bee"): BASE + RNG.normal(0.9, 1, size=BASE.shape),
    ("t", "gru", "ant"): BASE,
    ("u", "lstm", "ant"): BASE,
    ("u", "lstm", "bee"): BASE,
}
SCORES = score_table(VALUES)
ONE = [metric for metric in METRICS if metric.name == "average_precision"]


def test_columns_and_pairs():
    found = comparisons(SCORES, ONE)
    identity = ["metric", "task", "architecture", "method", "other"]
    numbers = ["samples", "seeds", "difference", "low", "high", "effect", "p", "p_holm"]
    assert list(found.columns) == identity + numbers
    pairs = [tuple(row) for row in found[identity[1:]].to_numpy()]
    assert pairs == [
        ("t", "lstm", "zebra", "ant"),
        ("t", "lstm", "zebra", "bee"),
        ("t", "lstm", "ant", "bee"),
        ("u", "lstm", "ant", "bee"),
    ]


def test_numbers_against_slow_arithmetic():
    found = comparisons(SCORES, ONE)
    block = found[found.task == "t"]
    p = []
    for row in block.itertuples():
        difference = VALUES["t", "lstm", row.method] - VALUES["t", "lstm", row.other]
        ranks = stats.rankdata(np.abs(difference.ravel()))
        signs = np.sign(difference.ravel())
        assert row.difference == pytest.approx(np.mean([part.mean() for part in difference]), abs=1e-14)
        assert (row.low, row.high) == pytest.approx(tuple(hierarchical_interval(list(difference)))[1:], abs=1e-14)
        assert row.effect == pytest.approx((signs * ranks).sum() / ranks.sum(), abs=1e-12)
        assert row.p == pytest.approx(stats.wilcoxon(difference.ravel()).pvalue, rel=1e-9)
        assert (row.samples, row.seeds) == (80, 2)
        p.append(row.p)
    assert block.p_holm.to_numpy() == pytest.approx(multipletests(p, method="holm")[1])


def test_a_block_is_adjusted_by_its_own_pairs_alone():
    found = comparisons(SCORES, ONE).set_index("task").loc["u"]
    assert (found.difference, found.low, found.high, found.effect, found.p, found.p_holm) == (0, 0, 0, 0, 1, 1)


def test_pairs_are_samples_and_not_positions():
    shuffled = SCORES.sample(frac=1, random_state=1)
    order = ["task", "architecture", "method"]
    shuffled = shuffled.sort_values("sample", kind="stable")
    first = comparisons(SCORES, ONE).set_index(["task", "architecture", "method", "other"])
    again = comparisons(shuffled, ONE).set_index(["task", "architecture", "method", "other"])
    assert sorted(set(shuffled[order].itertuples(index=False, name=None))) == sorted(VALUES)
    for pair in set(first.index) & set(again.index):
        assert tuple(first.loc[pair]) == tuple(again.loc[pair])
    assert set(first.index) & set(again.index)


def zebra_and_ant(scores):
    found = comparisons(scores, ONE)
    (row,) = found[(found.method == "zebra") & (found.other == "ant")].iloc
    return row


def test_samples_that_one_of_the_two_lacks_are_left_out():
    holed = SCORES.copy()
    lacking = (holed.method == "zebra") & ((holed.seed == 1) | (holed["sample"] < 3))
    holed.loc[lacking, "average_precision"] = math.nan
    row = zebra_and_ant(holed)
    difference = (VALUES["t", "lstm", "zebra"] - VALUES["t", "lstm", "ant"])[0, 3:]
    assert (row.samples, row.seeds) == (37, 1)
    assert row.difference == pytest.approx(difference.mean(), abs=1e-14)
    holed.loc[holed.method == "zebra", "average_precision"] = math.nan
    row = zebra_and_ant(holed)
    assert (row.samples, row.seeds) == (0, 0)
    assert row[["difference", "low", "high", "effect", "p", "p_holm"]].isna().all()


def test_only_three_metrics_are_compared():
    scores = SCORES.assign(**{metric.name: SCORES.average_precision for metric in METRICS})
    found = comparisons(scores, METRICS)
    assert set(found.metric) == set(COMPARED) == {"weighted_jaccard", "euclidean", "average_precision"}
    assert len(found) == 3 * 4


def test_nothing_to_compare():
    assert comparisons(SCORES[:0], ONE).empty
    assert comparisons(SCORES[SCORES.method == "ant"], ONE).empty
