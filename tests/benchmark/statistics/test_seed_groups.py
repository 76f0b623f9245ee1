"""Scores grouped at once against pandas' groups, one after the other: every bit is the same."""

import math

import numpy as np
import pandas as pd
import pytest

from saltbench.benchmark.statistics.seed_groups import SeedGroups, mean_of_known

COLUMNS = ["task", "method"]


def table(seeds: int, samples: int) -> pd.DataFrame:
    """Rows of three groups as a run writes them: seed after seed, in each method after method."""
    rng = np.random.default_rng(0)
    identity = [("t", seed, method) for seed in range(seeds) for method in ("b", "a", "c")]
    rows = pd.DataFrame(identity, columns=["task", "seed", "method"])
    rows = rows.loc[np.repeat(np.arange(len(rows)), samples)].reset_index(drop=True)
    return rows.assign(score=rng.uniform(size=len(rows)), other=rng.normal(size=len(rows)))


def holed(scores: pd.DataFrame) -> pd.DataFrame:
    """One group lacks a score, and another one all of a seed's."""
    scores = scores.copy()
    scores.loc[scores.index[scores.method == "a"][-1], "score"] = math.nan
    scores.loc[(scores.method == "c") & (scores.seed == 1), "score"] = math.nan
    return scores


@pytest.mark.parametrize("seeds", [1, 2, 3, 11])
@pytest.mark.parametrize("samples", [1, 7, 50, 300])
@pytest.mark.parametrize("change", [lambda scores: scores, holed, lambda scores: scores.sample(frac=1, random_state=1)])
def test_means_are_those_of_rows_and_then_of_seeds(seeds, samples, change):
    scores = change(table(seeds, samples))
    groups = SeedGroups.of(scores, COLUMNS)
    expected = [float(rows.groupby("seed")["score"].mean().mean()) for _, rows in scores.groupby(COLUMNS, sort=False)]
    np.testing.assert_allclose(groups.means(scores["score"]), expected, rtol=1e-15)  # pandas 2 rounds otherwise


def test_groups_stand_in_the_order_of_their_first_rows_and_rows_in_that_of_the_table():
    scores = table(3, 4)
    groups = SeedGroups.of(scores, COLUMNS)
    assert groups.identities == [("t", "b"), ("t", "a"), ("t", "c")]
    assert groups.sizes.tolist() == [12, 12, 12]
    rows = scores[scores.method == "a"]
    for seed, values in enumerate(groups.block(1, [scores.score.to_numpy(), scores.other.to_numpy()])):
        np.testing.assert_array_equal(values, rows.loc[rows.seed == seed, ["score", "other"]].to_numpy().T)


def test_groups_may_have_other_seeds_than_others():
    scores = table(3, 4)
    scores = scores[(scores.method != "b") | (scores.seed == 2)]
    groups = SeedGroups.of(scores, COLUMNS)
    assert groups.identities == [("t", "a"), ("t", "c"), ("t", "b")]
    assert [len(groups.block(number, [scores.score.to_numpy()])) for number in range(3)] == [3, 3, 1]


def test_the_mean_of_what_is_known():
    assert mean_of_known(np.array([1.0, math.nan, 2.0])) == 1.5
    assert math.isnan(mean_of_known(np.array([math.nan])))
