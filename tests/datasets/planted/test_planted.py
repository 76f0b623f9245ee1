"""Planting: only the window tells the classes apart, and the truth marks it exactly."""

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

import saltbench
from saltbench.datasets.planted.patterns import SHAPES, class_patterns
from saltbench.datasets.planted.planting import planted
from saltbench.datasets.planted.stratification import balanced_labels, divide
from saltbench.errors import DataError, NonFiniteError, ParameterError, ShapeError

SAMPLES, TIME, FEATURES = 400, 24, 5
WINDOW = [6, 14, 1, 3]


def walks():
    """Random walks of unlike scales and offsets; feature 0 is the sample's number, by which it is found again."""
    steps = np.random.default_rng(0).standard_normal((SAMPLES, TIME, FEATURES))
    series = steps.cumsum(axis=1) * [1, 50, 0.1, 1e3, 2] + [0, 1e6, 0, -5, 3]
    series[:, :, 0] = np.arange(SAMPLES)[:, None]
    return series


def natural_classes():
    """Three classes, one of them rare, and walks whose natural signal tells them apart."""
    labels = np.random.default_rng(1).choice(["a", "b", "c"], size=SAMPLES, p=[0.6, 0.3, 0.1])
    series = walks()
    series[:, 3:9, 2] += np.searchsorted(["a", "b", "c"], labels)[:, None] * 3.0
    return series, labels


def splits(data):
    return data.train, data.validation, data.test


def whole(data):
    return [np.concatenate([getattr(split, what) for split in splits(data)]) for what in ("inputs", "labels", "truth")]


def numbers(data):
    """The places of the samples in the user's series, by the order of feature 0; WINDOW leaves it alone."""
    return whole(data)[0][:, 0, 0].argsort().argsort()


def all_bytes(data):
    return b"".join(array.tobytes() for array in whole(data))


def accuracy(data):
    model = LogisticRegression(C=0.01, max_iter=2000)
    model.fit(data.train.inputs.reshape(len(data.train), -1), data.train.labels)
    return model.score(data.test.inputs.reshape(len(data.test), -1), data.test.labels)


def mean_accuracy(series, labels=None, **parameters):
    return np.mean([accuracy(planted(series, labels, seed=seed, **parameters)) for seed in range(5)])


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("labels", [None, natural_classes()[1]], ids=["unlabelled", "labelled"])
def test_the_truth_marks_exactly_the_cells_that_differ(shape, labels):
    # the strength reaches neither splits, classes nor windows: strength 0 is the same data without the signal
    with_signal, classes, truth = whole(planted(walks(), labels, seed=3, shape=shape, strength=0.7))
    np.testing.assert_array_equal(truth == 1, with_signal != whole(planted(walks(), labels, seed=3, strength=0))[0])
    assert set(np.unique(truth)) == {0, 1}
    assert set(classes) == set(range(2 if labels is None else 3))


def test_against_loops():
    series = walks()
    data = planted(series, seed=4, strength=1.5, window=WINDOW)
    inputs, labels, truth = whole(data)
    origin = numbers(data)
    assert sorted(origin) == list(range(SAMPLES))
    trained = series[origin[: len(data.train)]]
    for feature in range(FEATURES):
        values = [float(value) for value in trained[:, :, feature].ravel()]
        mean = sum(values) / len(values)
        std = (sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5
        for place in range(0, SAMPLES, 7):
            for time in range(TIME):
                inside = 6 <= time < 14 and 1 <= feature < 3
                assert truth[place, time, feature] == inside
                raw = series[origin[place], time, feature]
                raw += std * 1.5 * inside * (1 if labels[place] == 1 else -1)
                assert inputs[place, time, feature] == pytest.approx((raw - mean) / std, rel=1e-5, abs=1e-5)


def test_only_training_statistics_are_used():
    series = walks()
    usual = planted(series, seed=5, strength=0)
    extreme = series.copy()
    extreme[numbers(usual)[len(usual.train) :], :, 1:] *= 1e6
    again = planted(extreme, seed=5, strength=0)
    np.testing.assert_array_equal(again.train.inputs, usual.train.inputs)
    assert abs(again.test.inputs[:, :, 1:]).max() > 1e5


def test_large_offsets_do_not_cost_precision():
    small = np.random.default_rng(2).standard_normal((50, 6, 2))
    plain, shifted = (whole(planted(small + offset, seed=1))[0] for offset in (0.0, 1e8))
    np.testing.assert_allclose(plain, shifted, atol=1e-6)  # in float32 a value of 1e8 is known to 8 only


@pytest.mark.parametrize("labelled", [False, True])
def test_a_linear_classifier_learns_the_signal_and_is_at_chance_without(labelled):
    series, labels = natural_classes()
    labels, chance = (labels, 1 / 3) if labelled else (None, 1 / 2)
    assert mean_accuracy(series, labels, window=WINDOW, strength=2.0) > 0.95
    # 5 tests of 80 samples: three standard errors of an accuracy at chance are .075
    assert mean_accuracy(series, labels, window=WINDOW, strength=0) == pytest.approx(chance, abs=0.075)


def test_the_default_signal_at_random_places_can_be_learned():
    assert mean_accuracy(walks()) > 0.75


def test_only_the_planted_cells_tell_the_classes_apart():
    series, labels = natural_classes()
    blank = [planted(series, labels, seed=seed, window=WINDOW) for seed in range(5)]
    for one in blank:
        for split in splits(one):
            split.inputs[split.truth == 1] = 0
    assert np.mean([accuracy(one) for one in blank]) == pytest.approx(1 / 3, abs=0.075)


def test_the_natural_signal_would_tell_the_labels_apart_but_not_the_new_classes():
    series, labels = natural_classes()
    cells = (series[:, 3:9, 2] / series[:, :, 2].std()).reshape(SAMPLES, -1)
    natural = LogisticRegression().fit(cells[:300], labels[:300]).score(cells[300:], labels[300:])
    assert natural > 0.7  # so that the test below means something: chance is .6, the largest class
    assert mean_accuracy(series, labels, strength=0) < 1 / 3 + 0.075


def test_old_classes_are_balanced_over_new_ones_and_over_splits():
    series, labels = natural_classes()
    data = planted(series, labels, seed=7, window=WINDOW)
    old = labels[numbers(data)]
    ends = np.cumsum([len(split) for split in splits(data)])
    for split, part in zip(splits(data), np.split(old, ends[:-1]), strict=True):
        for name in ("a", "b", "c"):
            counts = np.bincount(split.labels[part == name], minlength=3)
            assert counts.max() - counts.min() <= 1
            share = (labels == name).mean() * len(split)
            assert abs((part == name).sum() - share) <= 2
        overall = np.bincount(split.labels, minlength=3)
        assert overall.max() - overall.min() <= 1
    assert [len(split) for split in splits(data)] == [260, 60, 80]


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 4), min_size=3, max_size=80),
    st.floats(0.05, 0.45),
    st.floats(0.05, 0.45),
    st.integers(2, 5),
    st.integers(0, 2**32 - 1),
)
def test_any_division_is_complete_and_balanced(groups, validation, test, classes, seed):
    groups, rng = np.array(groups), np.random.default_rng(seed)
    parts = divide(rng, groups, validation, test)
    assert sorted(np.concatenate(parts)) == list(range(len(groups)))
    assert abs(len(parts[2]) - test * len(groups)) <= 1
    assert abs(len(parts[1]) - validation * len(groups)) <= 2
    labels = balanced_labels(rng, groups, classes)
    for members in (groups >= 0, *(groups == group for group in set(groups))):
        counts = np.bincount(labels[members], minlength=classes)
        assert counts.max() - counts.min() <= 1


def test_windows_lie_everywhere_and_say_nothing_about_the_class():
    data = planted(np.tile(walks(), (8, 1, 1)), seed=8, length=4, width=2)
    _, labels, truth = whole(data)
    assert set(truth.sum(axis=(1, 2))) == {4 * 2}
    starts = truth.any(axis=2).argmax(axis=1), truth.any(axis=1).argmax(axis=1)
    for found, places in zip(starts, (TIME - 4 + 1, FEATURES - 2 + 1), strict=True):
        counts = np.bincount(found, minlength=places)
        assert len(counts) == places
        assert abs(counts - counts.mean()).max() < 5 * np.sqrt(counts.mean())
        # 5 standard errors of a difference of means of two halves of 3200 uniform numbers
        difference = found[labels == 0].mean() - found[labels == 1].mean()
        assert abs(difference) < 5 * places / np.sqrt(12) * 2 / np.sqrt(len(labels))


def test_sizes_by_default_are_a_quarter_of_time_and_half_of_the_features():
    truth = planted(walks(), seed=1).train.truth
    assert set(truth.any(axis=2).sum(axis=1)) == {TIME // 4}
    assert set(truth.any(axis=1).sum(axis=1)) == {FEATURES // 2}


def test_one_cell_and_square_series():
    series = np.random.default_rng(3).standard_normal((40, 5, 5))
    data = planted(series, seed=2, window=[4, 5, 0, 1])
    assert np.argwhere(data.train.truth[0]).tolist() == [[4, 0]]
    smallest = planted(np.random.default_rng(3).standard_normal((40, 1, 1)), seed=2)
    assert (smallest.train.truth == 1).all()


def test_the_seed_determines_every_byte():
    once, again, other = (all_bytes(planted(walks(), seed=seed)) for seed in (11, 11, 12))
    assert once == again
    assert once != other


def test_golden_bytes():
    """A change of this digest is a change of the tasks: raise their version with it."""
    series = (np.arange(60 * 8 * 3) * 7919 % 1009).reshape(60, 8, 3)  # whole numbers: sums are exact everywhere
    digest = hashlib.sha256(np.round(whole(planted(series, seed=2026))[0], 3).tobytes()).hexdigest()
    assert digest == "d6ea76d673ceefe39fe70ef96a92e00af8dc3acd027ae11f656281e2dec1641b"


def test_given_arrays_are_left_as_they_were():
    series = walks()
    series.setflags(write=False)
    planted(series, seed=1)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("box", [[-1, -1, -1, -1], [1, 1, 1, 1], [-1, -1, 1, 1], [1, 1, -1, -1]]),
        ("ramp", [[-0.25, -0.5, -0.75, -1], [0.25, 0.5, 0.75, 1], [-0.25, -0.5, 0.75, 1], [0.25, 0.5, -0.75, -1]]),
        ("bump", [np.array([-0.38268, -0.92388, -0.92388, -0.38268])]),
        ("sine", [np.array([-0.38268, -0.92388, 0.38268, 0.92388])]),
    ],
)
def test_patterns_worked_out_by_hand(shape, expected):
    np.testing.assert_allclose(class_patterns(shape, 4, 4)[: len(expected)], expected, atol=1e-5)


@given(st.sampled_from(sorted(SHAPES)), st.integers(1, 60), st.integers(2, 12))
def test_patterns_are_different_and_nowhere_zero(shape, length, classes):
    if length < (classes + 1) // 2:
        with pytest.raises(ParameterError, match=f"{classes} classes need a signal of at least"):
            class_patterns(shape, length, classes)
        return
    patterns = class_patterns(shape, length, classes)
    assert patterns.shape == (classes, length)
    assert (abs(patterns) > 0).all()
    assert abs(patterns).max() <= 1
    assert len({pattern.tobytes() for pattern in patterns}) == classes


SPOILT = walks()
SPOILT[7, 3, 2] = np.nan


@pytest.mark.parametrize(
    ("series", "error", "message"),
    [
        (
            walks()[:, :, 0],
            ShapeError,
            r"must be \(samples, time, features\).*got \(400, 24\); .* series\[:, :, None\]",
        ),
        (np.zeros((0, 4, 2)), ShapeError, r"none of them 0, got \(0, 4, 2\)"),
        ([[[1.0], [2.0]], [[1.0]]], ShapeError, "series must be of one length and one number of features"),
        (walks().astype(str), ShapeError, "series must hold real numbers, got <U"),
        (walks() * 1j, ShapeError, "series must hold real numbers, got complex128"),
        (SPOILT, NonFiniteError, r"got nan at sample 7, time 3, feature 2 \(counted from 0\) and 0 more; fill or drop"),
        (walks()[:12], DataError, r"2 classes need at least 2 series in each split, got 9 for training, 1 for valid"),
        (walks() * [1, 1, 0, 1, 1], DataError, r"feature 2 \(counted from 0\) is constant in the training series"),
    ],
)
def test_series_that_cannot_carry_a_signal(series, error, message):
    with pytest.raises(error, match=message) as caught:
        planted(series)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "error", "message"),
    [
        (np.zeros(SAMPLES), DataError, "labels must be of at least two kinds, got one; leave them out"),
        (np.zeros(3), ShapeError, r"400 series need as many labels, \(400,\), got \(3,\)"),
        (np.full(SAMPLES, np.nan), NonFiniteError, "labels must be known, got NaN for sample 0; drop it"),
        (
            np.arange(SAMPLES),
            DataError,
            "400 classes need at least 400 series in each split, got 260 for training, 60 for validation and 80 for",
        ),
    ],
)
def test_labels_that_cannot_be_used(labels, error, message):
    with pytest.raises(error, match=message):
        planted(walks(), labels)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"shape": "triangle"}, "shape must be one of box, ramp, bump, sine, got 'triangle'"),
        ({"strength": -1.0}, "strength must be finite and at least 0 standard deviations, got -1.0"),
        ({"strength": np.inf}, "strength must be finite and at least 0"),
        ({"length": TIME + 1}, "length must be 1 to 24, the size of the series, or 0 for a share, got 25"),
        ({"length": -1}, "length must be 1 to 24"),
        ({"width": FEATURES + 1}, "width must be 1 to 5"),
        ({"window": [0, TIME + 1, 0, 1]}, r"box \[0, 25, 0, 1\] .* must be non-empty and lie inside a series of 24"),
        ({"window": [0, 3]}, r"a box is \[time from, time to, features from, features to\], got \[0, 3\]"),
        ({"window": WINDOW, "length": 3}, r"give either window or length and width, got window=\[6, 14, 1, 3\], 3 and"),
        ({"test_share": 0.0}, "validation_share and test_share must be above 0 and leave some samples for training"),
        ({"test_share": 0.9}, "validation_share and test_share must be above 0"),
    ],
)
def test_impossible_parameters(parameters, message):
    with pytest.raises(ParameterError, match=message):
        planted(walks(), **parameters)


def test_it_is_public():
    assert saltbench.planted is planted
