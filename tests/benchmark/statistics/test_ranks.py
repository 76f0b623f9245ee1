"""Ranks, tie groups and tests over blocks, against Demšar 2006 and slow arithmetic."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest
import scikit_posthocs
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from score_tables import score_table

from saltbench.benchmark.statistics import block_ranks, signed_rank
from saltbench.benchmark.statistics.block_ranks import rank_within_blocks, ranks_of_metrics
from saltbench.benchmark.statistics.blocks import blocks
from saltbench.benchmark.statistics.method_ranks import compare_over_blocks, critical_difference, overall
from saltbench.benchmark.suites.registry import load_registries

HIGHER = load_registries().metrics.get("average_precision")
LOWER = dataclasses.replace(HIGHER, higher_is_better=False)

# Demšar 2006, table 6: AUC of C4.5, with m tuned, with cf tuned, with both, on 14 data sets. The paper ranks numbers
# with more digits than it prints: in the row of .975 twice, the third method is second and the fourth is third.
NAMES = ["C4.5", "C4.5+m", "C4.5+cf", "C4.5+m+cf"]
AUC = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)


def over_blocks(values, names=None, metric=HIGHER):
    index = pd.MultiIndex.from_tuples([(f"t{i}", "lstm") for i in range(len(values))], names=["task", "architecture"])
    names = names or [f"m{i}" for i in range(np.shape(values)[1])]
    return compare_over_blocks(pd.DataFrame(values, index, names), metric)


DEMSAR = over_blocks(AUC, NAMES)


def test_mean_ranks_of_demsar():
    assert dict(zip(DEMSAR.methods, np.round(DEMSAR.mean_ranks, 3), strict=True)) == {
        "C4.5+m+cf": 1.964,
        "C4.5+m": 2.0,
        "C4.5+cf": 2.893,
        "C4.5": 3.143,
    }


def test_friedman_of_demsar():
    # the paper's χ² = 9.28 and F = 3.69 do not allow for ties; SciPy divides χ² by 1 − Σ(t³ − t) / (N k (k² − 1))
    blocks, methods = AUC.shape
    ranks = np.array(DEMSAR.mean_ranks)
    plain = 12 * blocks / (methods * (methods + 1)) * ((ranks**2).sum() - methods * (methods + 1) ** 2 / 4)
    assert plain == pytest.approx(9.28, abs=0.005)
    assert (blocks - 1) * plain / (blocks * (methods - 1) - plain) == pytest.approx(3.69, abs=0.005)
    ties = sum(count**3 - count for row in AUC for count in np.unique(row, return_counts=True)[1])
    corrected = plain / (1 - ties / (blocks * methods * (methods**2 - 1)))
    assert DEMSAR.friedman == pytest.approx(corrected, rel=1e-12)
    assert DEMSAR.friedman_p == pytest.approx(stats.chi2.sf(corrected, methods - 1), rel=1e-12)
    f = (blocks - 1) * corrected / (blocks * (methods - 1) - corrected)
    assert DEMSAR.iman_davenport == pytest.approx(f, rel=1e-12)
    assert DEMSAR.iman_davenport_p == pytest.approx(stats.f.sf(f, 3, 39), rel=1e-12)


def test_critical_difference_of_demsar():
    # q(.05, 4) = 2.569, CD = 2.569 √(4·5 / (6·14)) = 1.25: "even the difference between the best and the worst"
    # method is smaller, so that nothing is told apart
    assert DEMSAR.critical_difference == pytest.approx(1.25, abs=0.005)
    assert DEMSAR.groups == (DEMSAR.methods,)


@pytest.mark.parametrize(
    ("methods", "q"),
    # Demšar 2006, table 5(a), α = .05, cut to three digits
    [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (6, 2.850), (7, 2.949), (8, 3.031), (9, 3.102), (10, 3.164)],
)
def test_critical_values_of_the_printed_table(methods, q):
    found = critical_difference(methods, 30) / math.sqrt(methods * (methods + 1) / 180)
    assert found == pytest.approx(q, abs=0.0015)


def test_friedman_without_ties_against_scipy_and_nemenyi_against_scikit_posthocs():
    # the example of scikit-posthocs' documentation; column and row order follow the mean ranks
    values = np.array([[31, 27, 24], [31, 28, 31.5], [45, 29, 46], [21, 18, 48], [42, 36, 46], [32, 17, 40]])
    found = over_blocks(values)
    assert (found.friedman, found.friedman_p) == pytest.approx(tuple(stats.friedmanchisquare(*values.T)))
    expected = scikit_posthocs.posthoc_nemenyi_friedman(pd.DataFrame(values, columns=["m0", "m1", "m2"]))
    for one in found.methods:
        for other in found.methods:
            assert found.nemenyi.loc[one, other] == pytest.approx(expected.loc[one, other])


def test_nemenyi_agrees_with_the_critical_difference():
    values = np.random.default_rng(3).normal(np.arange(6) * 0.8, 1, size=(15, 6))
    found = over_blocks(values)
    ranks = dict(zip(found.methods, found.mean_ranks, strict=True))
    for one in found.methods:
        for other in found.methods:
            differs = abs(ranks[one] - ranks[other]) > found.critical_difference
            assert differs == (found.nemenyi.loc[one, other] < 0.05)


def test_wilcoxon_holm_against_scipy():
    values = np.random.default_rng(4).normal(np.arange(3) * 0.8, 1, size=(12, 3))
    found = over_blocks(values).wilcoxon_holm
    p = {(i, j): stats.wilcoxon(values[:, i], values[:, j]).pvalue for i, j in [(0, 1), (0, 2), (1, 2)]}
    in_order = sorted(p, key=p.get)
    least = 0.0
    for place, (i, j) in enumerate(in_order):
        least = max(least, min(1.0, p[i, j] * (3 - place)))
        assert found.loc[f"m{i}", f"m{j}"] == found.loc[f"m{j}", f"m{i}"] == pytest.approx(least)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 7), st.integers(2, 12), st.integers(0, 10**6))
def test_groups_are_the_largest_sets_within_the_critical_difference(methods, blocks, seed):
    rng = np.random.default_rng(seed)
    found = over_blocks(rng.normal(np.arange(methods) * rng.uniform(0, 3), 1, size=(blocks, methods)))
    ranks = dict(zip(found.methods, found.mean_ranks, strict=True))

    def is_close(one, other):
        return abs(ranks[one] - ranks[other]) < found.critical_difference

    for group in found.groups:
        assert len(group) > 1
        assert all(is_close(one, other) for one in group for other in group)
        assert not any(set(group) < set(other) for other in found.groups)
    together = {(one, other) for group in found.groups for one in group for other in group}
    for one in found.methods:
        for other in found.methods:
            if one != other:
                assert ((one, other) in together) == is_close(one, other)


def test_two_groups_by_hand():
    # ranks 1, 2, 3, 4 in each of 8 blocks: CD = 2.569 √(20 / 48) = 1.658 spans neighbours only
    found = over_blocks(np.tile([4.0, 3, 2, 1], (8, 1)))
    assert found.mean_ranks == (1, 2, 3, 4)
    assert found.groups == (("m0", "m1"), ("m1", "m2"), ("m2", "m3"))
    assert over_blocks(np.tile([4.0, 3, 2, 1], (8, 1)), metric=LOWER).methods == ("m3", "m2", "m1", "m0")


def test_a_method_that_misses_a_block_is_listed_and_not_ranked():
    values = AUC.copy()
    values[5, 1] = math.nan
    found = over_blocks(values, NAMES)
    assert "C4.5+m" not in found.methods
    assert found.mean_ranks == over_blocks(np.delete(AUC, 1, axis=1), [NAMES[0], *NAMES[2:]]).mean_ranks
    coverage = found.coverage.set_index("method")
    assert list(coverage.index) == NAMES
    assert tuple(coverage.loc["C4.5+m", ["blocks", "blocks_total"]]) == (13, 14)
    assert coverage.loc["C4.5+m", ["mean", "mean_rank"]].isna().all()
    assert coverage.loc["C4.5", "mean"] == pytest.approx(AUC[:, 0].mean())
    assert coverage.loc["C4.5", "blocks"] == 14


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (1, 4), (5, 1), (5, 2)])
def test_too_little_for_a_test(shape):
    found = over_blocks(np.random.default_rng(0).normal(size=shape))
    assert all(math.isnan(value) for value in (found.friedman, found.friedman_p, found.iman_davenport))
    assert math.isnan(found.critical_difference) == (min(shape) < 2)
    if min(shape) == 1:
        assert found.groups == (found.methods,)


def test_methods_that_never_differ():
    found = over_blocks(np.ones((5, 3)))
    assert found.mean_ranks == (2, 2, 2)
    assert found.groups == (("m0", "m1", "m2"),)
    assert (found.friedman, found.friedman_p, found.iman_davenport, found.iman_davenport_p) == (0, 1, 0, 1)
    assert (found.wilcoxon_holm.to_numpy() == 1).all()


RNG = np.random.default_rng(11)
BASE = RNG.normal(size=(3, 30))
NOISE = stats.zscore(RNG.normal(size=BASE.shape), axis=None)
SCORES = score_table(
    {
        ("t", "", "oracle"): BASE + 9,
        ("t", "lstm", "low"): BASE - 3,
        ("t", "lstm", "best"): BASE,
        ("t", "lstm", "near"): BASE + 0.1 * (NOISE - 0.1),
        ("t", "gru", "low"): BASE,
        ("t", "gru", "best"): BASE.copy(),
    }
)


def test_ranks_within_a_block():
    found = rank_within_blocks(SCORES, HIGHER)
    assert list(found.columns) == ["task", "architecture", "method", "score", "rank", "p_best", "tied_with_best"]
    assert list(found.architecture) == ["lstm"] * 3 + ["gru"] * 2  # references left out, the order of the scores
    lstm = found[found.architecture == "lstm"].set_index("method")
    wide = {name: SCORES[(SCORES.architecture == "lstm") & (SCORES.method == name)] for name in lstm.index}
    for name, rows in wide.items():
        expected = np.mean([part.average_precision.mean() for _, part in rows.groupby("seed")])
        assert lstm.loc[name, "score"] == pytest.approx(expected, abs=1e-14)
    assert list(lstm["rank"].sort_values().index) == ["best", "near", "low"]
    p = {
        name: stats.wilcoxon(wide["best"].average_precision.to_numpy() - wide[name].average_precision.to_numpy()).pvalue
        for name in ("near", "low")
    }
    assert lstm.loc["low", "p_best"] == pytest.approx(min(1, 2 * p["low"]))
    assert lstm.loc["near", "p_best"] == pytest.approx(max(2 * p["low"], p["near"]))
    assert math.isnan(lstm.loc["best", "p_best"])
    assert dict(lstm.tied_with_best) == {"low": False, "best": True, "near": True}


def test_equal_methods_share_a_rank_and_the_tie():
    gru = rank_within_blocks(SCORES, HIGHER).query("architecture == 'gru'")
    assert list(gru["rank"]) == [1.5, 1.5]
    assert gru.tied_with_best.all()


def test_direction_of_the_metric():
    lstm = rank_within_blocks(SCORES, LOWER).query("architecture == 'lstm'").set_index("method")
    assert lstm.loc["low", "rank"] == 1
    assert lstm.loc["best", "rank"] == 3


def test_a_method_that_lacks_a_seed_is_left_out():
    lacking = SCORES[~((SCORES.method == "near") & (SCORES.seed == 1))]
    assert "near" not in set(rank_within_blocks(lacking, HIGHER).method)


def test_a_method_without_scores_is_ranked_nowhere():
    undefined = SCORES.assign(average_precision=SCORES.average_precision.where(SCORES.method != "near"))
    row = rank_within_blocks(undefined, HIGHER).set_index(["architecture", "method"]).loc[("lstm", "near")]
    assert row[["score", "rank", "p_best"]].isna().all()
    assert not row.tied_with_best
    assert "near" not in overall(undefined, HIGHER).methods
    nothing = rank_within_blocks(SCORES.assign(average_precision=math.nan), HIGHER)
    assert nothing["rank"].isna().all()
    assert not nothing.tied_with_best.any()


def test_overall_takes_its_blocks_from_the_scores():
    found = overall(SCORES, HIGHER)
    assert set(found.blocks) == {("t", "lstm"), ("t", "gru")}
    assert set(found.methods) == {"low", "best"}
    assert found.coverage.set_index("method").loc["near", "blocks"] == 1


def test_no_scores_give_no_rows():
    assert rank_within_blocks(SCORES[:0], HIGHER).empty
    assert overall(SCORES[:0], HIGHER).methods == ()


@pytest.mark.parametrize("room", [1, 300, block_ranks.ROOM])
def test_metrics_tested_together_rank_as_each_does_alone(monkeypatch, room):
    monkeypatch.setattr(block_ranks, "ROOM", room)
    monkeypatch.setattr(signed_rank, "ROOM", room)
    scores = SCORES.assign(euclidean=SCORES.average_precision.round(1))
    scores.loc[(scores.method == "near") & (scores.seed == 0), "euclidean"] = math.nan
    metrics = [HIGHER, dataclasses.replace(LOWER, name="euclidean")]
    found = ranks_of_metrics(scores, metrics, blocks(scores))
    monkeypatch.undo()
    assert list(found) == [metric.name for metric in metrics]
    for metric in metrics:
        pd.testing.assert_frame_equal(found[metric.name], rank_within_blocks(scores, metric), check_exact=True)
