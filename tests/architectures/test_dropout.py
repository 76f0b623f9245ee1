"""Dropout by drawn positions: the distribution of masks, values and gradients, and what is left to PyTorch."""

from functools import cache

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn

from saltbench.methods.architectures.dropout import SeriesDropout, hit_positions
from saltbench.methods.seeding import seeded

PROBABILITIES = pytest.mark.parametrize("p", [0.003, 0.1, 0.3, 0.5])
DRAWS, ENTRIES = 2000, 60
LEAST = 1e-4  # a p-value of a fixed draw; a wrong mask is far below


@cache
def masks(p: float) -> np.ndarray:
    """Return which entries were dropped, (draws, entries)."""
    layer, ones = SeriesDropout(p).train(), torch.ones(1, ENTRIES, 1)
    with seeded(3):
        return np.stack([(layer(ones) == 0).flatten().numpy() for _ in range(DRAWS)])


@PROBABILITIES
def test_as_many_are_dropped_as_the_binomial_distribution_says(p):
    dropped = masks(p).sum(axis=1)
    least, most = (int(stats.binom.ppf(q, ENTRIES, p)) for q in (0.02, 0.98))
    edges = np.arange(least, most + 1)
    expected = np.diff([0, *stats.binom.cdf(edges, ENTRIES, p), 1])
    counts = np.bincount(np.clip(dropped, least, most + 1) - least, minlength=len(expected))
    assert stats.chisquare(counts, DRAWS * expected).pvalue > LEAST


@PROBABILITIES
def test_every_entry_is_dropped_with_probability_p(p):
    found = masks(p).sum(axis=0)
    spread = ((found - DRAWS * p) ** 2).sum() / (DRAWS * p * (1 - p))
    assert stats.chi2.cdf(spread, ENTRIES) > LEAST
    assert stats.chi2.sf(spread, ENTRIES) > LEAST


@PROBABILITIES
@pytest.mark.parametrize("lag", [1, 2, 7, 59])
def test_entries_are_dropped_independently(p, lag):
    dropped = masks(p)
    both = int((dropped[:, lag:] & dropped[:, :-lag]).sum())
    assert stats.binomtest(both, DRAWS * (ENTRIES - lag), p * p).pvalue > LEAST


@pytest.mark.parametrize("entries", [1_000_003, 500_000])
def test_p_is_exact_on_a_large_series(entries):
    with seeded(4):
        dropped = sum(len(hit_positions(entries, 0.1).unique()) for _ in range(20))
    assert stats.binomtest(dropped, 20 * entries, 0.1).pvalue > LEAST


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16])
@pytest.mark.parametrize("p", [0.1, 0.25, 0.7])
def test_entries_are_zero_or_scaled(p, dtype):
    inputs = torch.randn(4, 9, 5, generator=torch.Generator().manual_seed(1)).to(dtype)
    before = inputs.clone()
    with seeded(1):
        outputs = SeriesDropout(p).train()(inputs)
    assert torch.equal(inputs, before)
    assert (outputs.dtype, outputs.shape) == (dtype, inputs.shape)
    kept = outputs != 0
    assert 0 < int(kept.sum()) < kept.numel()
    torch.testing.assert_close(outputs[kept], (inputs / (1 - p))[kept])


@pytest.mark.parametrize("transposed", [False, True])
def test_gradients_are_zero_or_scaled_where_the_entries_are(transposed):
    inputs = torch.randn(6, 8, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    inputs = (inputs.transpose(0, 1) if transposed else inputs).requires_grad_()
    with seeded(1):
        outputs = SeriesDropout(0.3).train()(inputs)
    (found,) = torch.autograd.grad(outputs.square().sum(), inputs)
    torch.testing.assert_close(found, 2 * outputs * (outputs != 0) / 0.7)
    torch.testing.assert_close(outputs.detach(), (inputs / 0.7 * (outputs != 0)).detach())


def test_the_seed_determines_the_mask_and_no_other_generator_is_used():
    layer, inputs = SeriesDropout(0.1).train(), torch.ones(3, 20, 20)
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it must stay as it was
    with seeded(7):
        first, next_one = layer(inputs), layer(inputs)
    with seeded(7):
        again = layer(inputs)
    with seeded(8):
        other = layer(inputs)
    assert torch.equal(first, again)
    assert not torch.equal(first, next_one)
    assert not torch.equal(first, other)
    assert np.array_equal(before, np.random.get_state()[1])  # noqa: NPY002


@pytest.mark.parametrize("p", [0.0, 0.1, 0.7])
def test_in_evaluation_nothing_is_done(p):
    inputs = torch.randn(2, 5, 3)
    assert SeriesDropout(p).eval()(inputs) is nn.Dropout(p).eval()(inputs) is inputs


@pytest.mark.parametrize(
    ("p", "inputs"),
    [
        (0.0, torch.ones(2, 5, 3)),
        (0.7, torch.ones(2, 5, 3)),
        (1.0, torch.ones(2, 5, 3)),
        (0.1, torch.ones(0, 5, 3)),
        (0.1, torch.ones(2, 5, 3, device="meta")),
    ],
    ids=["zero", "most", "all", "empty", "device"],
)
def test_what_is_left_to_pytorch(p, inputs):
    with seeded(1):
        expected = nn.Dropout(p).train()(inputs)
    with seeded(1):
        found = SeriesDropout(p).train()(inputs)
    assert found.shape == expected.shape
    assert found.is_meta or torch.equal(found, expected)
