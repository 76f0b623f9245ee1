"""Random networks of blocks that practitioners use: DeepLIFT is complete, LRP conserves, each sample stands alone."""

import pytest
import torch
from attribution_models import FEATURES, TIME, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional


class Weights:
    """Draws the weights of a network, the same at each call."""

    def __init__(self, seed):
        self.generator = torch.Generator().manual_seed(seed)

    def __call__(self, *shape):
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64) / shape[-1] ** 0.5


def in_place_residual(w):
    inner, outer = w(6, FEATURES), w(FEATURES, 6)

    def block(x):
        y = F.relu(x @ inner.T, inplace=True) @ outer.T
        y += x
        return y.tanh_()

    return block


def swiglu(w):
    gate, up, down = w(5, FEATURES), w(5, FEATURES), w(FEATURES, 5)
    return lambda x: (F.silu(x @ gate.T) * (x @ up.T)) @ down.T


def gelu_by_tanh(w):
    inner = w(FEATURES, FEATURES)

    def block(x):
        y = x @ inner.T
        return 0.5 * y * (1 + torch.tanh(0.8 * (y + 0.04 * y**3)))

    return block


def spectral_filter(w):
    weights = torch.complex(w(TIME // 2 + 1, FEATURES), w(TIME // 2 + 1, FEATURES))
    return lambda x: torch.fft.irfft(torch.fft.rfft(x, dim=1) * weights, n=TIME, dim=1)


def spectral_modes(w):
    weights = torch.complex(w(FEATURES, FEATURES), w(FEATURES, FEATURES))

    def block(x):
        spectrum = torch.fft.rfft(x, dim=1)
        out = torch.zeros(len(x), TIME // 2 + 1, FEATURES, dtype=spectrum.dtype)
        out[:, :2] = torch.einsum("bfi,io->bfo", spectrum[:, :2], weights)
        return torch.fft.irfft(out, n=TIME, dim=1)

    return block


def selective_scan(w):
    """The recurrence of Mamba, written to a buffer step by step."""
    inward, outward, step = w(3, FEATURES), w(3, FEATURES), w(FEATURES, FEATURES)

    def block(x):
        delta, b, c = F.softplus(x @ step.T), x @ inward.T, x @ outward.T
        state, y = x.new_zeros(len(x), FEATURES, 3), torch.zeros_like(x)
        for t in range(TIME):
            state = torch.exp(-delta[:, t, :, None]) * state + (delta[:, t] * x[:, t])[..., None] * b[:, t, None]
            y[:, t] = torch.einsum("bfn,bn->bf", state, c[:, t])
        return y * F.silu(x)

    return block


def stabilised_gates(w):
    """The exponential gates of xLSTM, with the running maximum that keeps them in range."""
    forget, inward = w(FEATURES, FEATURES), w(FEATURES, FEATURES)

    def block(x):
        c, n, m = x.new_zeros(len(x), FEATURES), x.new_ones(len(x), FEATURES), x.new_zeros(len(x), FEATURES)
        outputs = []
        for t in range(TIME):
            log_f, log_i = F.logsigmoid(x[:, t] @ forget.T), x[:, t] @ inward.T
            highest = torch.maximum(log_f + m, log_i)
            f, i = torch.exp(log_f + m - highest), torch.exp(log_i - highest)
            c, n, m = f * c + i * x[:, t].tanh(), f * n + i, highest
            outputs.append(c / n)
        return torch.stack(outputs, 1)

    return block


def sparse_attention(w):
    """Attention that keeps the largest scores, the others being masked."""
    query, key = w(FEATURES, FEATURES), w(FEATURES, FEATURES)

    def block(x):
        scores = (x @ query.T) @ (x @ key.T).mT
        lowest = scores.topk(3, -1)[0][..., -1:]
        return torch.where(scores < lowest, -9.0, scores).softmax(-1) @ x

    return block


def sorted_pooling(w):
    weights = w(TIME)
    return lambda x: x + (x.sort(1)[0] * weights[:, None]).sum(1, keepdim=True)


def reversible_norm(w):
    inner = w(FEATURES, FEATURES)

    def block(x):
        mean, deviation = x.mean(1, keepdim=True), torch.sqrt(x.var(1, keepdim=True, unbiased=False) + 1e-1)
        return ((x - mean) / deviation) @ inner.T * deviation + mean

    return block


def masked_mean(w):
    inner = w(FEATURES, FEATURES)

    def block(x):
        mask = (x > -0.2).any(2, keepdim=True)
        pooled = (x * mask).sum(1, keepdim=True) / mask.sum(1, keepdim=True).clamp(min=1)
        return x + pooled @ inner.T

    return block


def gated_unit(w):
    inner = w(2 * FEATURES, FEATURES)
    return lambda x: F.glu(x @ inner.T, dim=-1) + F.hardtanh(x)


def resampled(w):
    kernel = w(FEATURES, FEATURES, 3)

    def block(x):
        coarse = F.conv1d(x.mT, weight=kernel, padding=1, stride=2)
        return F.interpolate(coarse, size=TIME, mode="linear").mT.contiguous()

    return block


def squeeze_and_excite(w):
    inner, outer = w(2, FEATURES), w(FEATURES, 2)
    return lambda x: x * torch.sigmoid(F.relu(x.mean(1) @ inner.T) @ outer.T)[:, None]


def distances(w):
    centres = w(3, FEATURES)
    return lambda x: x * torch.exp(-torch.cdist(x, centres[None].expand(len(x), -1, -1))).max(-1, keepdim=True)[0]


def spatial_gate(w):
    over_time, half = w(TIME, TIME), w(2 * FEATURES, FEATURES)

    def block(x):
        u, v = (x @ half.T).chunk(2, -1)
        return u * torch.einsum("ts,bsi->bti", over_time, v)

    return block


BLOCKS = [
    *(in_place_residual, swiglu, gelu_by_tanh, spectral_filter, spectral_modes, selective_scan, stabilised_gates),
    *(sparse_attention, sorted_pooling, reversible_norm, masked_mean, gated_unit, resampled, squeeze_and_excite),
    *(distances, spatial_gate),
]
WITH_CONSTANTS = {stabilised_gates, sparse_attention, reversible_norm}  # summands that keep their share of relevance
IN_GATES = {gelu_by_tanh, distances}  # the same within what lrp takes for gates


class RandomNetwork(nn.Module):
    """Blocks one after the other, and a linear classifier of their means over time."""

    def __init__(self, blocks, seed):
        super().__init__()
        weights = Weights(seed)
        self.blocks = [block(weights) for block in blocks]
        self.classifier = weights(3, FEATURES)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x.mean(1) @ self.classifier.T


networks = given(st.lists(st.sampled_from(BLOCKS), min_size=1, max_size=3), st.integers(0, 1000))


def check_complete(blocks, seed):
    model, inputs, baseline = RandomNetwork(blocks, seed), series(3, seed=seed), series(3, seed=seed + 1)
    target = torch.tensor([0, 1, 2])
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    scale = 1 + explained.abs().sum((1, 2)).max()
    assert (explained.sum((1, 2)) - change).abs().max() <= 1e-10 * scale
    alone = deeplift(model, inputs[1:2], target[1:2], baseline[1:2])
    assert (alone - explained[1:2]).abs().max() <= 1e-10 * scale


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_deeplift_is_complete_on_every_block(block):
    check_complete([block], seed=3)


@settings(deadline=None, max_examples=60, derandomize=True)
@networks
def test_deeplift_is_complete_on_random_networks(blocks, seed):
    check_complete(blocks, seed)


@pytest.mark.parametrize("method", [lrp, lrp_half, lrp_proportional])
@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.__name__)
def test_lrp_conserves_relevance_through_every_block(block, method):
    model, inputs, target = RandomNetwork([block], 3), series(3, seed=3), torch.tensor([0, 1, 2])
    explained = method(model, inputs, target, epsilon=0.0)
    assert explained.isfinite().all()
    assert explained.abs().max() > 1e-3
    if block not in WITH_CONSTANTS and (method is lrp or block not in IN_GATES):
        output = model(inputs).gather(1, target[:, None])[:, 0]
        scale = 1 + explained.abs().sum((1, 2)).max()
        assert (explained.sum((1, 2)) - output).abs().max() <= 1e-9 * scale
    alone = method(model, inputs[1:2], target[1:2], epsilon=0.0)
    torch.testing.assert_close(alone, explained[1:2], rtol=1e-7, atol=1e-7)
