"""A network lent to a method: what its caller is in the middle of does not matter, and all of it is handed back."""

import contextlib

import pytest
import torch
from attribution_models import FEATURES, Scores, network, series
from torch import nn

from saltbench.errors import ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.attributions.lrp.lrp import lrp

METHODS = {spec.name: bind(spec) for spec in ENTRIES}
CALLERS = {
    "no-grad": torch.no_grad,
    "inference-mode": torch.inference_mode,
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}
CASES = ("integrated-gradients", "smoothgrad", "deeplift", "lrp", "feature-ablation", "occlusion", "kernel-shap")


def explain(name, model, made=series):
    return attribute(METHODS[name], model, made(3), torch.zeros(3, dtype=torch.int64), seeds=sample_seeds(0, 3))


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("name", CASES)
def test_what_the_caller_is_in_changes_no_map(name, caller):
    model = network("lstm")
    expected = explain(name, model)
    with CALLERS[caller]():
        found = explain(name, model, lambda count: series(count) * 1)
    assert torch.equal(found, expected)


class Counted(nn.Module):
    """Counts its calls in one buffer, in place, and keeps what it saw last in another, anew."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(FEATURES, 2, dtype=torch.float64)
        self.register_buffer("calls", torch.zeros(()))
        self.register_buffer("last", torch.zeros(2))
        self.register_buffer("cache", None)

    def forward(self, inputs):
        outputs = self.layer(inputs.mean(1))
        self.calls += 1
        self.last = self.cache = outputs[0].detach()
        return outputs


@pytest.mark.parametrize("error", [False, True])
def test_buffers_that_a_pass_changes_are_restored(error):
    def failing(model, inputs):
        model(inputs)
        raise ZeroDivisionError("after a pass")

    model = Counted()
    last = model.last
    with pytest.raises(ZeroDivisionError, match="after a pass") if error else contextlib.nullcontext():
        attribute(failing if error else saliency, model, series(3))
    assert model.calls == 0
    assert model.last is last
    assert not last.any()
    assert model.cache is None
    assert list(model.state_dict()) == list(Counted().state_dict())


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("name", ["saliency", "integrated-gradients", "feature-ablation", "shapley-sampling"])
@pytest.mark.parametrize("compiled", [torch.jit.script, lambda model: torch.jit.trace(model, series(2))])
def test_torchscript_is_explained_as_the_network_it_was_made_of(compiled, name):
    model = nn.Sequential(nn.Linear(FEATURES, 4), nn.Tanh(), nn.Flatten(), nn.LazyLinear(2)).double()
    model(series(2))
    scripted = compiled(model)
    torch.testing.assert_close(explain(name, scripted), explain(name, model))
    assert all(parameter.requires_grad for parameter in scripted.parameters())


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("method", [deeplift, lrp])
def test_torchscript_is_refused_by_methods_that_take_every_operation_apart(method):
    model = torch.jit.script(nn.Sequential(nn.Flatten(), nn.Linear(FEATURES * series(1).shape[1], 2)).double())
    with pytest.raises(UnsupportedOperationError, match="no rule for TorchScript"):
        attribute(method, model, series(2))


def doubled(x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x) * 2


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
@pytest.mark.parametrize("method", [deeplift, lrp])
@pytest.mark.parametrize("compiled", [torch.jit.script, lambda function: torch.jit.trace(function, series(2))])
def test_functions_in_torchscript_are_refused_too(compiled, method):
    function = compiled(doubled)
    for _ in range(3):  # the interpreter optimises what it has run before
        with pytest.raises(UnsupportedOperationError, match=r"no rule for TorchScript \(a function made"):
            attribute(method, Scores(lambda x: function(x).sum(1)), series(2))


def test_a_network_without_sizes_is_refused():
    with pytest.raises(ParameterError, match=r"got 1\.weight without a shape; call the model once"):
        attribute(saliency, nn.Sequential(nn.Flatten(), nn.LazyLinear(2)), series(2))


def test_a_network_made_in_inference_mode_is_refused():
    with torch.inference_mode():
        model = network("lstm")
    with pytest.raises(ParameterError, match=r"made in torch\.inference_mode; make the model outside of it"):
        attribute(saliency, model, series(2))


@pytest.mark.parametrize("name", CASES)
def test_a_network_that_changes_its_inputs_is_refused_and_the_inputs_are_as_they_were(name):
    inputs = series(3)
    with pytest.raises(ParameterError, match="must leave its inputs as they are, got them changed in place"):
        explain(name, Scores(lambda x: x.mul_(2).sum(1)), lambda _count: inputs)
    assert torch.equal(inputs, series(3))
