import hashlib

import numpy as np
import pytest
from sklearn.datasets import load_digits

from saltbench.datasets.images.digits import digits_rows
from saltbench.errors import ParameterError

SPLITS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def data():
    return digits_rows(5, validation=300, test=250)


def pixels(split):
    return (split.truth * 16).astype(np.int64)


def test_sizes_shapes_and_types(data):
    assert (data.time, data.features, data.classes) == (8, 8, 10)
    assert [len(getattr(data, name)) for name in SPLITS] == [1797 - 550, 300, 250]
    for name in SPLITS:
        split = getattr(data, name)
        assert split.inputs.shape == split.truth.shape == (len(split), 8, 8)
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)


def test_every_class_is_in_every_split(data):
    assert all(set(getattr(data, name).labels) == set(range(10)) for name in SPLITS)


def test_the_truth_is_the_share_of_ink(data):
    for name in SPLITS:
        truth = getattr(data, name).truth
        assert (truth.min(), truth.max()) == (0, 1)
        np.testing.assert_array_equal(truth, pixels(getattr(data, name)).astype(np.float32) / 16)


def test_the_splits_hold_each_image_once_with_its_label(data):
    bunch = load_digits()
    published = sorted(zip(map(bytes, bunch.images.astype(np.uint8)), bunch.target.tolist(), strict=True))
    held = [
        (bytes(image), label)
        for name in SPLITS
        for image, label in zip(
            pixels(getattr(data, name)).astype(np.uint8), getattr(data, name).labels.tolist(), strict=True
        )
    ]
    assert sorted(held) == published


def test_inputs_are_the_pixels_standardised_with_training_statistics(data):
    training = pixels(data.train).astype(np.float64)
    mean, std = training.mean(axis=0), training.std(axis=0)
    assert (std == 0).any()  # corner pixels without ink, where the standard deviation is taken as 1
    for name in SPLITS:
        split = getattr(data, name)
        expected = (pixels(split) - mean) / np.where(std > 0, std, 1)
        np.testing.assert_allclose(split.inputs, expected, rtol=2e-5, atol=2e-5)


def test_the_seed_determines_the_split(data):
    same, other = digits_rows(5, validation=300, test=250), digits_rows(6, validation=300, test=250)
    for name in SPLITS:
        assert getattr(same, name).inputs.tobytes() == getattr(data, name).inputs.tobytes()
        assert getattr(other, name).inputs.tobytes() != getattr(data, name).inputs.tobytes()


def test_golden_bytes(data):
    """A change of this digest is a change of the task: raise the version of digits/rows with it."""
    digest = hashlib.sha256(b"".join(getattr(data, name).labels.tobytes() for name in SPLITS))
    digest.update(b"".join(getattr(data, name).inputs.tobytes() for name in SPLITS))
    assert digest.hexdigest() == "a0055ad1cc7ec52534cd3e1b687b8753cab7291ffc8c226582a6f87c29f12611"


@pytest.mark.parametrize(
    ("validation", "test", "message"),
    [
        (0, 300, "validation must be at least 1, got 0"),
        (300, -1, "test must be at least 1, got -1"),
        (1000, 797, "digits/rows has 1797 images, validation=1000 and test=797 leave none for training"),
    ],
)
def test_impossible_sizes(validation, test, message):
    with pytest.raises(ParameterError, match=message):
        digits_rows(1, validation=validation, test=test)


def test_one_training_sample_is_enough():
    assert len(digits_rows(1, validation=1000, test=796).train) == 1
