"""The tables of statistics as a run writes them."""

import math

import numpy as np
import pandas as pd
import pytest
from score_tables import score_table

from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.leaderboards.shared_samples import over_data
from saltbench.benchmark.leaderboards.statistical_tables import statistical_tables
from saltbench.benchmark.statistics.block_ranks import rank_within_blocks
from saltbench.benchmark.statistics.method_ranks import overall
from saltbench.benchmark.statistics.pairwise import comparisons
from saltbench.benchmark.statistics.variance_components import variance
from saltbench.benchmark.storage.csv_tables import to_csv
from saltbench.benchmark.suites.registry import load_registries

METRICS = [load_registries().metrics.get("average_precision")]
RNG = np.random.default_rng(0)
VALUES = {
    (task, architecture, method): RNG.normal(shift, 1, size=(4, 12))
    for task in ("t", "u")
    for architecture, methods in (("", ["oracle"]), ("lstm", ["a", "b", "c"]), ("gru", ["a", "b", "c"]))
    for shift, method in enumerate(methods)
}


def collection(failed=()):
    scores = score_table(VALUES)
    identity = ["task", "architecture", "method", "seed"]
    cells = scores[identity].drop_duplicates().assign(status="ok", reason="")
    for cell in failed:
        bad = (cells[identity] == pd.Series(dict(zip(identity, cell, strict=True)))).all(axis=1)
        cells.loc[bad, ["status", "reason"]] = ["failed", "why"]
        scores = scores[~(scores[identity] == pd.Series(dict(zip(identity, cell, strict=True)))).all(axis=1)]
    return Collection(scores.reset_index(drop=True), cells, pd.DataFrame(), [])


def test_each_table_is_what_its_function_returns():
    gathered = collection()
    found = statistical_tables(gathered, METRICS, 4)
    assert list(found) == ["ranks.csv", "overall.csv", "comparisons.csv", "variance.csv"]
    assert found["ranks.csv"].columns[0] == "metric"
    pd.testing.assert_frame_equal(
        found["ranks.csv"].drop(columns="metric"), rank_within_blocks(gathered.scores, METRICS[0])
    )
    pd.testing.assert_frame_equal(found["comparisons.csv"], comparisons(gathered.scores, METRICS))
    pd.testing.assert_frame_equal(found["variance.csv"], variance(gathered.scores, METRICS, 4))
    expected = overall(gathered.scores, METRICS[0])
    table = found["overall.csv"].set_index("method")
    assert list(table.index) == ["a", "b", "c"]
    for method, rank in zip(expected.methods, expected.mean_ranks, strict=True):
        assert table.loc[method, "mean_rank"] == rank
        groups = [str(place) for place, group in enumerate(expected.groups, 1) if method in group]
        assert table.loc[method, "groups"] == " ".join(groups)
    assert (table.blocks == 4).all()
    assert (table.blocks_total == 4).all()
    assert table.friedman_p.iloc[0] == pytest.approx(expected.friedman_p)


def test_a_missing_cell_empties_the_mean_and_shows_in_the_coverage():
    found = statistical_tables(collection([("u", "gru", "b", 2)]), METRICS, 4)
    table = found["overall.csv"].set_index("method")
    assert tuple(table.loc["b", ["blocks", "blocks_total", "groups"]]) == (3, 4, "")
    assert table.loc["b", ["mean", "mean_rank"]].isna().all()
    assert tuple(table.loc["a", ["blocks", "blocks_total"]]) == (4, 4)
    assert set(found["ranks.csv"].query("task == 'u' and architecture == 'gru'").method) == {"a", "c"}


def test_what_fails_everywhere_is_still_counted():
    whole_network = [("u", "gru", method, seed) for method in "abc" for seed in range(4)]
    table = statistical_tables(collection(whole_network), METRICS, 4)["overall.csv"]
    assert (table.blocks == 3).all()
    assert (table.blocks_total == 4).all()
    assert table[["mean", "mean_rank", "friedman_p"]].isna().all(axis=None)
    method = [(task, network, "c", seed) for task in "tu" for network in ("lstm", "gru") for seed in range(4)]
    table = statistical_tables(collection(method), METRICS, 4)["overall.csv"].set_index("method")
    assert table.loc["c", "blocks"] == 0
    assert math.isnan(table.loc["c", "mean"])


def test_a_seed_that_fails_for_all_leaves_nothing_to_rank():
    everything = [(*identity, 3) for identity in VALUES]
    found = statistical_tables(collection(everything), METRICS, 4)
    assert found["ranks.csv"].empty
    assert found["comparisons.csv"].empty
    assert (found["overall.csv"].blocks == 0).all()


def test_a_run_without_any_score_has_headers():
    gathered = collection()
    cells = gathered.cells.assign(status="failed", reason="why")
    found = statistical_tables(Collection(pd.DataFrame(), cells, pd.DataFrame(), []), METRICS, 4)
    assert to_csv(found["ranks.csv"]).startswith(b"metric,task,architecture,method,score,rank,p_best,tied_with_best\n")
    assert to_csv(found["comparisons.csv"]).count(b"\n") == 1
    assert to_csv(found["variance.csv"]).count(b"\n") == 1


def test_crossed_seeds_are_tested_over_their_data():
    crossed = {"data": 2, "training": 2, "attribution": 1}
    gathered = collection()
    found = statistical_tables(gathered, METRICS, crossed)
    averaged = over_data(gathered.scores, crossed)
    pd.testing.assert_frame_equal(found["comparisons.csv"], comparisons(averaged, METRICS))
    assert set(found["comparisons.csv"].samples) == {24}
    assert set(found["variance.csv"].source) == {"data", "training", "data:training", "samples"}
