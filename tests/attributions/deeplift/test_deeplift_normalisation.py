"""DeepLIFT through normalisation, whose baseline of zero has no direction: complete, bounded, symmetric, a gradient."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, classes, output_change, series
from torch import nn
from torch.nn import functional as F

from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.attributions.deeplift.deeplift import deeplift

SCALE = torch.linspace(-1, 1, FEATURES)


def inverse_length(x):
    return torch.rsqrt(x.square().mean(2, keepdim=True) + 1e-6)


def layer_norm_in_two_products(x):
    mean = x.mean(2, keepdim=True)
    inverse = torch.rsqrt((x - mean).square().mean(2, keepdim=True) + 1e-5) * 1.5
    return x * inverse - mean * inverse


class Normalised(nn.Module):
    """An LSTM that reads channels normalised over time."""

    def __init__(self):
        super().__init__()
        self.norm = nn.InstanceNorm1d(FEATURES)
        self.recurrent = nn.LSTM(FEATURES, 5, batch_first=True)

    def forward(self, x):
        return self.recurrent(self.norm(x.mT).mT)[0][:, -1]


class Transformer(nn.Module):
    """Pre-norm layers, with bias or without."""

    def __init__(self, bias):
        super().__init__()
        layer = nn.TransformerEncoderLayer(FEATURES, 2, 8, batch_first=True, norm_first=True, bias=bias)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)

    def forward(self, x):
        return self.encoder(x).flatten(1)


NETWORKS = {
    "layer": lambda: Formula(lambda x: F.layer_norm(x, (FEATURES,), SCALE.to(x), SCALE.to(x))),
    "layer-of-all": lambda: Formula(lambda x: F.layer_norm(x, (TIME, FEATURES))),
    "group": lambda: Formula(lambda x: F.group_norm(x.mT, 2, SCALE.to(x))),
    "instance": lambda: Formula(lambda x: F.instance_norm(x.mT)),
    "rms": lambda: Formula(lambda x: F.rms_norm(x, (FEATURES,), SCALE.to(x))),
    "normalize": lambda: Formula(lambda x: F.normalize(x, dim=2)),
    "rms-by-hand": lambda: Formula(lambda x: x * (x.square().mean(2, keepdim=True) + 1e-6).pow(-0.5)),
    "length-by-hand": lambda: Formula(lambda x: x / (x.square().sum(2, keepdim=True) + 1e-20).sqrt()),
    "layer-by-hand": lambda: Formula(layer_norm_in_two_products),
    "halved": lambda: Formula(lambda x: x * (inverse_length(x) / 2)),
    "negated": lambda: Formula(lambda x: x * -inverse_length(x)),
    "expanded": lambda: Formula(lambda x: x * inverse_length(x).expand_as(x)),
    "split": lambda: Formula(lambda x: x * torch.cat(inverse_length(x).split(1, 1), 1)),
    "instance-lstm": Normalised,
    "transformer": lambda: Transformer(bias=True),
    "transformer-without-bias": lambda: Transformer(bias=False),
    "flatten-l2": lambda: input_cell_lstm(features=FEATURES, classes=2, hidden=3, hops=4, variant="flatten-l2"),
}
networks = pytest.mark.parametrize("name", NETWORKS)


def network(name, dtype=torch.float64):
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return NETWORKS[name]().to(dtype).eval()


def baselines(inputs):
    return {"zero": torch.zeros_like(inputs), "random": series(len(inputs), seed=7).to(inputs)}


def path_integral(model, inputs, target, steps=3000):
    """Integrated gradients from zero at points u¹⁶, dense where the direction appears."""
    u = ((torch.arange(steps, dtype=inputs.dtype) + 0.5) / steps)[:, None, None]
    integrals = []
    for series_, class_ in zip(inputs, target, strict=True):
        points = (u**16 * series_).requires_grad_()
        slopes = torch.autograd.grad(model(points)[:, class_].sum(), points)[0]
        integrals.append(series_ * (16 * u**15 * slopes).mean(0))
    return torch.stack(integrals)


@networks
@pytest.mark.parametrize("baseline", ["zero", "random"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_normalisation_keeps_completeness(name, baseline, dtype):
    model, inputs, target = network(name, dtype), series(3).to(dtype), classes(3) % 2
    baseline = baselines(inputs)[baseline]
    change = output_change(model, inputs, baseline, target)
    explained = deeplift(model, inputs, target, baseline)
    assert change.abs().max() > 1e-3
    assert (explained.sum((1, 2)) - change).abs().max() <= 64 * torch.finfo(dtype).eps * change.abs().max()


@networks
def test_contributions_from_a_zero_baseline_are_bounded_by_integrated_gradients(name):
    model, inputs, target = network(name), series(3), classes(3) % 2
    integrals = path_integral(model, inputs, target)
    torch.testing.assert_close(
        integrals.sum((1, 2)), output_change(model, inputs, torch.zeros_like(inputs), target), rtol=0.02, atol=0.02
    )
    # the quotient's multiplier 2rr′/(r+r′) is at most twice that of the input
    assert deeplift(model, inputs, target, torch.zeros_like(inputs)).abs().max() <= 2 * integrals.abs().max()


@networks
def test_input_and_baseline_change_places_with_the_sign(name):
    model, inputs, target = network(name), series(3), classes(3) % 2
    for baseline in baselines(inputs).values():
        forth, back = deeplift(model, inputs, target, baseline), deeplift(model, baseline, target, inputs)
        torch.testing.assert_close(forth, -back, rtol=1e-11, atol=1e-13)


@networks
def test_multipliers_of_a_small_change_are_the_gradient(name):
    model, inputs, target = network(name), series(3), classes(3) % 2
    baseline = inputs - 1e-5 * series(3, seed=7)
    middle = ((inputs + baseline) / 2).requires_grad_()
    gradient = torch.autograd.grad(model(middle).gather(1, target[:, None]).sum(), middle)[0]
    multipliers = deeplift(model, inputs, target, baseline) / (inputs - baseline)
    torch.testing.assert_close(multipliers, gradient, rtol=1e-6, atol=1e-6 * gradient.abs().max().item())
