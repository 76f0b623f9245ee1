"""The slopes of the regularisers of masks against enumeration, sorting and autograd."""

import math
from itertools import permutations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from slow_dynamask import slow_size_slope

from saltbench.methods.attributions.masks.mask_regularisers import SizeSlopes, jump_slopes


def size_slopes(masks, kept):
    return SizeSlopes(masks, kept).of(masks, slice(0, len(masks)), out=torch.empty_like(masks))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1, max_size=5), st.data())
def test_size_slopes_are_the_mean_over_the_orders_of_ties(values, data):
    kept = data.draw(st.integers(0, len(values)))
    reference = torch.tensor([0.0] * (len(values) - kept) + [1.0] * kept)
    orders = [order for order in permutations(range(len(values))) if sorted(values) == [values[k] for k in order]]
    expected = torch.zeros(len(values))
    for order in orders:
        for place, entry in enumerate(order):
            expected[entry] += (values[entry] - reference[place]) / len(orders)
    slopes = size_slopes(torch.tensor(values).reshape(1, -1, 1), kept)
    torch.testing.assert_close(slopes.flatten(), expected, rtol=1e-6, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 6), st.integers(1, 3), st.data())
def test_size_slopes_forget_nothing_and_remember_nothing_wrong(time, features, data):
    """Whatever bound an epoch leaves, the next one has the slopes that a sort of its masks gives."""
    kept = data.draw(st.integers(0, time * features))
    values = st.sampled_from([0.0, math.nextafter(0.5, 0), 0.5, math.nextafter(0.5, 1), 0.75, 1.0])
    entries = st.lists(values, min_size=2 * time * features, max_size=2 * time * features)
    drawn = data.draw(st.lists(entries, min_size=1, max_size=4))
    epochs = [torch.tensor(values, dtype=torch.float64).reshape(2, time, features) for values in drawn]
    slopes = SizeSlopes(epochs[0], kept)
    for masks in epochs:
        for sample, mask in enumerate(masks):
            samples = slice(sample, sample + 1)
            found = slopes.of(masks[samples], samples, out=torch.empty_like(masks[samples]))
            for t in range(time):
                for i in range(features):
                    assert found[0, t, i].item() == pytest.approx(slow_size_slope(mask, kept, t, i) / 2, rel=1e-15)


def test_masks_whose_largest_entries_stay_are_not_sorted_again(monkeypatch):
    generator = torch.Generator().manual_seed(0)
    largest = torch.rand(3, 20, generator=generator).argsort(1).lt(7).reshape(3, 4, 5)
    slopes, sort, sorted_masks = SizeSlopes(torch.empty(3, 4, 5), 7), SizeSlopes._sorted, []
    monkeypatch.setattr(SizeSlopes, "_sorted", lambda self, mask: sorted_masks.append(len(mask)) or sort(self, mask))
    for epoch in range(4):
        masks = torch.rand(3, 4, 5, generator=generator) / 10 + torch.where(largest, 0.6, 0.3)
        if epoch == 3:
            masks[1] += 0.3
        slopes.of(masks, slice(0, 3), out=torch.empty_like(masks))
    assert sorted_masks == [1, 1, 1, 1]


@pytest.mark.parametrize("kept", [2049, 4095])
def test_entries_are_counted_exactly_in_half_precision(kept):
    mask = torch.linspace(0, 1, 4096).clamp_(0, 1).reshape(1, 64, 64).half()
    expected = size_slopes(mask.double(), kept)
    torch.testing.assert_close(size_slopes(mask, kept).double(), expected, rtol=1e-3, atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 1000), st.data())
def test_slopes_of_distinct_entries_are_the_derivatives_of_the_regularisers(time, features, seed, data):
    kept = data.draw(st.integers(0, time * features))
    mask = torch.rand(2, time, features, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    mask.requires_grad_()
    reference = torch.tensor([0.0] * (time * features - kept) + [1.0] * kept, dtype=torch.float64)
    size = ((mask.flatten(1).sort(1).values - reference) ** 2).sum() / 2
    torch.testing.assert_close(size_slopes(mask.detach(), kept), torch.autograd.grad(size, mask)[0])
    if time > 1:
        jumps = (mask[:, 1:] - mask[:, :-1]).abs().sum()
        torch.testing.assert_close(jump_slopes(mask.detach()), torch.autograd.grad(jumps, mask)[0])
