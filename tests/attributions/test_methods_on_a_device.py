"""Every method on a device whose tensors refuse to meet those of the CPU, and on a GPU where there is one."""

import contextlib

import pytest
import torch
from attribution_models import classes, network, series
from few_passes import FEWER
from pretend_device import pretend_cuda
from torch import nn
from torch.nn import functional as F

from saltbench.errors import MissingPackageError, ParameterError, UnsupportedOperationError
from saltbench.methods.architectures.entries import ENTRIES as ARCHITECTURES
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.checks.completeness import Explanation
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.seeding import seeded

SETTINGS = {
    **FEWER,
    "integrated-gradients": {"steps": 4},
    "tsr-integrated-gradients": {"steps": 2},
    "extremal-mask": {"epochs": 2},
    "fit": {"epochs": 1, "noise_samples": 1},
}
METHODS = {spec.name: spec for spec in ENTRIES}
FAMILIES = ("input-cell", "lstm-self-attention", "convolution")  # a recurrent layer is part of the first two
CELLS = (
    "deep-bi-lstm",
    "gru",
    "rnn-relu",
    "input-cell-elementary",
)  # have rules of their own where methods look inside
WITHOUT_ATTENTION = ("lstm", "bi-lstm")  # for which the method attention has no map


def networks_for(spec):
    """Return names of networks, and those of the slow tests among them."""
    if spec.name == "attention":
        return {}  # asks the shipped architectures, below
    if {"reference", "extra", "rescaled"} & set(spec.tags):
        return {"lstm": False}
    if {"difference", "relevance"} & set(spec.tags):
        return dict.fromkeys((*FAMILIES, *CELLS), False)
    return {name: name != FAMILIES[0] for name in FAMILIES}  # a method that does not look inside sees a function alone


def cases(has_extra):
    return pytest.mark.parametrize(
        ("spec", "name"),
        [
            pytest.param(spec, name, id=f"{spec.name}-{name}", marks=[pytest.mark.slow] if is_slow else [])
            for spec in ENTRIES
            for name, is_slow in networks_for(spec).items()
            if ("extra" in spec.tags) == has_extra
        ],
    )


def explained(spec, model, place, **settings):
    return attribute(
        bind(spec, {**SETTINGS.get(spec.name, {}), **settings}),
        None if spec.is_reference else model.to(place),
        series(3).to(place),
        classes(3).to(place),
        baseline=series(3, seed=5).to(place),
        background=series(3, seed=7).to(place),
        truth=(series(3, seed=9) > 0).double().to(place),
        seeds=sample_seeds(3, 3),
    )


def assert_same(on_device, on_cpu, device):
    assert on_device.device == torch.ones(1, device=device).device
    torch.testing.assert_close(on_device.cpu(), on_cpu, rtol=1e-9, atol=1e-9)


@cases(has_extra=False)
def test_maps_are_those_of_the_cpu(spec, name, device):
    assert_same(explained(spec, network(name), device), explained(spec, network(name), "cpu"), device)


@cases(has_extra=True)
def test_maps_that_random_numbers_of_the_device_make_are_sound(spec, name, device):
    try:
        first, second = (explained(spec, network(name), device) for _ in range(2))
    except MissingPackageError as error:
        pytest.skip(str(error))
    assert first.device == torch.ones(1, device=device).device
    assert first.shape == (3, 6, 4)
    low = 0 if spec.name == "extremal-mask" else -1
    assert bool(((first >= low) & (first <= 1)).all())
    assert len(first.unique()) > 20
    torch.testing.assert_close(first.float(), second.float())  # computed in single precision


@pytest.mark.parametrize("perturbation", ["gaussian-blur", "fade-to-baseline"])
def test_masks_perturb_on_the_device(perturbation, device):
    on_cpu, on_device = (
        explained(METHODS["dynamask"], network("lstm"), place, perturbation=perturbation, time_weight=0.1)
        for place in ("cpu", device)
    )
    assert_same(on_device, on_cpu, device)


@pytest.mark.parametrize(
    ("method", "architecture"),
    [
        pytest.param(method, architecture, id=f"{method}-{architecture.name}")
        for method in ("saliency", "deeplift", "lrp", "attention")
        for architecture in ARCHITECTURES
        if not architecture.per_step  # steps are chosen first: test_suite_on_a_device.py
        and not (method == "attention" and architecture.name in WITHOUT_ATTENTION)
    ],
)
def test_maps_of_shipped_architectures_are_those_of_the_cpu(architecture, method, device):
    with seeded(0):
        model = architecture.load()(features=4, classes=3, **architecture.configure({})).double()
    on_cpu = explained(METHODS[method], model, "cpu")
    assert_same(explained(METHODS[method], model, device), on_cpu, device)


@pytest.mark.parametrize("settings", [{"against": "mean"}, {"against": "sampled", "baseline_samples": 2}], ids=str)
def test_what_a_complete_map_sums_to_is_that_of_the_cpu(settings, device):
    def difference(place):
        inputs, target, background = series(3).to(place), classes(3).to(place), series(4, seed=7).to(place)
        model, seeds = network("lstm").to(place), sample_seeds(3, 3)
        method = METHODS["integrated-gradients"]
        explanation = Explanation(method, settings, model, inputs, target, background=background, seeds=seeds)
        return explanation.ends().change

    assert_same(difference(device), difference("cpu"), device)


@pytest.mark.parametrize("name", ["integrated-gradients", "gradient-shap"])
def test_arguments_on_the_cpu_are_brought_to_the_inputs(name, device):
    given = {"background": series(3, seed=7), "baseline": series(3, seed=5), "seeds": sample_seeds(3, 3)}
    method, model = bind(METHODS[name], SETTINGS[name]), network("lstm")
    on_cpu = attribute(method, model, series(3), classes(3), **given)
    on_device = attribute(method, model.to(device), series(3).to(device), classes(3), **given)
    assert_same(on_device, on_cpu, device)


class Layered(nn.Module):
    """A layer without parameters, and a linear classifier of what it returns."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        self.classifier = nn.Linear(layer(series(1)).numel(), 3)

    def forward(self, inputs):
        return self.classifier(self.layer(inputs).flatten(1))


@pytest.mark.parametrize(
    "layer",
    [
        lambda x: F.max_pool1d(x.mT, 3, 2, 1),
        lambda x: F.adaptive_max_pool1d(x.mT, 4),
        lambda x: torch.maximum(x, x.flip(1)).amax(1),
        lambda x: F.layer_norm(x, (4,)) + F.group_norm(x.mT, 2).mT,
        lambda x: F.scaled_dot_product_attention(x, x, x, is_causal=True),
        lambda x: torch.logcumsumexp(x, 1),
        lambda x: F.silu(x) + F.gelu(x) + F.elu(x) + F.hardswish(x),
    ],
)
def test_rules_of_layers_make_their_tensors_on_the_device(layer, device):
    with seeded(0):
        model = Layered(layer).double()
    assert_same(
        explained(METHODS["deeplift"], model, device), explained(METHODS["deeplift"], model.cpu(), "cpu"), device
    )


class Stepwise(nn.Module):
    """A recurrent cell that is called step by step, and a linear classifier of its last state."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell
        self.classifier = nn.Linear(cell.hidden_size, 3)

    def forward(self, inputs):
        state = None
        for step in inputs.unbind(1):
            state = self.cell(step, state)
        return self.classifier(state[0] if isinstance(state, tuple) else state)


@pytest.mark.parametrize("cell", [nn.LSTMCell, nn.GRUCell, nn.RNNCell])
@pytest.mark.parametrize("method", ["deeplift", "lrp"])
def test_rules_of_cells_make_their_tensors_on_the_device(cell, method, device):
    with seeded(0):
        model = Stepwise(cell(4, 3)).double()
    assert_same(explained(METHODS[method], model, device), explained(METHODS[method], model.cpu(), "cpu"), device)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda inputs, model: inputs * torch.ones(inputs.shape[1:], dtype=inputs.dtype), "the same device"),
        (
            lambda inputs, model: inputs * float(model(inputs).detach().numpy().sum()),
            "can't convert cuda:0 .* to numpy",
        ),
        (lambda inputs, model: inputs[:, torch.arange(6)] + model(inputs).cpu().sum(1)[:, None, None], "same device"),
        (lambda inputs, model: torch.zeros(inputs.shape).to(inputs.dtype), "must return .* attributions on cuda:0"),
    ],
)
def test_a_method_that_mixes_devices_fails_on_the_device_alone(fault, message):
    assert attribute(fault, network("lstm"), series(3)).shape == (3, 6, 4)
    with pretend_cuda() as device, pytest.raises((RuntimeError, TypeError, ParameterError), match=message):
        attribute(fault, network("lstm").to(device), series(3).to(device))


def test_a_gradient_outside_train_mode_fails_on_the_device(monkeypatch):
    place = "saltbench.methods.attributions.passes.model_state.differentiable_recurrence"
    monkeypatch.setattr(place, contextlib.nullcontext)
    assert explained(METHODS["saliency"], network("lstm"), "cpu").shape == (3, 6, 4)
    with (
        pretend_cuda() as device,
        pytest.raises(UnsupportedOperationError, match="can only be called in training mode"),
    ):
        explained(METHODS["saliency"], network("lstm"), device)


def test_seeds_reach_the_device_and_nothing_else(device):
    def drawn(place):
        return torch.rand(3, device=place).tolist()

    before = torch.cuda.get_rng_state(device)
    with seeded(1):
        first = drawn("cpu")
    assert torch.equal(torch.cuda.get_rng_state(device), before)
    with seeded(1, device):
        assert drawn("cpu") == first
        there = drawn(device)
    assert torch.equal(torch.cuda.get_rng_state(device), before)
    with seeded(1, device):
        assert drawn(device) == there
