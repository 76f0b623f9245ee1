import numpy as np
import pytest

from saltbench.datasets.preprocessing import SCALINGS, require_counts, standardise
from saltbench.datasets.spec import Split
from saltbench.errors import DataError, ParameterError


def split(inputs):
    inputs = np.array(inputs, dtype=np.float32)
    return Split(inputs, np.zeros(len(inputs), dtype=np.int64), np.zeros_like(inputs))


def random_split(seed, samples):
    return split(np.random.default_rng(seed).normal(3, 2, (samples, 3, 2)))


def test_hand_solved_example():
    # entry 0: mean 2, std 1; entry 1: constant 5, so its std is taken as 1
    train, validation, test = standardise(split([[[1, 5]], [[3, 5]]]), split([[[4, 6]]]), split([[[0, 5]]]))
    np.testing.assert_array_equal(train.inputs, [[[-1, 0]], [[1, 0]]])
    np.testing.assert_array_equal(validation.inputs, [[[2, 1]]])
    np.testing.assert_array_equal(test.inputs, [[[-2, 0]]])


def test_against_loops():
    given = [random_split(seed, samples) for seed, samples in ((1, 9), (2, 4), (3, 5))]
    for before, after in zip(given, standardise(*given), strict=True):
        for t in range(3):
            for f in range(2):
                training = [float(value) for value in given[0].inputs[:, t, f]]
                mean = sum(training) / 9
                std = (sum((value - mean) ** 2 for value in training) / 9) ** 0.5
                np.testing.assert_allclose(after.inputs[:, t, f], (before.inputs[:, t, f] - mean) / std, atol=1e-6)


def test_only_training_statistics_are_used():
    train, validation = random_split(1, 9), random_split(2, 4)
    usual = standardise(train, validation, random_split(3, 5))
    extreme = split(np.full((5, 3, 2), 1e6))
    unusual_test, unusual_validation = standardise(train, validation, extreme), standardise(train, extreme, extreme)
    assert usual[0].inputs.tobytes() == unusual_test[0].inputs.tobytes() == unusual_validation[0].inputs.tobytes()
    assert usual[1].inputs.tobytes() == unusual_test[1].inputs.tobytes()


def test_each_sample_of_a_split_is_standardised_by_itself():
    train, test = random_split(1, 9), random_split(3, 5)
    together = standardise(train, test, test)[2].inputs
    alone = [standardise(train, test, split(test.inputs[k : k + 1]))[2].inputs[0] for k in range(5)]
    np.testing.assert_array_equal(together, alone)


def test_types_labels_and_truth_are_kept():
    before = random_split(1, 9)
    after = standardise(before, before, before)[0]
    assert after.inputs.dtype == np.float32
    assert after.labels is before.labels
    assert after.truth is before.truth


def padded_split(seed, lengths, padding=77.0):
    whole = random_split(seed, len(lengths))
    real = np.arange(3)[:, None] < np.array(lengths)[:, None, None]
    return Split(np.where(real, whole.inputs, np.float32(padding)), whole.labels, whole.truth, np.array(lengths)), real


@pytest.mark.parametrize("scaling", SCALINGS)
def test_padding_does_not_count_and_stays_as_it_is(scaling):
    splits, real = zip(
        *(padded_split(seed, lengths) for seed, lengths in enumerate(([3, 2, 1, 2], [1, 2], [3]))), strict=True
    )
    found = SCALINGS[scaling](*splits)
    for step in range(3):
        # those that have the step, as series of one step
        parts = [part.inputs[keep[:, step, 0]][:, [step]] for part, keep in zip(splits, real, strict=True)]
        expected = SCALINGS[scaling](*map(split, parts))
        for after, keep, alone in zip(found, real, expected, strict=True):
            np.testing.assert_allclose(after.inputs[keep[:, step, 0]][:, [step]], alone.inputs, rtol=1e-6, atol=1e-6)
    for after, keep in zip(found, real, strict=True):
        assert (after.inputs[~np.broadcast_to(keep, after.inputs.shape)] == 77).all()


@pytest.mark.parametrize("scaling", SCALINGS)
def test_a_step_that_no_training_series_has_is_refused(scaling):
    train, _ = padded_split(0, [2, 1])
    with pytest.raises(DataError, match="scaling by entries needs training series as long as all others, 3 "):
        SCALINGS[scaling](train, train, random_split(1, 2))
    found = SCALINGS[scaling](train, train, train)[0]
    assert (found.inputs[:, 2] == 77).all()


def test_counts_below_one_are_refused():
    require_counts(train=1, test=2)
    with pytest.raises(ParameterError, match="test must be at least 1, got 0"):
        require_counts(train=1, test=0)
