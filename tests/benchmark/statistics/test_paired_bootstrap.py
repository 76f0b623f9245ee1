"""Bounds of differences, of which each column is resampled once, against those of the differences themselves."""

import math

import numpy as np
import pytest

from saltbench.benchmark.statistics import bootstrap, paired_bootstrap
from saltbench.benchmark.statistics.bootstrap import hierarchical_intervals
from saltbench.benchmark.statistics.paired_bootstrap import Pairs, intervals_of_pairs

SIZES = (30, 25)


def block_of(rng, columns, sizes=SIZES):
    return [rng.normal(rng.normal(), 1, size=(columns, size)) for size in sizes]


def pairs_of(blocks):
    """All pairs of each block's columns, numbered on."""
    count = 0
    for per_seed in blocks:
        first, second = np.triu_indices(len(per_seed[0]), 1)
        yield Pairs(count + np.arange(len(first)), first, second, per_seed)
        count += len(first)


def of_differences(blocks):
    return hierarchical_intervals(
        [
            [of_seed[first] - of_seed[second] for of_seed in pairs.per_seed]
            for pairs in pairs_of(blocks)
            for first, second in zip(pairs.first, pairs.second, strict=True)
        ],
        draws=200,
    )


def holed_blocks():
    """A whole block; one whose columns lack other samples, a seed, all or the same; one without a pair; other sizes."""
    rng = np.random.default_rng(3)
    blocks = [block_of(rng, 5), block_of(rng, 6), block_of(rng, 1), block_of(rng, 3, (12,)), block_of(rng, 9)]
    for of_seed in blocks[1]:
        of_seed[0, 3:7] = of_seed[1, 5] = of_seed[2, :] = of_seed[3:5, 11] = math.nan
    blocks[1][0][5] = math.nan
    return blocks


@pytest.mark.parametrize("columns", [1, 7, 1000])
def test_bounds_are_those_of_the_differences(monkeypatch, columns):
    monkeypatch.setattr(bootstrap, "CHUNK", 200 * columns)  # blocks share matrices, or are cut between several
    blocks = holed_blocks()
    found = intervals_of_pairs(pairs_of(blocks), draws=200)
    np.testing.assert_allclose(found, of_differences(blocks), rtol=1e-12, atol=1e-13)
    assert np.isnan(found).all(axis=1).sum() == 5  # the pairs of the column without a score


def test_equal_columns_do_not_differ_where_products_round_otherwise(monkeypatch):
    def rounded(columns, rng, draws):
        for part, distances in bootstrap.distances_by_part(columns, rng, draws):
            yield part, distances + 1e-17 * np.arange(distances.shape[1])

    monkeypatch.setattr(paired_bootstrap, "distances_by_part", rounded)
    columns = np.array([0, 1, 0, 2, 2])
    per_seed = [of_seed[columns] for of_seed in block_of(np.random.default_rng(4), 3)]
    first, second = np.triu_indices(5, 1)
    found = intervals_of_pairs([Pairs(np.arange(10), first, second, per_seed)])
    equal = columns[first] == columns[second]
    assert not found[equal].any()
    assert found[~equal].all()


def test_columns_are_resampled_and_not_their_pairs(monkeypatch):
    resampled = []

    def counted(columns, rng, draws):
        resampled.append(len(columns))
        return bootstrap.distances_by_part(columns, rng, draws)

    monkeypatch.setattr(paired_bootstrap, "distances_by_part", counted)
    blocks = [block_of(np.random.default_rng(5), 20)] * 3
    assert len(intervals_of_pairs(pairs_of(blocks))) == 3 * 190
    assert resampled == [3 * 20]


def test_nothing_to_compare():
    assert intervals_of_pairs([]).shape == (0, 3)
