"""Gradients of networks that hide a part of their function from autograd, against differences in double precision."""

import numpy as np
import pytest
import torch
from attribution_models import FEATURES, TIME, Scores, classes, network, series
from torch import nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.attributions.gradients.integrated_gradients import integrated_gradients
from saltbench.methods.attributions.interception.true_gradients import HiddenCalls, TrueGradients
from saltbench.methods.attributions.perturbation.ablation import feature_ablation


class Normalised(nn.Module):
    """A recurrent layer between the normalisation of a series and its reversal."""

    def __init__(self, statistics, layer=nn.GRU):
        super().__init__()
        self.statistics = statistics
        self.layer = layer(FEATURES, FEATURES, batch_first=True)
        self.classifier = nn.Linear(TIME * FEATURES, 3)
        self.register_buffer("running", torch.zeros(FEATURES, dtype=torch.float64))
        generator = torch.Generator().manual_seed(0)
        for parameter in self.double().parameters():
            nn.init.normal_(parameter, generator=generator)

    def forward(self, inputs):
        centre, scale = self.statistics(self, inputs)
        found = self.layer((inputs - centre) / scale)
        hidden = found[0] if isinstance(found, tuple) else found
        return self.classifier((hidden * scale + centre).flatten(1))


class Convolution(nn.Conv1d):
    def __init__(self, width, _hidden, batch_first):
        super().__init__(width, width, 3, padding="same")

    def forward(self, inputs):
        return torch.tanh(super().forward(inputs.mT).mT)


class Attention(nn.TransformerEncoderLayer):
    def __init__(self, width, _hidden, batch_first):
        super().__init__(width, 2, 8, dropout=0.0, batch_first=batch_first, activation="gelu")


def moments(x):
    return x.mean(1, keepdim=True), torch.sqrt((x - x.mean(1, keepdim=True)).square().mean(1, keepdim=True) + 0.1)


def revin(_model, x):
    centre, scale = moments(x)
    return centre.detach(), scale.detach()


def revin_by_data(_model, x):
    centre, scale = moments(x)
    return centre.data, scale.data


def n_linear(_model, x):
    return x[:, -1:].detach(), 1.0


def without_gradients(_model, x):
    with torch.no_grad():
        return moments(x)


@torch.no_grad()
def decorated(_model, x):
    return moments(x)


def switched_off(_model, x):
    before = torch.is_grad_enabled()
    torch.set_grad_enabled(False)
    found = moments(x)
    torch.set_grad_enabled(before)
    return found


def inference(_model, x):
    with torch.inference_mode():
        centre, scale = moments(x)
    return centre.clone(), scale.clone()


def detached_in_place(_model, x):
    centre, scale = moments(x)
    return centre.clone().detach_(), torch.detach(scale)


def remembered(model, x):
    centre, scale = moments(x)
    with torch.no_grad():
        model.running.copy_(centre[0, 0])
    return centre.detach(), scale


HIDDEN = {
    f.__name__: f
    for f in (
        revin,
        revin_by_data,
        n_linear,
        without_gradients,
        decorated,
        switched_off,
        inference,
        detached_in_place,
        remembered,
    )
}


def differences(model, inputs, target):
    """∂S_c/∂x by central differences, (batch, time, features)."""
    found, step = torch.empty_like(inputs), 1e-5
    with torch.no_grad():
        for t in range(TIME):
            for i in range(FEATURES):
                shift = torch.zeros_like(inputs)
                shift[:, t, i] = step
                change = model(inputs + shift) - model(inputs - shift)
                found[:, t, i] = change.gather(1, target[:, None])[:, 0] / (2 * step)
    return found


@pytest.mark.parametrize("layer", [nn.GRU, nn.LSTM, Convolution, Attention])
@pytest.mark.parametrize("name", HIDDEN)
def test_saliency_is_the_derivative_of_the_function(name, layer):
    model = Normalised(HIDDEN[name], layer).eval()
    inputs, target = series(3), classes(3)
    expected = differences(model, inputs, target)
    model(inputs)
    hidden = torch.autograd.grad(
        model(tracked := inputs.clone().requires_grad_()).gather(1, target[:, None]).sum(), tracked
    )[0]
    assert (hidden - expected).abs().max() > 0.01  # which is why it is not left to autograd
    torch.testing.assert_close(attribute(saliency, model, inputs, target), expected.abs(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        *((integrated_gradients, name) for name in HIDDEN),
        *((deeplift, name) for name in HIDDEN if name != "remembered"),  # it copies in place
    ],
)
def test_maps_are_complete(method, name):
    model = Normalised(HIDDEN[name]).eval()
    inputs, target, baseline = series(3), classes(3), series(3, seed=5)
    with torch.no_grad():
        change = (model(inputs) - model(baseline)).gather(1, target[:, None])[:, 0]
    found = attribute(method, model, inputs, target, baseline=baseline).sum((1, 2))
    torch.testing.assert_close(found, change, rtol=1e-4, atol=1e-4)


def test_a_straight_through_estimator_gets_the_derivative_of_its_function():
    model = Scores(lambda x: (x + (x.square() - x).detach()).sum(1)[:, :2])
    inputs, target = series(2), torch.tensor([0, 1])
    found = attribute(saliency, model, inputs, target)
    expected = torch.zeros_like(inputs)
    expected[[0, 1], :, [0, 1]] = (2 * inputs[[0, 1], :, [0, 1]]).abs()
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("name", HIDDEN)
def test_the_network_and_its_outputs_are_left_as_they_were(name):
    model = Normalised(HIDDEN[name]).eval()
    inputs = series(2)
    outputs = model(inputs).detach()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with torch.enable_grad():
        same = TrueGradients(model, needs_left=False)(inputs.clone().requires_grad_())
    assert torch.equal(same.detach(), outputs)
    attribute(saliency, model, inputs, classes(2))
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert not model.running.requires_grad


@pytest.mark.parametrize("name", ["lstm", "gru", "convolution", "lstm-self-attention", "input-cell"])
def test_ordinary_networks_hide_nothing(name):
    hidden, model, inputs = HiddenCalls(), network(name), series(2)
    with torch.no_grad(), hidden:
        model(inputs)
    assert not hidden.hides
    assert not hidden.leaves


LEAVING = {
    "numpy": lambda x: torch.from_numpy(np.tanh(x.detach().numpy())),
    "asarray": lambda x: torch.as_tensor(np.tanh(np.asarray(x.detach()))),
    "item": lambda x: x * x.mean().item(),
    "float": lambda x: x * float(x.abs().mean()),
    "tolist": lambda x: torch.tensor(x.tolist(), dtype=x.dtype) * 2,
}


@pytest.mark.parametrize("method", [saliency, integrated_gradients, deeplift])
@pytest.mark.parametrize("name", LEAVING)
def test_numbers_that_leave_and_come_back_are_refused_in_one_sentence(name, method):
    model = Scores(lambda x: (x + LEAVING[name](x)).sum(1)[:, :2])
    with pytest.raises(
        UnsupportedOperationError,
        match=r"with PyTorch alone, got numbers that leave it by \w+ \(in forward of Scores, .* such as feature-abl",
    ):
        attribute(method, model, series(2), torch.tensor([0, 1]))
    assert torch.isfinite(attribute(feature_ablation, model, series(2), torch.tensor([0, 1]))).all()


class Looking(nn.Module):
    """Takes numbers out of PyTorch, and returns the sum of its series whatever they are."""

    def __init__(self, look):
        super().__init__()
        self.look, self.seen = look, []

    def forward(self, inputs):
        self.look(self, inputs)
        return inputs.square().sum(1)[:, :2]


def guard(_model, x):
    if abs(torch.softmax(x, 2).sum().item() - x.shape[0] * x.shape[1]) > 1e-6:
        raise ValueError("the shares must sum to 1")


@pytest.mark.parametrize(
    "look",
    [
        lambda model, x: model.seen.append(x.detach().cpu().numpy()),
        lambda model, x: model.seen.append(x.numpy()),
        lambda model, x: model.seen.append(x.mean().item()),
        lambda _model, x: x.abs().max().item() > 1e6 and 1 / 0,
        guard,
    ],
    ids=["stored", "numpy", "item", "branch", "guard"],
)
@pytest.mark.parametrize("method", [saliency, integrated_gradients])
def test_numbers_that_are_only_looked_at_change_nothing(look, method):
    inputs, target = series(2), torch.tensor([0, 1])
    expected = attribute(method, Looking(lambda _model, _x: None), inputs, target)
    assert torch.equal(attribute(method, Looking(look), inputs, target), expected)
