"""Removal of cells on networks whose answer is known, and its order of cells against a sort by hand."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch import nn

from saltbench.benchmark.removal.deletion import SHARES, correct_after_removal, draw_replacement, rank_for_removal
from saltbench.errors import ParameterError, ShapeError, UnknownNameError

TIME, FEATURES, CELL = 5, 4, (3, 2)


class OneCell(nn.Module):
    """Class 1 where the cell is above 0, else class 0."""

    def __init__(self, cell=CELL):
        super().__init__()
        self.cell = cell

    def forward(self, inputs):
        value = inputs[:, *self.cell]
        return torch.stack([torch.zeros_like(value), value], dim=1)


def series(samples=8):
    inputs = torch.randn(samples, TIME, FEATURES, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(samples) % 2
    inputs[:, *CELL] = 2.0 * labels - 1
    return inputs, labels


def ranked(samples, cell=CELL):
    """A map whose largest value is at the cell."""
    magnitude = np.random.default_rng(0).random((samples, TIME, FEATURES))
    magnitude[:, *cell] = 2
    return rank_for_removal(magnitude, range(samples))


def accuracy(cell_ranked, share, samples=8):
    inputs, labels = series(samples)
    zeros = torch.zeros_like(inputs)
    (correct,) = correct_after_removal([OneCell()], inputs, labels, ranked(samples, cell_ranked), zeros, [share])
    return correct[0].mean()


def test_without_the_cell_it_looks_at_a_network_is_at_chance():
    assert accuracy(CELL, 0.0) == 1
    assert accuracy(CELL, 1 / (TIME * FEATURES)) == 0.5
    assert accuracy(CELL, 1.0) == 0.5


def test_without_any_other_cell_it_is_as_good_as_before():
    inputs, labels = series()
    magnitude = np.ones((len(inputs), TIME, FEATURES))
    magnitude[:, *CELL] = 0
    ranks = rank_for_removal(magnitude, range(len(inputs)))
    cells = TIME * FEATURES
    zeros = torch.zeros_like(inputs)
    correct = correct_after_removal([OneCell()], inputs, labels, ranks, zeros, [(cells - 1) / cells, 1.0])[0]
    assert correct.mean(axis=1).tolist() == [1.0, 0.5]


def test_another_networks_map_removes_what_that_network_looks_at():
    inputs, labels = series()
    zeros = torch.zeros_like(inputs)
    models = [OneCell(), OneCell((0, 0))]
    for cell, changed in ((CELL, 0), ((0, 0), 1)):
        correct = correct_after_removal(models, inputs, labels, ranked(8, cell), zeros, [0.0, 0.05])
        before, after = correct[:, 0], correct[:, 1]
        assert (before[1 - changed] == after[1 - changed]).all()
        assert after[changed].mean() == 0.5


@given(arrays(float, (2, 3, 4), elements=st.sampled_from([0.0, 1.0, 2.0])), st.integers(0, 5))
def test_ranks_are_a_permutation_in_descending_order(magnitude, seed):
    ranks = rank_for_removal(magnitude, [seed, seed + 1]).numpy()
    for values, places in zip(magnitude, ranks, strict=True):
        assert sorted(places.ravel().tolist()) == list(range(12))
        by_place = dict(zip(places.ravel().tolist(), values.ravel().tolist(), strict=True))
        in_order = [by_place[place] for place in range(12)]
        assert in_order == sorted(in_order, reverse=True)


def test_without_ties_the_seed_does_not_matter():
    magnitude = np.random.default_rng(1).random((3, TIME, FEATURES))
    assert torch.equal(rank_for_removal(magnitude, [0, 1, 2]), rank_for_removal(magnitude, [7, 8, 9]))


def test_ties_are_broken_at_random_by_seed_and_not_by_place():
    magnitude = np.zeros((300, 10, 1))
    ranks = rank_for_removal(magnitude, range(300))
    assert torch.equal(ranks, rank_for_removal(magnitude, range(300)))
    # every step has the mean rank 4.5; the mean over 300 samples has the deviation sqrt((100 − 1) / 12 / 300) = .166
    assert ranks.double().mean(dim=0).ravel().numpy() == pytest.approx(np.full(10, 4.5), abs=4 * 0.166)


def test_a_samples_order_does_not_depend_on_its_batch():
    magnitude = np.zeros((4, TIME, FEATURES))
    assert torch.equal(rank_for_removal(magnitude, [3, 4, 5, 6])[2:], rank_for_removal(magnitude[2:], [5, 6]))


def test_larger_shares_remove_all_that_smaller_ones_do():
    seen = []

    class Recorder(OneCell):
        def forward(self, inputs):
            seen.append((inputs == 0).clone())
            return super().forward(inputs)

    inputs, labels = series()
    correct_after_removal([Recorder()], inputs, labels, ranked(8), torch.zeros_like(inputs), SHARES)
    counts = [removed[0].sum().item() for removed in seen]
    assert counts == [0, 2, 4, 6, 8, 10]
    assert all((smaller <= larger).all() for smaller, larger in pairwise(seen))


def test_what_takes_the_place_of_a_cell():
    inputs, _ = series(6)
    training = torch.randn(3, TIME, FEATURES, generator=torch.Generator().manual_seed(1))
    assert not draw_replacement("zero", inputs, training, range(6)).any()
    slow = torch.tensor(
        [[[sum(float(one[t, f]) for one in training) / 3 for f in range(FEATURES)] for t in range(TIME)]] * 6
    )
    torch.testing.assert_close(draw_replacement("mean", inputs, training, range(6)), slow, rtol=0, atol=1e-6)
    sampled = draw_replacement("sampled", inputs, training, range(6))
    donors = [[torch.equal(row, one) for one in training].index(True) for row in sampled]
    assert set(donors) <= {0, 1, 2}
    assert len(set(donors)) > 1
    assert torch.equal(sampled[4:], draw_replacement("sampled", inputs[4:], training, [4, 5]))
    for name in ("zero", "mean", "sampled"):
        assert draw_replacement(name, inputs, training, range(6)).dtype == inputs.dtype


def test_the_mean_of_many_series_is_summed_in_float64():
    training = torch.full((100_000, 1, 1), 0.1) + 1000
    mean = draw_replacement("mean", torch.zeros(1, 1, 1), training, [0])
    assert mean.item() == training[0].item()


def test_a_replacement_that_does_not_exist_is_named():
    inputs, _ = series()
    with pytest.raises(UnknownNameError, match="unknown replacement 'means'; did you mean 'mean'"):
        draw_replacement("means", inputs, inputs, range(8))


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_an_impossible_share_is_refused(share):
    inputs, labels = series()
    with pytest.raises(ParameterError, match=r"removed shares must lie in 0 to 1, got \["):
        correct_after_removal([OneCell()], inputs, labels, ranked(8), torch.zeros_like(inputs), [share])


@pytest.mark.parametrize("wrong", ["ranks", "replacement"])
def test_another_shape_is_refused(wrong):
    inputs, labels = series()
    given = {"ranks": ranked(8), "replacement": torch.zeros_like(inputs)}
    given[wrong] = given[wrong][:, :1]
    with pytest.raises(ShapeError, match=rf"removal needs {wrong} of the inputs' shape \(8, 5, 4\), got \(8, 1, 4\)"):
        correct_after_removal([OneCell()], inputs, labels, *given.values())
