"""A map that misses a part of the output's change is told, with the cause; legitimate networks raise no alarm."""

import dataclasses
import warnings

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench.errors import IncompleteError, ParameterError, RefusedSeriesError, UnsupportedOperationError
from saltbench.methods.attributions.contract_networks import NETWORKS, network, series
from saltbench.methods.attributions.contract_networks import classes as contract_classes
from saltbench.methods.attributions.gradients.entries import GRADIENT

TIME, FEATURES, CODES = 12, 4, 20
SPECS = {spec.name: spec for spec in GRADIENT}


class Recurrent(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer = nn.GRU(width, 6, batch_first=True)
        self.out = nn.Linear(6, 2)

    def forward(self, x):
        return self.out(self.layer(x)[0][:, -1])


class Convolutional(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv1d(width, 8, 3, padding=1), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU())
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.layers(x.mT).mean(2))


class Attentive(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.enter = nn.Linear(width, 8)
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.out = nn.Linear(8, 2)

    def forward(self, x):
        return self.out(self.layer(self.enter(x)).mean(1))


class Quantised(nn.Module):
    """A network behind an operation that has no gradient, wholly or in part."""

    def __init__(self, quantise, body):
        super().__init__()
        self.quantise = quantise
        self.code = nn.Embedding(CODES, FEATURES)
        self.codebook = nn.Parameter(torch.linspace(-2, 2, 16))
        self.body = body(FEATURES)
        generator = torch.Generator().manual_seed(1)
        for parameter in self.parameters():
            if parameter is not self.codebook:
                nn.init.normal_(parameter, std=0.5, generator=generator)

    def forward(self, x):
        return self.body(self.quantise(self, x))


class OwnGradient(torch.autograd.Function):
    @staticmethod
    def forward(_ctx, x):
        return torch.sign(x) * x.square()

    @staticmethod
    def backward(_ctx, gradient):
        return gradient


with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)

    @torch.jit.script
    def hidden(x: torch.Tensor) -> torch.Tensor:
        return x * x.mean(1, keepdim=True).detach()


QUANTISERS = {
    "embedding": lambda m, x: m.code(x[..., 0].abs().mul(6).long().clamp_max(CODES - 1)) + x,
    "one-hot": lambda _, x: nn.functional.one_hot(x[..., 0].abs().long().clamp_max(3), FEATURES).to(x) + x,
    "round": lambda _, x: torch.round(2 * x) / 2 + 0.1 * x,
    "floor": lambda _, x: x + torch.floor(x),
    "sign": lambda _, x: torch.sign(x) + x,
    "threshold": lambda _, x: (x > 0.5) * x,
    "vq": lambda m, x: m.codebook[(x[..., None] - m.codebook).abs().argmin(-1)] + 0.1 * x,
    "straight-through": lambda _, x: x + (torch.round(x) - x).detach() + 0.1 * x,
    "own-gradient": lambda _, x: OwnGradient.apply(x),
    "torchscript": lambda _, x: hidden(x + 1),
    "bucketize": lambda m, x: torch.bucketize(x, m.codebook).to(x) / 4 + x,
    "int-list": lambda _, x: torch.tensor(x.mul(2).long().tolist(), dtype=x.dtype) + x,
}


def some(seed=0, count=6):
    return torch.randn(count, TIME, FEATURES, generator=torch.Generator().manual_seed(seed)) * 1.5


# what is told hangs on the quantiser: one that saltbench finds and one that only the sums show stand before each body
@pytest.mark.parametrize(
    ("name", "body"),
    [(name, Convolutional) for name in QUANTISERS]
    + [(name, body) for name in ("round", "own-gradient") for body in (Recurrent, Attentive)],
)
def test_what_has_no_gradient_is_told_with_methods_that_need_none(name, body):
    model = Quantised(QUANTISERS[name], body)
    with pytest.raises(IncompleteError, match=r"in sample \d, got .* missed; more steps do not mend it: .* feature-a"):
        saltbench.explain(model, some(), 1, method="integrated-gradients")
    assert torch.isfinite(saltbench.explain(model, some(count=2), 1, method="shapley-sampling", permutations=1)).all()


@pytest.mark.parametrize("against", ["mean", "sampled"])
def test_other_kinds_of_absence_are_checked_too(against):
    model = Quantised(QUANTISERS["round"], Recurrent)
    with pytest.raises(IncompleteError, match="more steps do not mend it"):
        saltbench.explain(model, some(), 1, against=against, background=some(5), baseline_samples=2)


def test_a_miss_of_a_few_percent_is_caught():
    model = Quantised(lambda _, x: x + 0.02 * torch.sign(x) + 0.02, LinearOf)
    inputs = some().abs() + 0.5
    found = saltbench.explain(model, inputs, 1, tolerance=float("inf")).sum((1, 2))
    with torch.no_grad():
        change = (model(inputs) - model(torch.zeros_like(inputs)))[:, 1]
    assert 0.01 < float(((found - change) / change).abs().max()) < 0.05
    with pytest.raises(IncompleteError, match="more steps do not mend it"):
        saltbench.explain(model, inputs, 1)


def standardised(_, x):
    with torch.no_grad():
        mean, spread = x.mean(1, keepdim=True), x.std(1, keepdim=True)
    return (x - mean) / (spread + 1e-8)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("body", [Recurrent, Convolutional, Attentive])
def test_what_the_output_does_at_once_at_the_baseline_is_told_and_another_baseline_helps(body, dtype):
    torch.manual_seed(0)
    model, inputs = Quantised(standardised, body).to(dtype), some().to(dtype) + 1
    cause = r"missed; more steps do not mend it: the output changes by [\d.e-]+ in the first thousandth of the way"
    with pytest.raises(IncompleteError, match=cause + ".* pass baseline= with series unlike that"):
        saltbench.explain(model, inputs, 1, method="integrated-gradients")
    saltbench.explain(model, inputs, 1, method="integrated-gradients", baseline=inputs.mean(0))


@pytest.mark.parametrize("body", [Recurrent, Convolutional, Attentive])
def test_padding_that_the_baseline_fills_is_told_and_a_baseline_with_the_same_padding_helps(body):
    model, inputs = Quantised(lambda _, x: x + 2 * (x == 0).all(2, keepdim=True), body).double(), some().double()
    inputs[1:, 7:] = 0
    mean = some(5).double().mean(0)
    with pytest.raises(IncompleteError, match=r"in the last thousandth of the way .* pass baseline= with zeros in the"):
        saltbench.explain(model, inputs, 1, baseline=mean)
    saltbench.explain(model, inputs, 1, baseline=mean * (inputs != 0), steps=100)


class LinearOf(nn.Linear):
    """The sum over time of a map with positive weights."""

    def __init__(self, width):
        super().__init__(width, 2)

    def forward(self, x):
        return (x.sum(1) @ self.weight.abs().mT) + self.bias


def test_a_map_is_given_where_the_user_accepts_any():
    model = Quantised(QUANTISERS["round"], Recurrent)
    assert torch.isfinite(saltbench.explain(model, some(), 1, tolerance=float("inf"))).all()
    assert torch.isfinite(saltbench.explain(model, some(), 1, tolerance=50)).all()


@pytest.mark.parametrize("tolerance", [-0.1, float("nan"), "0.1", True, None])
def test_the_tolerance_is_checked(tolerance):
    with pytest.raises(ParameterError, match="tolerance must be a share of the output's change, at least 0, got"):
        saltbench.explain(Recurrent(FEATURES), some(), 1, tolerance=tolerance)
    with pytest.raises(ParameterError, match="tolerance must be a share of the output's change, at least 0, got"):
        saltbench.evaluate(Recurrent(FEATURES), "box/latter", tolerance=tolerance)


def test_too_few_steps_are_told_and_how_many_do():
    steep = Quantised(lambda _, x: torch.tanh(6 * x), Recurrent)
    from_mean = {"against": "mean", "background": torch.zeros(2, TIME, FEATURES)}
    with pytest.raises(IncompleteError, match=r"missed; raise steps, to (\d+), or accept it by tolerance=") as caught:
        saltbench.explain(steep, some(), 1, steps=1, **from_mean)
    enough = int(str(caught.value).split("raise steps, to ")[1].split(",")[0])
    assert enough > 1
    assert torch.isfinite(saltbench.explain(steep, some(), 1, steps=4 * enough, **from_mean)).all()


class Tipping(nn.Module):
    """Logits z and -z, z = tanh(steepness · (w · x - .4)): it tips over within a small part of the way."""

    def __init__(self, steepness):
        super().__init__()
        self.steepness = steepness
        self.weights = nn.Parameter(torch.linspace(-1, 1, TIME * FEATURES).view(TIME, FEATURES))

    def forward(self, x):
        tipped = torch.tanh(self.steepness * ((x * self.weights).sum((1, 2)) - 0.4))
        return torch.stack([tipped, -tipped], dim=1)


@pytest.mark.parametrize("steepness", [1e3, 1e4])
@pytest.mark.parametrize("baseline", [None, 0.1])
def test_a_network_that_tips_over_on_the_way_gets_its_integral(steepness, baseline):
    model, inputs = Tipping(steepness), 3 * some(count=6)
    start = torch.zeros_like(inputs[0]) if baseline is None else torch.full_like(inputs[0], baseline)
    maps = saltbench.explain(model, inputs, 0, baseline=None if baseline is None else start)
    with torch.no_grad():
        change = (model(inputs) - model(start[None]))[:, 0, None, None]
        parts = (inputs - start) * model.weights  # a function of w · x alone: the change is shared out by them
    expected = change * parts / parts.sum((1, 2), keepdim=True)
    assert change.abs().max() > 1
    torch.testing.assert_close(maps, expected, rtol=0.02, atol=1e-4)


class Held(nn.Module):
    """A network that tips over, at a place that a held input shifts."""

    def __init__(self):
        super().__init__()
        self.tipping = Tipping(1e3)

    def forward(self, x, shift):
        return self.tipping(x + shift[:, None, None])


def test_samples_that_hold_something_of_their_own_get_the_integral_that_each_gets_alone():
    model, inputs, shift = Held(), 3 * some(count=4), torch.tensor([0.0, 0.2, -0.3, 0.2])
    coarse, _ = saltbench.explain(model, (inputs, shift), 0, hold=[1], tolerance=float("inf"))
    maps, _ = saltbench.explain(model, (inputs, shift), 0, hold=[1])
    for sample in range(4):
        alone, _ = saltbench.explain(model, (inputs[[sample]], shift[[sample]]), 0, hold=[1])
        torch.testing.assert_close(maps[[sample]], alone)
    with torch.no_grad():
        change = (model(inputs, shift) - model(0 * inputs, shift))[:, 0]
    assert (coarse.sum((1, 2)) - change).abs().max() > 0.5
    torch.testing.assert_close(maps.sum((1, 2)), change, rtol=0.02, atol=1e-4)


def test_a_jump_is_refused_however_close_the_steps_lie():
    model = Quantised(lambda _, x: x + (x.detach().mean((1, 2), keepdim=True) > 0.05).float(), Recurrent)
    with pytest.raises(IncompleteError, match="more steps do not mend it"):
        saltbench.explain(model, some().abs(), 1)


@pytest.mark.parametrize("output", ["logit", "probability"])
@pytest.mark.parametrize("name", NETWORKS)
def test_the_networks_of_the_contract_raise_no_alarm(name, output):
    model, inputs = network(name), series(24)
    saltbench.explain(model, inputs, contract_classes(24), method="integrated-gradients", output=output)


@pytest.mark.parametrize("scale", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("body", [Recurrent, Convolutional, Attentive])
def test_networks_with_kinks_raise_no_alarm(body, scale):
    model = Quantised(lambda _, x: x, body)
    for seed in range(2):
        saltbench.explain(model, some(seed, 24) * scale, method="integrated-gradients")
        saltbench.explain(model, some(seed, 24) * scale, method="integrated-gradients", output="probability")


@pytest.mark.parametrize("method", ["deeplift", "shapley-sampling", "kernel-shap", "deeplift-shap"])
@pytest.mark.parametrize("body", [Recurrent, Convolutional, Attentive])
def test_methods_that_are_exact_raise_no_alarm(method, body):
    model = Quantised(lambda _, x: x, body)
    for dtype in (torch.float32, torch.float64):
        saltbench.explain(model.to(dtype), some(), method=method, background=some(3))


def test_a_change_of_almost_nothing_raises_no_alarm():
    model = Quantised(lambda _, x: x * 1e-6 + 1000, LinearOf)
    saltbench.explain(model, some(), 1, method="integrated-gradients")
    same = some()
    saltbench.explain(Quantised(lambda _, x: x, Recurrent), same, 1, baseline=same)


def test_an_inexact_method_of_a_third_party_is_told():
    def half(model, inputs, target, baseline):
        return (inputs - baseline) * 0.5

    spec = saltbench.MethodSpec(name="half", version=1, description="", reference="", factory=half, is_complete=True)
    with pytest.raises(IncompleteError, match=r"a map of half must sum to .* out of the method's sight, or answers"):
        saltbench.explain(Recurrent(FEATURES), some(), 1, method=spec)
    saltbench.explain(Recurrent(FEATURES), some(), 1, method=dataclasses.replace(spec, is_complete=False))
    saltbench.explain(Recurrent(FEATURES), some(), 1, method=dataclasses.replace(spec, tags=("as-it-is",)))


def test_a_baseline_that_is_refused_is_named_also_where_no_pass_of_the_method_meets_it():
    def shares(_, x):
        return x / x.abs().sum((1, 2), keepdim=True)

    with pytest.raises(RefusedSeriesError, match=r"by integrated-gradients \(a baseline of zeros\): NaN or infinity"):
        saltbench.explain(Quantised(shares, Recurrent), some(), 1)


def test_evaluate_fails_the_cell_alone_and_tells_why():
    data = saltbench.TaskData(*(split(seed) for seed in range(3)), classes=2)
    model = Quantised(QUANTISERS["round"], Recurrent)
    methods = ["saliency", "integrated-gradients", "deeplift-captum"]
    rows = saltbench.evaluate(model, data, methods, samples=6).set_index("method")
    assert rows.status["integrated-gradients"] == "failed"
    assert "more steps do not mend it" in rows.reason["integrated-gradients"]
    assert (rows.status[["saliency", "deeplift-captum"]] == "ok").all()
    accepted = saltbench.evaluate(model, data, methods, samples=6, tolerance=float("inf")).set_index("method")
    assert (accepted.status == "ok").all()
    assert accepted.completeness_residual["integrated-gradients"] > 0.01


def split(seed):
    inputs = some(seed, 8).numpy()
    return saltbench.Split(inputs, np.arange(8) % 2, np.ones_like(inputs))


def test_networks_that_leave_pytorch_are_refused_before():
    model = Quantised(lambda _, x: torch.from_numpy(np.tanh(x.detach().numpy())) + x, Recurrent)
    for method in ("integrated-gradients", "saliency", "smoothgrad", "deeplift", "lrp"):
        with pytest.raises(UnsupportedOperationError, match="perturbation method, such as feature-ablation"):
            saltbench.explain(model, some(), 1, method=method)
