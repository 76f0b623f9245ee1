"""Removal of entries on networks whose answer is known, and its replacements by hand."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltbench.benchmark.metrics.faithfulness.masking import removal_order
from saltbench.benchmark.metrics.faithfulness.removal import (
    SHARES,
    accuracy_after_removal,
    answer_after_removal,
    draw_replacement,
)
from saltbench.benchmark.metrics.maps import Maps
from saltbench.errors import ParameterError, ShapeError, UnknownNameError

TIME, FEATURES, ENTRY = 5, 4, (3, 2)
ENTRIES = TIME * FEATURES


class OneEntry:
    """A network of class 1 where an entry is above 0, else of class 0; the labels are what it answers at ENTRY."""

    def __init__(self, samples=8, entry=ENTRY):
        self.inputs = np.random.default_rng(0).standard_normal((samples, TIME, FEATURES)).astype(np.float32)
        self.labels = self.target = np.arange(samples) % 2
        self.inputs[:, *ENTRY] = 2.0 * self.labels - 1
        self.seeds = range(samples)
        self.entry = entry

    def logits(self, inputs):
        value = inputs[:, *self.entry].astype(np.float64)
        return np.stack([np.zeros_like(value), value], axis=1)


def magnitude(samples=8, entry=ENTRY):
    """A map whose largest value is at the entry."""
    values = np.random.default_rng(0).random((samples, TIME, FEATURES))
    values[:, *entry] = 2
    return values


def order(samples=8, entry=ENTRY):
    return removal_order(magnitude(samples, entry), range(samples))


def accuracy(share, entry=ENTRY, model=None):
    model = model or OneEntry()
    (correct,) = answer_after_removal(model, order(entry=entry), np.zeros_like(model.inputs), [share])
    return correct.mean()


def test_without_the_entry_it_looks_at_a_network_is_at_chance():
    assert accuracy(0.0) == 1
    assert accuracy(1 / ENTRIES) == 0.5
    assert accuracy(1.0) == 0.5


def test_without_any_other_entry_it_is_as_good_as_before():
    model = OneEntry()
    others = np.ones_like(model.inputs, dtype=np.float64)
    others[:, *ENTRY] = 0
    last = removal_order(others, model.seeds)
    correct = answer_after_removal(model, last, np.zeros_like(model.inputs), [(ENTRIES - 1) / ENTRIES, 1.0])
    assert correct.mean(axis=1).tolist() == [1.0, 0.5]


def test_another_networks_map_removes_what_that_network_looks_at():
    looking = {ENTRY: OneEntry(), (0, 0): OneEntry(entry=(0, 0))}
    for removed in looking:
        for entry, model in looking.items():
            before, after = answer_after_removal(
                model, order(entry=removed), np.zeros_like(model.inputs), [0.0, 1 / ENTRIES]
            )
            if entry == removed:
                assert after.mean() == 0.5
            else:
                assert (before == after).all()


@given(arrays(float, (2, 3, 4), elements=st.sampled_from([0.0, 1.0, 2.0])), st.integers(0, 5))
def test_the_order_is_a_permutation_and_descends(values, seed):
    for one, places in zip(values, removal_order(values, [seed, seed + 1]), strict=True):
        assert sorted(places.ravel().tolist()) == list(range(12))
        in_order = one.ravel()[np.argsort(places.ravel())].tolist()
        assert in_order == sorted(in_order, reverse=True)


def test_without_ties_the_seed_does_not_matter():
    np.testing.assert_array_equal(removal_order(magnitude(3), [0, 1, 2]), removal_order(magnitude(3), [7, 8, 9]))


def test_ties_are_broken_at_random_by_seed_and_not_by_place():
    equal = np.zeros((300, 10, 1))
    places = removal_order(equal, range(300))
    # every step has the mean place 4.5; the mean over 300 samples has the deviation sqrt((100 − 1) / 12 / 300) = .166
    assert places.mean(axis=0).ravel() == pytest.approx(np.full(10, 4.5), abs=4 * 0.166)
    np.testing.assert_array_equal(places[2:], removal_order(equal[2:], range(2, 300)))


def test_larger_shares_remove_all_that_smaller_ones_do():
    seen = []
    model = OneEntry()
    answer = model.logits
    model.logits = lambda inputs: seen.append(inputs == 0) or answer(inputs)
    answer_after_removal(model, order(), np.zeros_like(model.inputs), SHARES)
    assert [removed[0].sum() for removed in seen] == [0, 2, 4, 6, 8, 10]
    assert all((smaller <= larger).all() for smaller, larger in pairwise(seen))


@pytest.mark.parametrize("replacement", ["zero", "mean", "sampled"])
def test_the_metric_is_the_mean_over_the_shares_of_the_right_answers(replacement):
    model = OneEntry()
    training = np.random.default_rng(1).standard_normal((5, TIME, FEATURES)).astype(np.float32)
    maps = Maps(magnitude(), np.ones_like(model.inputs))
    shares = [0.0, 1 / ENTRIES, 0.5]
    ranked = np.argsort(-magnitude().reshape(8, -1), axis=1)
    expected = np.zeros(8)
    for sample in range(8):
        filling = {
            "zero": np.zeros((TIME, FEATURES)),
            "mean": sum(one.astype(float) for one in training) / 5,
            "sampled": training[np.random.default_rng([sample, 1]).integers(5)],
        }[replacement]
        for share in shares:
            changed = model.inputs[sample].copy()
            for place in ranked[sample][: round(share * ENTRIES)]:
                changed.flat[place] = filling.flat[place]
            expected[sample] += ((changed[ENTRY] > 0) == model.labels[sample]) / 3
    data = SimpleNamespace(train=SimpleNamespace(inputs=training))
    scores = accuracy_after_removal(maps, model=model, data=data, replacement=replacement, shares=shares)
    assert scores == pytest.approx(expected)


def test_what_takes_the_place_of_an_entry():
    inputs = OneEntry(6).inputs
    training = np.random.default_rng(1).standard_normal((3, TIME, FEATURES)).astype(np.float32)
    assert not draw_replacement("zero", inputs, training, range(6)).any()
    slow = [[[sum(float(one[t, f]) for one in training) / 3 for f in range(FEATURES)] for t in range(TIME)]] * 6
    np.testing.assert_allclose(draw_replacement("mean", inputs, training, range(6)), slow, rtol=0, atol=1e-6)
    sampled = draw_replacement("sampled", inputs, training, range(6))
    donors = [[np.array_equal(row, one) for one in training].index(True) for row in sampled]
    assert set(donors) <= {0, 1, 2}
    assert len(set(donors)) > 1
    np.testing.assert_array_equal(sampled[4:], draw_replacement("sampled", inputs[4:], training, [4, 5]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["zero", "mean", "sampled"])
def test_a_replacement_has_the_type_of_the_inputs(name, dtype):
    training = np.ones((3, TIME, FEATURES), np.float32)
    assert draw_replacement(name, np.ones((6, TIME, FEATURES), dtype), training, range(6)).dtype == dtype


def test_the_mean_of_many_series_is_summed_in_float64():
    training = np.full((100_000, 1, 1), 1000.1, np.float32)
    mean = draw_replacement("mean", np.zeros((1, 1, 1), np.float32), training, [0])
    assert mean.item() == training[0].item()


def test_a_replacement_that_does_not_exist_is_named():
    inputs = OneEntry().inputs
    with pytest.raises(UnknownNameError, match="unknown replacement 'means'; did you mean 'mean'"):
        draw_replacement("means", inputs, inputs, range(8))


@pytest.mark.parametrize("shares", [[-0.1], [1.1], [float("nan")], []])
def test_an_impossible_share_is_refused(shares):
    model = OneEntry()
    with pytest.raises(ParameterError, match=r"removed shares must lie in 0 to 1, got \["):
        answer_after_removal(model, order(), np.zeros_like(model.inputs), shares)


@pytest.mark.parametrize("wrong", ["order", "filling"])
def test_another_shape_is_refused(wrong):
    model = OneEntry()
    given = {"order": order(), "filling": np.zeros_like(model.inputs)}
    given[wrong] = given[wrong][:, :1]
    with pytest.raises(ShapeError, match=rf"removal needs {wrong} of the inputs' shape \(8, 5, 4\), got \(8, 1, 4\)"):
        answer_after_removal(model, *given.values())
