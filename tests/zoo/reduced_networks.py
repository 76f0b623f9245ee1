"""Networks of the operations that the packages of the zoo are made of, for where these are not installed."""

import torch
from examples import Example
from torch import nn
from torch.nn.functional import glu, silu

FEATURES, WIDTH, TIME = 3, 4, 8


class Block(nn.Module):
    """Steps embedded, mixed by a formula over named layers, and classified by their mean."""

    def __init__(self, formula, **layers):
        super().__init__()
        self.embed, self.classify = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, 2)
        self.layers, self.formula = nn.ModuleDict(layers), formula

    def forward(self, inputs):
        return self.classify(self.formula(self.layers, self.embed(inputs)).mean(1))


class ChannelMixer(nn.Module):
    """A forecaster that normalises each series by its own mean and spread, (batch, horizons, features)."""

    def __init__(self):
        super().__init__()
        self.ahead = nn.Linear(TIME, 2)

    def forward(self, inputs):
        mean = inputs.mean(1, keepdim=True)
        spread = torch.sqrt(inputs.var(1, keepdim=True, unbiased=False) + 1.0)
        ahead = self.ahead(((inputs - mean) / spread).transpose(1, 2)).transpose(1, 2)
        return ahead * spread + mean


class Decaying(nn.Module):
    """A recurrent cell in the manner of GRU-D, which fills what is missing by what was seen last, decayed."""

    def __init__(self):
        super().__init__()
        self.cell, self.decay = nn.GRUCell(2 * FEATURES, WIDTH), nn.Linear(FEATURES, WIDTH)
        self.classify = nn.Linear(WIDTH, 2)

    def forward(self, inputs):
        seen = (~inputs.isnan()).to(inputs.dtype)
        values = torch.where(inputs.isnan(), torch.zeros_like(inputs), inputs)
        hidden = inputs.new_zeros(len(inputs), WIDTH)
        for step, known in zip(values.unbind(1), seen.unbind(1), strict=True):
            hidden = hidden * torch.exp(-torch.relu(self.decay(1 - known)))
            hidden = self.cell(torch.cat([step, known], 1), hidden)
        return self.classify(hidden)


def swiglu(layers, steps):
    scaled = steps * torch.rsqrt(steps.pow(2).mean(-1, keepdim=True) + 1e-5)
    return steps + layers["down"](silu(layers["gate"](scaled)) * layers["up"](scaled))


def gated_convolution(layers, steps):
    return glu(layers["convolve"](steps.transpose(1, 2)), dim=1).transpose(1, 2)


def squeeze_and_excite(layers, steps):
    found = layers["convolve"](steps.transpose(1, 2)).relu_()
    found = found * torch.sigmoid(layers["excite"](found.mean(2))).unsqueeze(2)
    found += steps.transpose(1, 2)
    return found.transpose(1, 2)


def spectral(layers, steps):
    spectrum = torch.fft.rfft(steps, dim=1, norm="ortho")
    turned = torch.view_as_complex(torch.stack([layers["real"](spectrum.real), layers["real"](spectrum.imag)], -1))
    return steps + torch.fft.irfft(turned, n=TIME, dim=1, norm="ortho")


def masked_attention(layers, steps):
    scores = layers["query"](steps) @ layers["key"](steps).transpose(1, 2) / WIDTH**0.5
    later = torch.ones(TIME, TIME, dtype=torch.bool).triu(1)
    return steps + torch.softmax(scores.masked_fill(later, float("-inf")), -1) @ steps


def pooled(layers, steps):
    highest, _ = steps.max(dim=2, keepdim=True)
    return layers["mix"](torch.cat([steps, highest, steps.cumsum(1)], 2))


def linear(inputs=WIDTH, outputs=WIDTH):
    return nn.Linear(inputs, outputs)


def convolution(outputs):
    return nn.Conv1d(WIDTH, outputs, 3, padding=1)


EXAMPLES = {
    name: Example(build, TIME, FEATURES, **others)
    for name, build, others in (
        ("swiglu", lambda: Block(swiglu, gate=linear(), up=linear(), down=linear()), {}),
        ("gated-convolution", lambda: Block(gated_convolution, convolve=convolution(2 * WIDTH)), {}),
        ("squeeze-and-excite", lambda: Block(squeeze_and_excite, convolve=convolution(WIDTH), excite=linear()), {}),
        ("spectral", lambda: Block(spectral, real=linear()), {}),
        ("masked-attention", lambda: Block(masked_attention, query=linear(), key=linear()), {}),
        ("pooled", lambda: Block(pooled, mix=linear(2 * WIDTH + 1)), {}),
        ("decaying", Decaying, {}),
        ("forecaster", ChannelMixer, {"output": "value", "target": (1, 2)}),
    )
}
