"""Noisy copies: normal, as wide as the sample's range says, and the same whenever they are asked for."""

import pytest
import torch
from attribution_models import series
from gradient_oracles import noisy_draw
from hypothesis import given
from hypothesis import strategies as st

from saltbench.methods.attributions.explain import sample_seeds
from saltbench.methods.attributions.passes.noise import add_noise
from saltbench.methods.attributions.passes.segments import Span


def test_noise_is_normal_with_a_share_of_the_range_as_deviation():
    inputs = torch.zeros(2, 500, 40, dtype=torch.float64)
    inputs[0, 0, 0], inputs[1, 0, 0] = 10.0, -30.0
    noise = (noisy_draw(inputs, 0.1, [1, 2], 0) - inputs).flatten(1) / torch.tensor([[1.0], [3.0]])
    # 20,000 numbers: mean within 5 standard errors, and the second, third and fourth moments of a normal
    assert noise.mean(1).abs().max() < 5 / 20_000**0.5
    assert (noise**2).mean(1).tolist() == pytest.approx([1, 1], abs=0.05)
    assert (noise**3).mean(1).tolist() == pytest.approx([0, 0], abs=0.15)
    assert (noise**4).mean(1).tolist() == pytest.approx([3, 3], abs=0.3)


def test_draws_and_samples_are_independent():
    inputs = series(1).repeat(2, 40, 1)
    rows = torch.cat([noisy_draw(inputs, 0.5, [1, 2], draw) - inputs for draw in range(3)]).flatten(1)
    assert (torch.corrcoef(rows) - torch.eye(6)).abs().max() < 0.15


def test_no_noise_is_the_input():
    assert torch.equal(noisy_draw(series(3), 0.0, [1, 2, 3], 4), series(3))


@given(
    time=st.integers(1, 9),
    features=st.integers(1, 9),
    first=st.integers(0, 4),
    draw=st.integers(0, 50),
    dtype=st.sampled_from([torch.float32, torch.float64]),
)
def test_a_row_depends_on_its_sample_its_seed_and_the_draw_alone(time, features, first, draw, dtype):
    inputs = torch.randn(5, time, features, generator=torch.Generator().manual_seed(time), dtype=dtype)
    seeds = sample_seeds(features, 5)
    write, rows = add_noise(inputs, 0.3, seeds), torch.empty(5, 3, time, features, dtype=dtype)
    write(slice(5), slice(draw, draw + 3), rows)
    again = torch.empty_like(rows)
    write(slice(first, 5), slice(draw + 2, draw + 3), again[first:, 2:])
    write(slice(first, 5), slice(draw, draw + 2), again[first:, :2])
    assert torch.equal(again[first:], rows[first:])
    assert torch.equal(noisy_draw(inputs[first:], 0.3, seeds[first:], draw + 1), rows[first:, 1])


def test_single_and_double_precision_see_the_same_noise():
    double = noisy_draw(series(3), 0.3, [1, 2, 3], 1)
    single = noisy_draw(series(3).float(), 0.3, [1, 2, 3], 1)
    torch.testing.assert_close(single.double(), double, rtol=1e-6, atol=1e-6)


def test_the_layout_in_memory_does_not_matter():
    turned = series(3).transpose(1, 2).contiguous().transpose(1, 2)
    assert torch.equal(noisy_draw(turned, 0.3, [1, 2, 3], 1), noisy_draw(series(3), 0.3, [1, 2, 3], 1))


def test_noise_is_as_wide_as_each_of_several_inputs():
    inputs, parts = series(3), [Span(0, 2), Span(2, 3)]
    scaled = torch.cat([inputs[..., :2], 1000 * inputs[..., 2:3]], 2)
    rows = torch.empty(3, 4, *scaled.shape[1:], dtype=inputs.dtype)
    add_noise(scaled, 0.3, [1, 2, 3], parts)(slice(0, 3), slice(0, 4), rows)
    for span in parts:
        alone = torch.empty_like(rows)
        together = torch.cat([scaled[..., slice(*span)]] * 3, 2)[..., :3]  # the noise of a cell is that of its place
        add_noise(together, 0.3, [1, 2, 3])(slice(0, 3), slice(0, 4), alone)
        expected = (alone - together[:, None])[..., slice(*span)] + scaled[:, None, :, slice(*span)]
        torch.testing.assert_close(rows[..., slice(*span)], expected)
