import hashlib
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.datasets.layouts import mask
from saltbench.datasets.synthetic.boxes import boxes
from saltbench.errors import ParameterError

SMALL = {
    "layouts": [[[1, 4, 2, 5]]],
    "time": 6,
    "features": 7,
    "train": 40,
    "validation": 10,
    "test": 12,
    "shift": 1.0,
    "noise": 1.0,
}
MIXED = {**SMALL, "layouts": [[[0, 2, 0, 3]], [[2, 4, 1, 6], [5, 6, 0, 1]], [[3, 6, 4, 7]]], "train": 60}
SPLITS = ("train", "validation", "test")


def slow_mask(layout, time, features):
    entries = [[0.0] * features for _ in range(time)]
    for start, stop, low, high in layout:
        for t in range(start, stop):
            for f in range(low, high):
                entries[t][f] = 1.0
    return np.array(entries, dtype=np.float32)


def all_bytes(data):
    parts = (getattr(data, split) for split in SPLITS)
    return b"".join(a.tobytes() for part in parts for a in (part.inputs, part.labels, part.truth))


@st.composite
def layouts(draw):
    time, features = draw(st.integers(1, 8)), draw(st.integers(1, 8))
    box = st.tuples(*(st.integers(0, size - 1) for size in (time, features)), st.integers(1, 8), st.integers(1, 8))
    drawn = draw(st.lists(box, min_size=1, max_size=3))
    return time, features, [[t, min(t + dt, time), f, min(f + df, features)] for t, f, dt, df in drawn]


@given(layouts())
def test_mask_against_loops(given_layout):
    time, features, layout = given_layout
    found = mask(layout, time, features)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, slow_mask(layout, time, features))


@settings(max_examples=30)
@given(layouts(), st.tuples(*(st.integers(1, 5) for _ in SPLITS)), st.integers(0, 2**32))
def test_shapes_types_and_truth_at_any_size(given_layout, sizes, seed):
    time, features, layout = given_layout
    train, validation, test = sizes
    counts = {"train": train, "validation": validation, "test": test}
    data = boxes(seed, **{**SMALL, "layouts": [layout], "time": time, "features": features, **counts})
    assert (data.time, data.features, data.classes) == (time, features, 2)
    for name, count in counts.items():
        split = getattr(data, name)
        assert split.inputs.shape == split.truth.shape == (count, time, features)
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
        assert set(split.labels) <= {0, 1}
        np.testing.assert_array_equal(split.truth, np.stack([slow_mask(layout, time, features)] * count))


def test_the_class_shifts_the_mean_inside_the_box_only():
    # 2000 samples: the mean of an entry's class has a standard error of 1 / sqrt(1000), 5 of them are .16
    data = boxes(3, **{**SMALL, "train": 2000, "shift": 0.7})
    inside = slow_mask([[1, 4, 2, 5]], 6, 7) == 1
    split = data.train
    # standardising divides inside the box by sqrt(noise² + shift²), outside by noise
    spread = np.where(inside, np.sqrt(1 + 0.7**2), 1.0)
    for label, sign in ((0, -1), (1, 1)):
        mean = split.inputs[split.labels == label].mean(axis=0) * spread
        np.testing.assert_allclose(mean, np.where(inside, sign * 0.7, 0.0), atol=0.16)


def test_noise_is_the_standard_deviation_of_a_class():
    # shift 3, noise 0.5: inside the box the standardised deviation within a class is .5 / sqrt(9 + .25)
    split = boxes(4, **{**SMALL, "train": 2000, "shift": 3.0, "noise": 0.5}).train
    within = split.inputs[split.labels == 1][:, 1:4, 2:5].std(axis=0)
    np.testing.assert_allclose(within, 0.5 / np.sqrt(9.25), rtol=0.12)


def test_shift_zero_leaves_nothing_to_learn():
    shifted, still = (boxes(5, **{**SMALL, "shift": shift}) for shift in (1.0, 0.0))
    np.testing.assert_array_equal(shifted.train.labels, still.train.labels)
    outside = shifted.train.truth == 0
    np.testing.assert_array_equal(shifted.train.inputs[outside], still.train.inputs[outside])
    assert not np.allclose(shifted.train.inputs[~outside], still.train.inputs[~outside])


def test_both_classes_are_drawn_about_equally():
    labels = boxes(6, **{**SMALL, "train": 2000}).train.labels
    assert abs(labels.mean() - 0.5) < 0.06  # 5 standard errors


def test_training_inputs_are_standardised_by_their_own_statistics():
    inputs = boxes(7, **SMALL).train.inputs.astype(np.float64)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(inputs.std(axis=0), 1, atol=1e-6)


def test_training_does_not_depend_on_the_other_splits():
    one, other = boxes(8, **SMALL), boxes(8, **{**SMALL, "validation": 3, "test": 1})
    assert one.train.inputs.tobytes() == other.train.inputs.tobytes()
    assert one.train.labels.tobytes() == other.train.labels.tobytes()


@pytest.mark.parametrize("parameters", [SMALL, MIXED])
def test_the_seed_determines_every_byte(parameters):
    once, again, other = (all_bytes(boxes(seed, **parameters)) for seed in (11, 11, 12))
    assert once == again
    assert once != other


def test_the_global_generators_are_neither_read_nor_moved():
    np.random.seed(0)  # noqa: NPY002 - the state under test
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    first = all_bytes(boxes(1, **MIXED))
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert all_bytes(boxes(1, **MIXED)) == first


@pytest.mark.parametrize(
    ("parameters", "digest"),
    [
        (SMALL, "d450c305e104baeda12d861a2128e26abbe894477452e7838e8fe1b1b99c89d1"),
        (MIXED, "d0bf56ea769704e53ea48056aa4a3bbbd91a1c5dc8a8f8026ddd0cfb8be9f3b1"),
    ],
)
def test_golden_bytes(parameters, digest):
    """A change of these digests is a change of the task: raise the version of the entries with them."""
    assert hashlib.sha256(all_bytes(boxes(2026, **parameters))).hexdigest() == digest


def test_mixed_every_layout_occurs_and_each_mask_is_the_samples_own():
    # a shift of 100 standard deviations makes the box of a sample visible in its standardised inputs
    data = boxes(9, **{**MIXED, "shift": 100.0, "noise": 0.01})
    masks = [slow_mask(layout, 6, 7) for layout in MIXED["layouts"]]
    for name in SPLITS:
        split = getattr(data, name)
        which = [next(k for k, m in enumerate(masks) if np.array_equal(truth, m)) for truth in split.truth]
        assert set(which) == {0, 1, 2}
        boxed = np.stack(masks)[which] == 1
        # an entry of the sample's box departs from that entry's values in samples that do not have the box
        for t, f in np.argwhere(np.any(masks, axis=0)):
            with_box, without = split.inputs[boxed[:, t, f], t, f], split.inputs[~boxed[:, t, f], t, f]
            centre = np.median(without)
            assert abs(with_box - centre).min() > 100 * abs(without - centre).max()


def test_mixed_layouts_are_about_equally_frequent():
    truth = boxes(10, **{**MIXED, "train": 3000}).train.truth
    counts = [(truth == slow_mask(layout, 6, 7)).all(axis=(1, 2)).sum() for layout in MIXED["layouts"]]
    assert sum(counts) == 3000
    assert max(abs(count - 1000) for count in counts) < 130  # 5 standard deviations of a binomial


def test_class_and_layout_are_independent():
    split = boxes(13, **{**MIXED, "train": 3000}).train
    for layout in MIXED["layouts"]:
        has = (split.truth == slow_mask(layout, 6, 7)).all(axis=(1, 2))
        assert abs(split.labels[has].mean() - 0.5) < 0.08  # 5 standard errors of 1000 draws


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"layouts": [[[1, 7, 2, 5]]]}, r"box \[1, 7, 2, 5\] .* must be non-empty and lie inside a series of 6 time"),
        ({"layouts": [[[1, 4, 2, 8]]]}, r"box \[1, 4, 2, 8\] .* and 7 features; move the box or enlarge the series"),
        ({"layouts": [[[-1, 4, 2, 5]]]}, r"box \[-1, 4, 2, 5\] .* must be non-empty"),
        ({"layouts": [[[1, 4, -2, 5]]]}, r"box \[1, 4, -2, 5\] .* must be non-empty"),
        ({"layouts": [[[4, 4, 2, 5]]]}, r"box \[4, 4, 2, 5\] .* must be non-empty"),
        ({"layouts": [[[1, 4, 5, 5]]]}, r"box \[1, 4, 5, 5\] .* must be non-empty"),
        ({"layouts": [[[4, 1, 2, 5]]]}, r"box \[4, 1, 2, 5\] .* must be non-empty"),
        ({"layouts": [[[0, 1, 0, 1], [9, 10, 0, 1]]]}, r"box \[9, 10, 0, 1\]"),
        ({"layouts": [[[1, 4, 2]]]}, r"a box is \[time from, time to, features from, features to\], got \[1, 4, 2\]"),
        ({"layouts": [[[1, 4, 2, 5.0]]]}, r"a box is .*, got \[1, 4, 2, 5\.0\]"),
        ({"layouts": [[1, 4, 2, 5]]}, r"a box is \[time from, .*\], got 1"),
        ({"layouts": [["1425"]]}, r"a box is .*, got '1425'"),
        ({"layouts": []}, r"layouts must hold at least one layout of at least one box, got \[\]"),
        ({"layouts": [[[1, 4, 2, 5]], []]}, r"layouts must hold at least one layout of at least one box"),
        ({"time": 0}, r"time must be at least 1, got 0"),
        ({"features": -3}, r"features must be at least 1, got -3"),
        ({"train": 0}, r"train must be at least 1, got 0"),
        ({"validation": 0}, r"validation must be at least 1, got 0"),
        ({"test": -1}, r"test must be at least 1, got -1"),
        (
            {"train": 10**10},
            r"at most 2147483648 values, got 10000000000 series of \d+ time steps and \d+ features; take",
        ),
        ({"test": 10**400}, r"at most 2147483648 values, got 10"),
        ({"time": 10**7, "features": 10**7}, r"at most 2147483648 values, got \d+ series of 10000000 time steps and"),
        ({"noise": 0.0}, r"boxes need shift >= 0 and noise > 0, got shift=1.0 and noise=0.0"),
        ({"noise": -1.0}, r"boxes need shift >= 0 and noise > 0"),
        ({"shift": -0.5}, r"boxes need shift >= 0 and noise > 0, got shift=-0.5 and noise=1.0"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_impossible_parameters(changes, message):
    with pytest.raises(ParameterError, match=message):
        boxes(1, **{**SMALL, **changes})


def test_a_layout_that_is_no_list():
    with pytest.raises(ParameterError, match=r"layouts must hold layouts, each a list of boxes, got \[1, 4, 2, 5\]"):
        boxes(1, **{**SMALL, "layouts": [1, 4, 2, 5]})
