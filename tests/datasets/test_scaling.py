"""Standardisation does not depend on the unit, up to the ends of the range, or says which feature it cannot serve."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbench.datasets.fmri.hcp_series import normalise
from saltbench.datasets.planted.planting import planted
from saltbench.datasets.preprocessing import standardise, standardise_features
from saltbench.datasets.spec import Split
from saltbench.datasets.synthetic.boxes import boxes
from saltbench.errors import DataError, NonFiniteError, ParameterError, ShapeError

SERIES = np.random.default_rng(0).normal([0, 5, -100], size=(40, 6, 3))
HUGE = np.finfo(np.float64).max


def train_inputs(series):
    return planted(series, strength=0.0).train.inputs


@given(st.integers(-1000, 1015), st.integers(0, 2))
def test_a_feature_in_another_unit_gives_the_same_bytes(power, feature):
    series = SERIES.copy()
    series[..., feature] = np.ldexp(series[..., feature], power)  # exact; any power at which numbers keep their digits
    assert train_inputs(series).tobytes() == train_inputs(SERIES).tobytes()


@pytest.mark.parametrize("factor", [1e-300, 1e-200, 1e-160, 3e-30, 1e30, 1e160, 1e200, 1e300, -1e306])
def test_a_feature_times_any_number_gives_the_same_up_to_rounding(factor):
    expected = train_inputs(SERIES) * np.sign(factor)
    np.testing.assert_allclose(train_inputs(SERIES * factor), expected, atol=1e-5)


def test_denormal_numbers_are_numbers():
    whole = np.random.default_rng(1).integers(-1000, 1000, (40, 6, 3))
    np.testing.assert_array_equal(train_inputs(whole * 5e-324), train_inputs(whole))


def test_numbers_at_both_ends_of_the_range():
    series = np.where(np.median(SERIES, axis=(0, 1)) < SERIES, HUGE, -HUGE)
    np.testing.assert_array_equal(train_inputs(series), train_inputs(np.sign(series)))


@pytest.mark.parametrize("value", [HUGE, -HUGE, 1e200, 9.96921e36, 1e20])
@pytest.mark.parametrize("share", [0.03, 1 / 6, 0.5, 0.9])
def test_a_missing_value_written_as_a_huge_number_is_refused_by_the_feature(value, share):
    series = SERIES - [0, 5, -100]
    missing = np.random.default_rng(2).random(series.shape[:2]) < share
    series[..., 1] = np.where(missing, value, series[..., 1])
    with pytest.raises(DataError, match=r"feature 1 \(counted from 0\) has values beside whose size all others"):
        planted(series)


def test_two_kinds_of_missing_values_are_refused_too():
    series = SERIES.copy()
    series[:, 2, 1], series[:, 3, 1], series[:, 4, 1] = HUGE, -HUGE, 1e200
    with pytest.raises(
        DataError, match=r"feature 1 .* become one number in single precision, the largest of 1\.79769e"
    ):
        planted(series)


@pytest.mark.parametrize("values", [[0.0, 1.0], [0.0, 1e300], [-1.0, 1.0], [0.0, 1e-3, 1.0]])
def test_few_different_values_lose_nothing(values):
    series = SERIES.copy()
    series[..., 1] = np.random.default_rng(3).choice(values, size=series.shape[:2])
    assert np.unique(train_inputs(series)[..., 1]).size == len(values)


def test_a_value_outside_of_training_that_single_precision_cannot_hold_is_refused_by_the_feature():
    for value in (HUGE, -1e300, 2.5e38 * SERIES[:30, :, 2].std()):  # the last is finite, but not with as much on top
        series = SERIES.copy()
        series[35, 3, 2] = value
        with pytest.raises(
            DataError, match=r"feature 2 \(counted from 0\) is further from its training values than si"
        ):
            standardise_features(series, np.arange(30))


def split(inputs):
    return Split(inputs.astype(np.float32), np.zeros(len(inputs), np.int64), np.zeros(inputs.shape, np.float32))


@given(st.integers(-120, 120))
def test_cells_in_another_unit_give_the_same_bytes(power):
    parts = [np.random.default_rng(seed).integers(-50, 50, (9, 3, 2)) for seed in range(3)]
    usual = standardise(*map(split, parts))
    for before, after in zip(usual, standardise(*(split(np.ldexp(part, power)) for part in parts)), strict=True):
        assert before.inputs.tobytes() == after.inputs.tobytes()


def test_denormal_and_largest_cells():
    signs = np.random.default_rng(4).choice([-1.0, 1.0], (9, 3, 2))
    expected = standardise(*[split(signs)] * 3)[0].inputs
    for size in (1e-45, float(np.finfo(np.float32).max)):
        np.testing.assert_allclose(standardise(*[split(signs * size)] * 3)[0].inputs, expected, rtol=1e-6)


def test_a_cell_too_far_from_training_is_refused_by_its_feature():
    small, large = np.random.default_rng(5).normal(size=(9, 3, 2)) * 1e-20, np.ones((9, 3, 2))
    large[..., 1] = 1e30
    with pytest.raises(DataError, match=r"feature 1 \(counted from 0\) is further from its training values"):
        standardise(split(small), split(small), split(large))


@pytest.mark.parametrize("factor", [1e-300, 1e-160, 1.0, 1e160, 1e300])
def test_runs_in_any_unit_are_normalised_alike(factor):
    run = 9000 + np.random.default_rng(6).normal(size=(4, 50))
    expected = normalise(run, slice(None), "data.npy")
    np.testing.assert_allclose(normalise(run * factor, slice(None), "data.npy"), expected, atol=1e-5)


def test_a_frame_of_the_largest_number_is_refused_by_the_parcel():
    run = np.random.default_rng(6).normal(size=(4, 50))
    run[2, 7] = HUGE
    with pytest.raises(DataError, match=r"^data\.npy must hold numbers of one unit, parcel 2 has values that make one"):
        normalise(run, slice(None), "data.npy")
    run[2] = HUGE  # constant
    assert not normalise(run, slice(None), "data.npy")[:, 2].any()


def test_only_the_training_series_are_asked_for_their_unit():
    series = SERIES.copy()
    series[30:, :, 1] *= 1e30
    usual = standardise_features(SERIES, np.arange(30))
    assert standardise_features(series, np.arange(30))[:30].tobytes() == usual[:30].tobytes()


BOX = {"layouts": [[[0, 2, 0, 2]]], "time": 4, "features": 3, "train": 4, "validation": 2, "test": 2}


@pytest.mark.parametrize("value", [1e31, 1e39, 1e300, 1e-39, 1e-300])
def test_parameters_out_of_the_range_of_single_precision_are_refused_by_name(value):
    refused = rf"must be 0, or 1e-30 to 1e\+30 in magnitude, for single precision, got {re.escape(str(value))}"
    with pytest.raises(ParameterError, match=f"noise {refused}"):
        boxes(0, **BOX, shift=1.0, noise=value)
    with pytest.raises(ParameterError, match=f"shift {refused}"):
        boxes(0, **BOX, shift=value, noise=1.0)
    with pytest.raises(ParameterError, match=f"strength {refused}"):
        planted(SERIES, strength=value)


def test_masked_values_are_not_taken_for_numbers():
    series = np.ma.masked_greater(SERIES, 6)
    with pytest.raises(NonFiniteError, match=rf"no masked values, got {series.mask.sum()}; fill or drop them"):
        planted(series)
    assert planted(np.ma.asarray(SERIES)).classes == 2


@pytest.mark.parametrize("missing", [np.nan, np.datetime64("NaT")])
def test_missing_labels_of_any_type_are_refused(missing):
    labels = np.array(["a"] * 3 + [missing] * 37, dtype=object)
    with pytest.raises(NonFiniteError, match="labels must be known, got NaN for sample 3; drop it"):
        planted(SERIES, labels)


def test_labels_without_an_order_are_refused():
    with pytest.raises(ShapeError, match=r"labels must be of one type, all text or all numbers: .*; convert them"):
        planted(SERIES, np.array(["a", 1] * 20, dtype=object))
