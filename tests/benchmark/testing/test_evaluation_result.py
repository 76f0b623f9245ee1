"""Assertions about a leaderboard, on scores whose outcome is known."""

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from saltbench.benchmark.metrics.entries import ENTRIES
from saltbench.benchmark.statistics.superiority import advantages
from saltbench.benchmark.testing.assertions import EvaluationResult
from saltbench.errors import ParameterError, UnknownNameError

BY_NAME = {metric.name: metric for metric in ENTRIES}
PRECISION, DISTANCE = BY_NAME["average_precision"], BY_NAME["euclidean"]
SAMPLES, SEEDS = 20, 2


def scores_of(shift, architecture="lstm", task="box/latter", **more):
    """Scores of mine, which lie shift above those of saliency but for noise, and of the reference method ones."""
    rng = np.random.default_rng(3)
    theirs, noise = rng.random((2, SEEDS, SAMPLES))
    values = {"mine": theirs + shift + 0.1 * (noise - 0.5), "saliency": theirs, "ones": 0 * theirs + 0.2, **more}
    return pd.DataFrame(
        [
            {
                "task": task,
                "architecture": "" if method == "ones" else architecture,
                "method": method,
                "seed": seed,
                "sample": sample,
                "average_precision": of_method[seed, sample],
                "euclidean": 2 * of_method[seed, sample],
            }
            for method, of_method in values.items()
            for seed in range(SEEDS)
            for sample in range(SAMPLES)
        ]
    )


def result_of(scores, *, failed=(), at_chance="false"):
    rows = []
    for (task, architecture, method), cells in scores.groupby(["task", "architecture", "method"], sort=False):
        row = {"task": task, "architecture": architecture, "method": method, "status": "ok", "reason": ""}
        row |= {"accuracy": 0.51 if architecture else None, "at_chance": at_chance if architecture else ""}
        for metric in ("average_precision", "euclidean", "completeness_residual"):
            row[metric] = cells[metric].mean() if metric in cells else 0.25
            row |= {f"{metric}_low": row[metric] - 0.1, f"{metric}_high": row[metric] + 0.1}
        if method in failed:
            row |= {"status": "failed", "reason": "seed 0: ValueError: no"}
        rows.append(row)
    return EvaluationResult(pd.DataFrame(rows), scores, ENTRIES, "mine")


def test_p_is_scipys_one_sided_wilcoxon_with_holm_by_hand():
    scores = pd.concat([scores_of(0.02), scores_of(0.01, architecture="bi-lstm")])
    pairs = [("box/latter", "lstm", "saliency"), ("box/latter", "bi-lstm", "saliency")]
    found = advantages(scores, pairs, "mine", PRECISION)
    p = []
    for _, architecture, _ in pairs:
        wide = scores[scores.architecture == architecture].pivot(index=["seed", "sample"], columns="method")
        difference = wide.average_precision.mine - wide.average_precision.saliency
        p.append(stats.wilcoxon(difference, alternative="greater", method="exact").pvalue)
    smaller, larger = sorted(p)
    holm = {smaller: min(1, 2 * smaller), larger: max(min(1, 2 * smaller), larger)}
    assert [each.p for each in found] == pytest.approx([holm[value] for value in p], rel=1e-9)
    assert min(p) < 0.05


def test_score_difference_and_bounds_are_of_the_samples_that_both_have():
    scores = scores_of(0.1)
    scores.loc[(scores.method == "mine") & (scores.seed == 0) & (scores["sample"] < 5), "average_precision"] = math.nan
    (found,) = advantages(scores, [("box/latter", "lstm", "saliency")], "mine", PRECISION)
    wide = scores.pivot(index=["seed", "sample"], columns="method", values="average_precision").dropna()
    means = wide.groupby("seed").mean().mean()
    assert (found.score, found.other_score) == pytest.approx((means.mine, means.saliency))
    assert found.difference.mean == pytest.approx(means.mine - means.saliency)
    assert found.difference.low < found.difference.mean < found.difference.high


def test_a_better_method_passes_and_a_worse_one_says_what_was_expected_and_what_was_measured():
    result_of(scores_of(0.2)).assert_better_than("saliency", "ones")
    expected = (
        r"^expected mine to be better than saliency on box/latter \(lstm\), average precision, p < \.05 after Holm; "
        r"got \.\d+ against \.\d+, difference -\.\d+ \[-\.\d+, -\.\d+\], p = 1$"
    )
    with pytest.raises(AssertionError, match=expected):
        result_of(scores_of(-0.2)).assert_better_than("saliency")


def test_equal_scores_are_not_better():
    ones = np.ones((SEEDS, SAMPLES))
    with pytest.raises(AssertionError, match=r"difference 0 \[0, 0\], p = "):
        result_of(scores_of(0, mine=ones, saliency=ones)).assert_better_than("saliency")


def test_the_metrics_direction_decides_what_is_better():
    lower = result_of(scores_of(-0.2))
    lower.assert_better_than("saliency", metric="euclidean")
    with pytest.raises(AssertionError, match=r"better than saliency on .*, euclidean, .*, difference \.\d+ \["):
        result_of(scores_of(0.2)).assert_better_than("saliency", metric="euclidean")


def test_every_failing_comparison_has_its_line():
    both = result_of(pd.concat([scores_of(0.2), scores_of(-0.2, architecture="bi-lstm")]).drop_duplicates())
    with pytest.raises(AssertionError, match="better than saliency") as caught:
        both.assert_better_than("saliency")
    assert [line.split(" on ")[1][:21] for line in str(caught.value).splitlines()] == ["box/latter (bi-lstm),"]


def test_not_worse_is_up_to_the_margin():
    slightly_worse = result_of(scores_of(-0.05))
    slightly_worse.assert_not_worse_than("saliency", margin=0.1)
    expected = (
        r"expected mine to be not worse than saliency by \.02 on box/latter \(lstm\), average precision, p < \.05"
    )
    with pytest.raises(AssertionError, match=expected):
        slightly_worse.assert_not_worse_than("saliency", margin=0.02)
    slightly_worse.assert_not_worse_than("saliency", margin=0.02, metric="euclidean")
    with pytest.raises(ParameterError, match="margin must be greater than 0, got 0; assert_better_than needs none"):
        slightly_worse.assert_not_worse_than("saliency", margin=0)


def test_bounds_on_a_mean():
    found = result_of(scores_of(0))
    mean = found.scores[found.scores.method == "ones"].average_precision.mean()
    found.assert_at_least("average_precision", mean, method="ones")
    found.assert_at_most("average_precision", mean, method="ones")
    expected = r"^expected average precision of ones on box/latter to be at least \.3, got \.2 \[\.1, \.3\]$"
    with pytest.raises(AssertionError, match=expected):
        found.assert_at_least("average_precision", 0.3, method="ones")
    with pytest.raises(AssertionError, match=r"of mine on box/latter \(lstm\) to be at most \.1, got "):
        found.assert_at_most("average_precision", 0.1)


def test_completeness_is_bounded():
    found = result_of(scores_of(0))
    found.assert_complete(0.25)
    with pytest.raises(AssertionError, match=r"^expected completeness residual of mine on .* at most \.001, got \.25"):
        found.assert_complete()
    found.leaderboard["completeness_residual"] = math.nan
    with pytest.raises(AssertionError, match=r"at most \.001, got none, .*is_complete"):
        found.assert_complete()


def test_a_network_that_did_not_learn_is_named():
    with pytest.raises(AssertionError, match=r"p = 1 \(the network did not learn, accuracy \.51\)$"):
        result_of(scores_of(-0.2), at_chance="true").assert_better_than("saliency")


@pytest.mark.parametrize("failed", ["mine", "saliency"])
def test_a_method_without_scores_fails_with_its_reason(failed):
    found = result_of(scores_of(0.2), failed=[failed])
    expected = rf"^expected {failed} to have scores on box/latter \(lstm\), got failed: seed 0: ValueError: no$"
    with pytest.raises(AssertionError, match=expected):
        found.assert_better_than("saliency")
    with pytest.raises(AssertionError, match=expected):
        found.assert_at_least("average_precision", 0, method=failed)


def test_names_that_were_not_evaluated():
    found = result_of(scores_of(0.2))
    with pytest.raises(UnknownNameError, match=r"unknown method 'salency'; did you mean 'saliency'\? \(of those"):
        found.assert_better_than("salency")
    with pytest.raises(UnknownNameError, match="unknown metric 'precision'"):
        found.assert_at_least("precision", 0)
    with pytest.raises(ParameterError, match="expected at least one method to compare with, got none; name it"):
        found.assert_better_than()


@pytest.mark.parametrize(
    ("bound", "words"),
    [(10.05, "10.05"), (100.0, "100"), (0.5, ".5"), (-0.02, "-.02"), (4e-4, ".0004"), (-1e-5, "-1e-05"), (-1e-16, "0")],
)
def test_numbers_in_messages_are_short_and_right(bound, words):
    found = result_of(scores_of(0))
    found.leaderboard["roc_auc"] = bound - 1
    found.leaderboard[["roc_auc_low", "roc_auc_high"]] = 0.0
    with pytest.raises(AssertionError, match="roc auc") as caught:
        found.assert_at_least("roc_auc", bound)
    assert f"to be at least {words}, got" in str(caught.value)
