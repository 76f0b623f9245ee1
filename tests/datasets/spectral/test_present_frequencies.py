import numpy as np
import pytest

from saltbench.datasets.spectral import present_frequencies
from saltbench.errors import ParameterError


def test_series_are_sums_of_sines_of_the_present_frequencies():
    data = present_frequencies(3, train=300, validation=1, test=1)
    split = data.train
    assert split.inputs.shape == (300, 2560, 1)
    assert split.truth.shape == (300, 1281)
    assert data.classes == 16
    amplitudes = np.abs(np.fft.rfft(split.inputs[:, :, 0].astype(float), axis=1)) / 1280
    present = amplitudes > 0.5
    np.testing.assert_allclose(amplitudes, present, atol=0.01)  # each sine has amplitude 1, and noise is small
    assert not present[:, [0, *range(61, 1281)]].any()
    counts = present.sum(axis=1)
    assert (counts.min(), counts.max()) == (10, 49)
    others = np.setdiff1d(np.arange(1, 61), [5, 16, 32, 53])
    assert present[:, others].any(axis=0).all()
    np.testing.assert_array_equal(split.truth[:, [5, 16, 32, 53]], present[:, [5, 16, 32, 53]])
    assert split.truth.sum() == split.truth[:, [5, 16, 32, 53]].sum()
    np.testing.assert_array_equal(split.labels, split.truth[:, [5, 16, 32, 53]] @ [1, 2, 4, 8])
    assert set(split.labels) == set(range(16))


def test_what_is_beside_the_truth_tells_no_class():
    """Which other frequencies there are, and how many in all, is the same in each class."""
    split = present_frequencies(3, train=4000, validation=1, test=1, time=128).train
    present = np.abs(np.fft.rfft(split.inputs[:, :, 0], axis=1)) > 32
    for bit in range(4):
        has = (split.labels >> bit & 1) == 1
        first, second = (present[own].sum(axis=1) for own in (has, ~has))
        error = np.sqrt(first.var() / len(first) + second.var() / len(second))
        assert abs(first.mean() - second.mean()) < 5 * error


def test_phases_noise_and_seeds():
    quiet, loud = (present_frequencies(3, noise=noise, train=50, validation=1, test=1).train for noise in (0.0, 0.8))
    assert (loud.inputs - quiet.inputs).std() == pytest.approx(0.8, rel=0.02)
    again, other = (present_frequencies(seed, noise=0.8, train=50, validation=1, test=1).train for seed in (3, 4))
    assert again.inputs.tobytes() == loud.inputs.tobytes() != other.inputs.tobytes()
    turns = np.fft.rfft(quiet.inputs[:, :, 0], axis=1)[:, 5][quiet.truth[:, 5] == 1]
    assert len(set(np.round(np.angle(turns), 2))) > 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time": 120}, "time must be more than 120, twice the highest frequency, got 120"),
        ({"fewest": 3}, "fewest and most must be 4 <= fewest < most <= 57, got 3 and 50"),
        ({"most": 58}, "fewest and most must be 4 <= fewest < most <= 57, got 10 and 58"),
        ({"fewest": 50}, "fewest and most must be 4 <= fewest < most <= 57, got 50 and 50"),
        ({"noise": -0.1}, "noise must be at least 0, got -0.1"),
        ({"train": 0}, "train must be at least 1, got 0"),
    ],
)
def test_impossible_parameters(changes, message):
    with pytest.raises(ParameterError, match=message):
        present_frequencies(1, **changes)
