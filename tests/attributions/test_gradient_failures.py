"""Networks that work in place, or keep what was made without gradients: one sentence with the true cause."""

import pytest
import torch
from attribution_models import FEATURES, series
from torch import nn

import saltbench
from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradients.gradient import saliency

CHANGED = r"must leave its inputs as they are, got them changed in place; .* write x = x\.clone\(\) first in forward"
METHODS = ["saliency", "integrated-gradients", "smoothgrad", "deeplift", "lrp", "feature-ablation", "deeplift-captum"]


class Network(nn.Module):
    """A small network that does something to its series first."""

    def __init__(self, change, clone=False):
        super().__init__()
        self.layer, self.change, self.clone = nn.Linear(FEATURES, 2, dtype=torch.float64), change, clone

    def forward(self, x):
        x = x.clone() if self.clone else x
        self.change(x)
        return self.layer(torch.tanh(x).mean(1))


def fill_nan(x):
    x[torch.isnan(x)] = 0


def each_step(x):
    for step in x.unbind(1):
        step.add_(1)


def one_step(x):
    x[:, 0] = 0


def of_a_detached_view(x):
    x.detach().transpose(1, 2).mul_(2)


IN_PLACE = {
    "nan": fill_nan,
    "masked-fill": lambda x: x.masked_fill_(x > 1e6, 0),
    "nan-to-num": torch.nan_to_num_,
    "clamp": lambda x: x.clamp_(-1e6, 1e6),
    "centred": lambda x: x.sub_(x.mean(1, keepdim=True)),
    "scaled": lambda x: x.mul_(2),
    "multiplied-by-one": lambda x: x.mul_(1),
    "one-step": one_step,
    "each-step": each_step,
    "view": lambda x: x.view(-1)[:3].zero_(),
    "detached-view": of_a_detached_view,
    "data": lambda x: x.data.mul_(2),
    "out": lambda x: torch.add(x.detach(), 0, out=x.detach()),
    "copy": lambda x: x.copy_(x.clone()),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", IN_PLACE)
def test_networks_that_write_to_their_inputs_are_told_so(name, method):
    inputs = series(3)
    with pytest.raises(ParameterError, match=CHANGED):
        saltbench.explain(Network(IN_PLACE[name]), inputs, 0, method=method)
    assert torch.equal(inputs, series(3))


@pytest.mark.parametrize("name", ["nan", "scaled", "one-step"])
def test_the_advice_helps(name):
    assert saltbench.explain(Network(IN_PLACE[name], clone=True), series(3), 0, method="integrated-gradients").any()


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients"])
def test_writing_that_the_check_did_not_come_across_is_told_too(method):
    def change(x):
        if x.requires_grad:
            x += 1

    with pytest.raises(ParameterError, match=CHANGED):
        saltbench.explain(Network(change), series(3), 0, method=method)


def test_writing_to_a_view_where_gradients_are_taken_is_told_too():
    def change(x):
        if x.requires_grad:
            x[:, 0].mul_(2)

    with pytest.raises(ParameterError, match=CHANGED):
        attribute(saliency, Network(change), series(3))


class Activations(nn.Module):
    """Changes in place what the gradient of an activation needs."""

    def __init__(self, change):
        super().__init__()
        self.layer, self.change = nn.Linear(FEATURES, 2, dtype=torch.float64), change

    def forward(self, x):
        hidden = torch.tanh(self.layer(x))
        self.change(hidden)
        return hidden.mean(1)


class Formula(nn.Module):
    """The mean over time of what a formula makes of hidden steps."""

    def __init__(self, formula):
        super().__init__()
        self.formula = formula

    def forward(self, hidden):
        return self.formula(hidden).mean(1)


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "smoothgrad", "gradient-shap"])
def test_networks_may_change_in_place_what_a_gradient_needs(method):
    network = Activations(lambda hidden: hidden.mul_(hidden.sigmoid()))
    beside = nn.Sequential(network.layer, Formula(lambda hidden: hidden.tanh() * hidden.tanh().sigmoid()))
    options = {"method": method, "background": series(2)}
    found, expected = (saltbench.explain(model, series(3), 0, **options) for model in (network, beside))
    torch.testing.assert_close(found.map, expected.map, rtol=1e-9, atol=1e-12)


def test_networks_that_change_one_of_several_views_are_told_so():
    with pytest.raises(
        ParameterError, match=r"must leave what its gradient needs as it is, got it changed in place; w"
    ):
        saltbench.explain(Activations(each_step), series(3), 0, method="saliency")
    assert saltbench.explain(Activations(each_step), series(3), 0, method="feature-ablation").any()


@pytest.mark.parametrize("kind", ["attribute", "buffer"])
def test_tensors_made_in_inference_mode_are_told(kind):
    network = Network(lambda x: None)
    with torch.inference_mode():
        scale = torch.ones(2, dtype=torch.float64)
    if kind == "buffer":
        network.register_buffer("scale", scale)
    else:
        network.scale = scale
    scaled = nn.Sequential(network, Scaling(network))
    with pytest.raises(
        ParameterError, match=r"got one made in torch\.inference_mode, a buffer or an attribute such as"
    ):
        saltbench.explain(scaled, series(3), 0, method="saliency")


class Scaling(nn.Module):
    """Multiplies with another network's scale."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x):
        return x * self.network.scale


def test_other_errors_stay_what_they_are():
    def failing(model, inputs, target):
        raise RuntimeError("something else")

    with pytest.raises(RuntimeError, match=r"^something else$"):
        attribute(failing, Network(lambda x: None), series(2))


class Constant(nn.Module):
    """Calls an activation module with a parameter."""

    def __init__(self):
        super().__init__()
        self.layer, self.classifier = nn.Linear(FEATURES, 4), nn.Linear(4, 2)
        self.activation, self.gate = nn.Tanh(), nn.Sigmoid()
        self.weight = nn.Parameter(torch.zeros(4))

    def forward(self, x):
        return self.classifier((self.activation(self.layer(x)) * self.gate(self.weight)).mean(1))


def test_captum_is_told_to_fail_where_an_activation_is_given_a_constant():
    inputs = series(3).float()
    with pytest.raises(
        saltbench.SaltbenchError, match=r"got one that is given a constant, such as a parameter; call the"
    ):
        saltbench.explain(Constant(), inputs, 0, method="deeplift-captum")
    assert saltbench.explain(Constant(), inputs, 0, method="deeplift").any()
