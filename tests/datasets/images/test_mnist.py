import hashlib
import math

import numpy as np
import pytest

from saltbench.datasets.images import mnist
from saltbench.datasets.images.mnist import mnist_columns, mnist_rows
from saltbench.datasets.images.mnist_source import Digits
from saltbench.errors import ParameterError

TRAIN, TEST, ROWS, COLUMNS = 40, 30, 5, 3
SPLITS = ("train", "validation", "test")
SIZES = {"train": 25, "validation": 10, "test": 20}


def numbered(first, count):
    """Random digits; the first pixel of each is its number, so that it can be told where it went."""
    rng = np.random.default_rng(first)
    pixels = rng.integers(256, size=(count, ROWS, COLUMNS)).astype(np.uint8)
    pixels[:, 0, 0] = np.arange(first, first + count)
    return Digits(pixels, (np.arange(count) % 10).astype(np.uint8))


PUBLISHED = (numbered(0, TRAIN), numbered(100, TEST))


@pytest.fixture(autouse=True)
def tiny(request, monkeypatch):
    if "mnist_folder" not in request.fixturenames:
        monkeypatch.setattr(mnist, "load_mnist", lambda: PUBLISHED)


def pixels(split):
    return np.rint(split.truth * 255).astype(np.uint8)


def numbers(split):
    return pixels(split)[:, 0, 0].tolist()


def test_shapes_and_types():
    for make, time, features in ((mnist_rows, ROWS, COLUMNS), (mnist_columns, COLUMNS, ROWS)):
        data = make(1, **SIZES)
        assert (data.time, data.features, data.classes) == (time, features, 10)
        for name in SPLITS:
            split = getattr(data, name)
            assert split.inputs.shape == split.truth.shape == (SIZES[name], time, features)
            assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
            assert split.inputs.flags.c_contiguous
            assert split.truth.flags.c_contiguous


def test_time_is_the_row_or_the_column():
    rows, columns = mnist_rows(1, **SIZES), mnist_columns(1, **SIZES)
    for name in SPLITS:
        for sample, number in enumerate(numbers(getattr(rows, name))):
            image = PUBLISHED[number >= 100].pixels[number % 100]
            for t in range(ROWS):
                for f in range(COLUMNS):
                    assert pixels(getattr(rows, name))[sample, t, f] == image[t, f]
                    assert pixels(getattr(columns, name))[sample, f, t] == image[t, f]
        np.testing.assert_array_equal(getattr(rows, name).labels, getattr(columns, name).labels)
        np.testing.assert_array_equal(getattr(rows, name).inputs, getattr(columns, name).inputs.transpose(0, 2, 1))


def test_the_truth_is_the_share_of_ink():
    for name in SPLITS:
        truth = getattr(mnist_rows(1, **SIZES), name).truth
        np.testing.assert_array_equal(truth, (truth.astype(np.float64) * 255).round().astype(np.float32) / 255)
        assert 0 <= truth.min() < 0.05
        assert 0.95 < truth.max() <= 1


def test_the_splits_are_disjoint_and_the_published_test_split_is_kept_apart():
    data = mnist_rows(1, train=25, validation=15, test=TEST)
    assert sorted(numbers(data.train) + numbers(data.validation)) == list(range(TRAIN))
    assert sorted(numbers(data.test)) == list(range(100, 100 + TEST))
    for name in SPLITS:
        split = getattr(data, name)
        assert split.labels.tolist() == [number % 100 % 10 for number in numbers(split)]


def test_one_scale_from_the_training_split_alone():
    data = mnist_rows(1, **SIZES)
    seen = [value / 255 for value in pixels(data.train).ravel().tolist()]
    mean = math.fsum(seen) / len(seen)
    std = math.sqrt(math.fsum((value - mean) ** 2 for value in seen) / len(seen))
    for name in SPLITS:
        expected = (pixels(getattr(data, name)) / 255 - mean) / std
        np.testing.assert_allclose(getattr(data, name).inputs, expected, rtol=0, atol=1e-6)


def test_the_seed_determines_the_split():
    once, again, other = (mnist_rows(seed, **SIZES) for seed in (1, 1, 2))
    for name in SPLITS:
        assert getattr(once, name).inputs.tobytes() == getattr(again, name).inputs.tobytes()
        assert numbers(getattr(once, name)) != numbers(getattr(other, name))


def test_a_smaller_training_split_is_the_beginning_of_a_larger():
    small, large = mnist_rows(1, **{**SIZES, "train": 8}), mnist_rows(1, **SIZES)
    assert numbers(small.train) == numbers(large.train)[:8]
    assert numbers(small.validation) == numbers(large.validation)
    assert numbers(small.test) == numbers(large.test)


@pytest.mark.parametrize("size", SPLITS)
def test_sizes_below_one(size):
    with pytest.raises(ParameterError, match=f"{size} must be at least 1, got 0"):
        mnist_rows(1, **{**SIZES, size: 0})


def test_more_than_there_is():
    assert len(mnist_rows(1, train=30, validation=10, test=30).train) == 30
    with pytest.raises(ParameterError, match=r"MNIST has 40 training digits, train \+ validation asks for 41; ask for"):
        mnist_rows(1, train=31, validation=10, test=30)
    with pytest.raises(ParameterError, match="MNIST has 30 test digits, test asks for 31; ask for fewer"):
        mnist_columns(1, train=30, validation=10, test=31)


def test_golden_bytes():
    """A change of this digest is a change of the tasks: raise their version with it."""
    digest = hashlib.sha256()
    for make in (mnist_rows, mnist_columns):
        data = make(5, **SIZES)
        for name in SPLITS:
            split = getattr(data, name)
            for array in (split.inputs, split.labels, split.truth):
                digest.update(array.tobytes())
    assert digest.hexdigest() == "ef4f41e769c1fcd428bae7ed213eff5ea35151c596564bae7571bc57627c59b0"


def test_the_real_digits(mnist_folder):
    data = mnist_rows(3, train=10000, validation=50, test=10000)
    assert [len(getattr(data, name)) for name in SPLITS] == [10000, 50, 10000]
    assert (data.time, data.features) == (28, 28)
    # all of the test split, so the counts are the published ones
    assert np.bincount(data.test.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(data.train.inputs.mean(dtype=np.float64)) < 1e-6
    assert abs(data.train.inputs.std(dtype=np.float64) - 1) < 1e-6
    # the published mean and deviation of all 60,000 are .1307 and .3081: white and black are -.4242 and 2.8215
    assert data.test.inputs.min() == pytest.approx(-0.4242, abs=0.01)
    assert data.test.inputs.max() == pytest.approx(2.8215, abs=0.05)
