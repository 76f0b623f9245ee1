"""Components of variance against textbook formulas, a published example and simulations with known components."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from score_tables import score_table

from saltbench.benchmark.leaderboards.shared_samples import over_data
from saltbench.benchmark.statistics.variance_components import components, variance
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.repetitions import repetitions

METRIC = [load_registries().metrics.get("average_precision")]
CROSSED = {"data": 3, "training": 2, "attribution": 2}


def test_published_example_of_one_factor():
    # Montgomery, Design and Analysis of Experiments: strength of fabric from four looms, components 6.96 and 1.90
    looms = np.array([[98, 97, 99, 96], [91, 90, 93, 92], [96, 95, 97, 95], [95, 96, 99, 98]], dtype=float)
    found = components(looms, ["loom"], "loom")
    assert found["loom",] == pytest.approx(6.96, abs=0.005)
    assert found["loom", "samples"] == pytest.approx(1.90, abs=0.005)


def test_two_crossed_factors_by_the_textbooks_formulas():
    # sums over rows, columns and the rest, with the same samples in every cell
    values = np.random.default_rng(1).normal(size=(4, 3, 5))
    rows, columns, samples = values.shape
    cells, grand = values.mean(axis=2), values.mean()
    by_row, by_column = cells.mean(axis=1), cells.mean(axis=0)
    ms_rows = columns * samples * sum((by_row - grand) ** 2) / (rows - 1)
    residual = [(cells[i, j] - by_row[i] - by_column[j] + grand) ** 2 for i, j in product(range(rows), range(columns))]
    ms_both = samples * sum(residual) / ((rows - 1) * (columns - 1))
    of_row = values.mean(axis=1)
    ms_samples = columns * sum(((of_row[i] - by_row[i]) ** 2).sum() for i in range(rows)) / (rows * (samples - 1))
    ms_rest = sum(
        (values[i, j, k] - of_row[i, k] - cells[i, j] + by_row[i]) ** 2
        for i, j, k in product(range(rows), range(columns), range(samples))
    ) / (rows * (columns - 1) * (samples - 1))
    found = components(values, ["row", "column"], "row")
    assert found["row", "column", "samples"] == pytest.approx(ms_rest)
    assert found["row", "samples"] == pytest.approx((ms_samples - ms_rest) / columns)
    assert found["row", "column"] == pytest.approx((ms_both - ms_rest) / samples)
    assert found["row",] == pytest.approx((ms_rows - ms_both - ms_samples + ms_rest) / (columns * samples))


def draw(rng, shape, sources):
    """Sum of independent effects: the deviation of each set of axes, one effect a combination of their levels."""
    values = np.zeros(shape)
    for axes, deviation in sources.items():
        size = [length if axis in axes else 1 for axis, length in enumerate(shape)]
        values = values + deviation * rng.normal(size=size)
    return values


def test_simulated_components_are_found_on_average():
    rng = np.random.default_rng(2)
    true = {(0,): 2.0, (1,): 1.0, (2,): 0.5, (0, 1): 1.5, (0, 3): 3.0, (0, 1, 3): 1.2, (0, 1, 2, 3): 0.3}
    names = ["data", "training", "attribution", "samples"]
    drawn = [components(draw(rng, (4, 3, 2, 6), true), names[:3], "data") for _ in range(600)]
    for source in drawn[0]:
        estimates = [found[source] for found in drawn]
        expected = true.get(tuple(names.index(name) for name in source), 0) ** 2
        assert np.mean(estimates) == pytest.approx(expected, abs=4.5 * np.std(estimates) / math.sqrt(600) + 1e-12)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(0.1, 10), st.floats(-100, 100))
def test_components_scale_with_the_square_and_ignore_a_shift(seed, factor, shift):
    values = np.random.default_rng(seed).normal(size=(3, 2, 4))
    before = components(values, ["a", "b"], "a")
    after = components(factor * values + shift, ["a", "b"], "a")
    for source, component in before.items():
        assert after[source] == pytest.approx(factor**2 * component, abs=1e-8 * (1 + factor**2 + abs(shift)))


def crossed_table(values):
    """Scores of one method, (data, training, attribution, samples), in the numbering of the repetitions."""
    per_repetition = np.array([values[levels] for levels in repetitions(CROSSED)])
    return score_table({("t", "lstm", "m"): per_repetition, ("t", "", "oracle"): per_repetition})


def test_repetitions_of_a_crossed_design():
    found = repetitions(CROSSED)
    assert found == list(product(range(3), range(2), range(2)))
    assert found[5] == (1, 0, 1)
    assert repetitions(3) == [(0, 0, 0), (1, 1, 1), (2, 2, 2)]


def test_rows_of_a_crossed_suite():
    values = np.random.default_rng(3).normal(size=(3, 2, 2, 7))
    found = variance(crossed_table(values), METRIC, CROSSED)
    assert set(found.method) == {"m"}  # references are left out
    expected = components(values, list(CROSSED), "data")
    by_source = found.set_index("source")
    assert list(by_source.index) == [
        "data",
        "training",
        "attribution",
        "data:training",
        "data:attribution",
        "training:attribution",
        "data:training:attribution",
        "samples",
    ]
    assert list(by_source.levels) == [3, 2, 2, 6, 6, 4, 12, 7]
    for source in by_source.index[:-1]:
        assert by_source.loc[source, "estimate"] == pytest.approx(expected[tuple(source.split(":"))])
    of_samples = sum(component for source, component in expected.items() if "samples" in source)
    assert by_source.loc["samples", "estimate"] == pytest.approx(of_samples)
    assert (by_source.variance == by_source.estimate.clip(lower=0)).all()
    assert (by_source.estimate < 0).any()  # so that the line above says something
    parts = by_source.variance / np.where(by_source.index == "samples", 7, 1)
    assert by_source.share.to_numpy() == pytest.approx((parts / parts.sum()).to_numpy())


def test_a_factor_with_one_seed_is_no_source():
    values = np.random.default_rng(4).normal(size=(3, 5))
    for seeds in ({"data": 3, "training": 1, "attribution": 1}, 3):
        found = variance(score_table({("t", "lstm", "m"): values}), METRIC, seeds).set_index("source")
        assert list(found.index) == ["data" if isinstance(seeds, dict) else "seeds", "samples"]
        # one way: within is the pooled variance, between that of the means without what the samples explain
        within = values.var(axis=1, ddof=1).mean()
        assert found.estimate["samples"] == pytest.approx(within)
        assert found.estimate.iloc[0] == pytest.approx(values.mean(axis=1).var(ddof=1) - within / 5)


def test_samples_are_the_same_for_every_training_of_one_data_set():
    # pure effects of samples, which every network meets: nothing is left for training
    values = np.tile(np.random.default_rng(5).normal(size=6), (4, 1))
    table = score_table({("t", "lstm", "m"): values})
    found = variance(table, METRIC, {"data": 1, "training": 4, "attribution": 1}).set_index("source")
    assert list(found.index) == ["training", "samples"]
    assert found.estimate["training"] == pytest.approx(0, abs=1e-15)
    assert found.estimate["samples"] == pytest.approx(values[0].var(ddof=1))


def test_one_repetition_has_samples_alone():
    values = np.random.default_rng(6).normal(size=(1, 9))
    found = variance(score_table({("t", "lstm", "m"): values}), METRIC, 1)
    assert list(found.source) == ["samples"]
    assert found.variance[0] == pytest.approx(values.var(ddof=1))


def test_unequal_or_undefined_samples_leave_the_numbers_empty():
    table = crossed_table(np.random.default_rng(7).normal(size=(3, 2, 2, 7)))
    undefined = table.copy()
    undefined.loc[3, "average_precision"] = math.nan
    for broken in (undefined, table.drop(index=5), table[table.seed != 4]):
        found = variance(broken, METRIC, CROSSED)
        assert len(found) == 8
        assert found[["variance", "estimate", "share"]].isna().all(axis=None)


def test_scores_over_data_average_what_shares_its_samples():
    values = np.random.default_rng(8).normal(size=(3, 2, 2, 7))
    found = over_data(crossed_table(values), CROSSED)
    of_method = found[found.method == "m"]
    assert list(of_method.seed) == [0] * 7 + [1] * 7 + [2] * 7
    assert of_method.average_precision.to_numpy() == pytest.approx(values.mean(axis=(1, 2)).ravel())
    paired = crossed_table(values)
    assert over_data(paired, 12) is paired
