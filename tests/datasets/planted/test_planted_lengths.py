"""Planting in series of unequal lengths: windows lie in the real steps, and padding says nothing."""

import numpy as np
import pytest

from saltbench.datasets.planted.planting import planted
from saltbench.errors import ParameterError, ShapeError

SAMPLES, TIME, FEATURES = 400, 20, 4
LENGTHS = np.random.default_rng(0).integers(8, TIME + 1, SAMPLES)


def series(fill=0.0):
    values = np.random.default_rng(1).standard_normal((SAMPLES, TIME, FEATURES)) * [1, 50, 0.1, 1e3] + [0, 1e6, 0, -5]
    values[np.arange(TIME) >= LENGTHS[:, None]] = fill
    return values


def splits(data):
    return data.train, data.validation, data.test


def test_windows_lie_in_the_real_steps_and_reach_their_ends():
    ends = set()
    for split in splits(planted(series(), lengths=LENGTHS, seed=1)):
        padding = np.arange(TIME) >= split.lengths[:, None]
        assert not split.truth[padding].any()
        assert not split.inputs[padding].any()
        assert set(split.truth.sum((1, 2))) == {LENGTHS.min() // 4 * (FEATURES // 2)}
        ends |= set((split.lengths - TIME + split.truth.any(2)[:, ::-1].argmax(1)).tolist())
    assert {0} < {-end for end in ends}  # some windows end with their series


def test_padding_is_neither_read_nor_counted():
    expected = planted(series(), lengths=LENGTHS, seed=1)
    for fill in (1e9, np.nan, np.inf):
        for found, split in zip(splits(planted(series(fill), lengths=LENGTHS, seed=1)), splits(expected), strict=True):
            np.testing.assert_array_equal(found.inputs, split.inputs)
    blank = planted(series(), lengths=LENGTHS, seed=1, strength=0).train
    real = blank.inputs[np.arange(TIME) < blank.lengths[:, None]]
    np.testing.assert_allclose(real.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(real.std(0), 1, atol=1e-5)


def test_lengths_that_are_all_steps_change_nothing_but_rounding():
    values, labels = np.random.default_rng(2).standard_normal((60, 9, 3)), np.arange(60) % 3
    with_lengths = planted(values, labels, np.full(60, 9), seed=4)
    for found, expected in zip(splits(with_lengths), splits(planted(values, labels, seed=4)), strict=True):
        np.testing.assert_allclose(found.inputs, expected.inputs, atol=1e-6)
        np.testing.assert_array_equal(found.truth, expected.truth)
        np.testing.assert_array_equal(found.labels, expected.labels)


def test_lengths_follow_their_series():
    values = series()
    values[:, 0, 0] = LENGTHS  # the first step is never planted
    data = planted(values, lengths=LENGTHS, seed=5, window=[2, 6, 1, 3])
    for split in splits(data):
        order = split.lengths.argsort(kind="stable")
        assert (np.diff(split.inputs[order, 0, 0]) >= 0).all()
        assert (split.truth[:, 2:6, 1:3] == 1).all()


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (
            LENGTHS[:3],
            r"400 series of 20 steps need as many lengths, \(400,\), whole numbers from 1 to 20, got int64",
        ),
        (LENGTHS * 0.5, r"got float64 \(400,\); count the steps of each series"),
        (LENGTHS - 8, "got 0 to 12; count the steps"),
        (LENGTHS + 1, "got 9 to 21; count the steps"),
    ],
)
def test_lengths_that_cannot_be(lengths, message):
    with pytest.raises(ShapeError, match=message):
        planted(series(), lengths=lengths)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"length": 9}, "length must be 1 to 8, the size of the series, or 0 for a share, got 9"),
        ({"window": [2, 9, 0, 1]}, r"box \[2, 9, 0, 1\] .* must be non-empty and lie inside a series of 8 time steps"),
    ],
)
def test_a_signal_must_fit_into_the_shortest_series(parameters, message):
    with pytest.raises(ParameterError, match=message):
        planted(series(), lengths=LENGTHS, **parameters)
