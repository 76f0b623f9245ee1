"""Captum's DeepLIFT: that the entry is Captum's as it is, and that its known faults are there and not in ours."""

import warnings

import pytest
import torch
from attribution_models import NETWORKS, Scores, classes, network, output_change, series
from captum.attr import DeepLift
from torch import nn

from saltbench.errors import ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.deeplift.captum_deeplift import captum_deeplift
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute

FIXED = (
    "Captum no longer has this fault: say so in the entry, the documentation and the changelog, "
    "and raise the version of deeplift-captum"
)


def gradient_times_difference(model, inputs, target, baseline):
    tracked = inputs.clone().requires_grad_()
    gradient = torch.autograd.grad(model(tracked).gather(1, target[:, None]).sum(), tracked)[0]
    return gradient * (inputs - baseline)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_is_captums(name):
    model, inputs, target, baseline = network(name).requires_grad_(False), series(), classes(), series(seed=6)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = DeepLift(model).attribute(inputs, baseline, target=target)
    assert torch.equal(captum_deeplift(model, inputs, target, baseline), expected)


@pytest.mark.parametrize("name", ["lstm", "deep-bi-lstm", "gru", "rnn-tanh"])
def test_on_recurrent_layers_it_is_gradient_times_difference_and_not_complete(name):
    model, inputs, target, baseline = network(name), series(), classes(), series(seed=6)
    explained = attribute(captum_deeplift, model, inputs, target, baseline=baseline)
    expected = gradient_times_difference(model, inputs, target, baseline).detach()
    change = output_change(model, inputs, baseline, target)
    assert torch.allclose(explained, expected, rtol=1e-12, atol=1e-14), FIXED
    assert ((explained.sum((1, 2)) - change).abs().max() / change.abs().max()) > 0.1, FIXED
    ours = attribute(deeplift, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(ours.sum((1, 2)), change, rtol=0, atol=1e-13)


@pytest.mark.parametrize("formula", [lambda x: x.long().sum(1).to(x.dtype), lambda x: (x > 0).sum(1).to(x.dtype)])
def test_a_model_without_gradients_is_refused(formula):
    with pytest.raises(ParameterError, match="must depend on its input through operations with gradients"):
        attribute(captum_deeplift, Scores(formula), series(), classes(), baseline=torch.zeros_like(series()))


class Aside(nn.Module):
    """Computes an answer that it does not return, and has an attribute of a name that Captum uses."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.LazyLinear(4), nn.ReLU(), nn.Linear(4, 2)).double()
        self.body(series())
        self.aside = nn.Sequential(nn.Linear(2, 3), nn.ReLU()).double()
        self.body[2].output = "mine"

    def forward(self, inputs):
        outputs = self.body(inputs)
        self.aside(outputs)
        return outputs


def test_attributes_are_left_as_they_were():
    model = Aside()
    before = [dict(vars(module)) for module in model.modules()]
    attribute(captum_deeplift, model, series(), classes() % 2, baseline=torch.zeros_like(series()))
    assert [vars(module) for module in model.modules()] == before


class NamedCall(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU()

    def forward(self, inputs):
        return self.act(input=inputs).sum(1)


def test_a_call_by_name_that_captum_fails_on_is_refused():
    with pytest.raises(UnsupportedOperationError, match=r"Captum's DeepLIFT fails on this network \(.*\); use deepl"):
        attribute(captum_deeplift, NamedCall(), series(), classes(), baseline=torch.zeros_like(series()))


def test_a_layer_that_captum_fails_on_is_refused():
    model = nn.Sequential(nn.MaxPool1d(2, 1, 0, dilation=2), nn.Flatten(), nn.LazyLinear(2)).double()
    model(series())
    with pytest.raises(UnsupportedOperationError, match=r"Captum's DeepLIFT fails on this network \(.*\); use deepl"):
        attribute(captum_deeplift, model, series(), classes() % 2, baseline=torch.zeros_like(series()))


def test_through_overlapping_pools_it_misses_the_change():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model = nn.Sequential(nn.MaxPool1d(3, 2, 1), nn.Flatten(), nn.LazyLinear(2)).double()
        model(series())
    inputs, target, baseline = series(), classes() % 2, torch.zeros_like(series())
    change = output_change(model, inputs, baseline, target)
    missed = attribute(captum_deeplift, model, inputs, target, baseline=baseline).sum((1, 2)) - change
    assert missed.abs().max() > 0.1 * change.abs().max(), FIXED
    ours = attribute(deeplift, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(ours.sum((1, 2)), change, rtol=0, atol=1e-12)


def test_through_a_softmax_module_it_depends_on_the_batch_and_ours_does_not():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        model = nn.Sequential(nn.Flatten(), nn.Linear(24, 5), nn.Softmax(dim=1), nn.Linear(5, 3)).double()
    inputs, target, baseline = series(8), classes(8), torch.zeros_like(series(8))

    def change_of_batch(method):
        together, alone = method(model, inputs, target, baseline), method(model, inputs[:1], target[:1], baseline[:1])
        return ((together[:1] - alone).abs().max() / alone.abs().max()).item()

    assert change_of_batch(captum_deeplift) > 0.01, FIXED
    assert change_of_batch(deeplift) < 1e-12


def test_with_activation_modules_both_agree():
    with torch.random.fork_rng():
        torch.manual_seed(2)
        layers = nn.Flatten(), nn.Linear(24, 6), nn.Tanh(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)
        model = nn.Sequential(*layers).double()
    inputs, target, baseline = series(), classes(), series(seed=6)
    explained = attribute(captum_deeplift, model, inputs, target, baseline=baseline)
    ours = attribute(deeplift, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(explained, ours, rtol=1e-9, atol=1e-12)


def test_a_module_called_twice_is_refused():
    tanh = nn.Tanh()
    model = nn.Sequential(nn.Flatten(), nn.Linear(24, 6), tanh, nn.Linear(6, 3), tanh).double()
    with pytest.raises(UnsupportedOperationError, match="needs a module of its own for every activation") as caught:
        attribute(captum_deeplift, model, series(), classes())
    assert "\n" not in str(caught.value)


def test_other_errors_and_warnings_come_through():
    class Warns(nn.Module):
        def forward(self, inputs):
            warnings.warn("own warning", UserWarning, stacklevel=2)
            return inputs[:, 0]

    class Fails(nn.Module):
        def forward(self, inputs):
            raise RuntimeError("own error")

    zeros = torch.zeros_like(series())
    with pytest.warns(UserWarning, match="own warning"):
        captum_deeplift(Warns(), series(), classes(), zeros)
    with pytest.raises(RuntimeError, match="own error"):
        captum_deeplift(Fails(), series(), classes(), zeros)
