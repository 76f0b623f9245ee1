"""The network's own attention as a map: what it is on each architecture, and which networks have none."""

import pytest
import torch
from attribution_models import classes, series
from torch import nn

from saltbench import adapted
from saltbench.errors import ParameterError, ShapeError, UnsupportedOperationError
from saltbench.methods.architectures.attention import lstm_self_attention
from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.architectures.prefix_attention import prefix_attention
from saltbench.methods.architectures.recurrent import lstm
from saltbench.methods.attributions.adapters import Probabilities
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.rescaling.rescaling import rescaled
from saltbench.methods.attributions.wrapper_entries import WRAPPERS
from saltbench.methods.seeding import seeded

ATTENTION = next(spec for spec in WRAPPERS if spec.name == "attention")
FEATURES = series().shape[2]
FACTORIES = pytest.mark.parametrize("factory", [lstm_self_attention, input_cell_lstm])


def build(factory, **parameters):
    with seeded(4):
        model = factory(features=FEATURES, classes=3, **parameters).double()
        for parameter in model.scores.parameters():
            nn.init.normal_(parameter)
    return model


def explained(model, inputs, **arguments):
    return attribute(bind(ATTENTION), model, inputs, classes(len(inputs)), **arguments)


@FACTORIES
def test_map_is_spread_equally_over_the_features_and_sums_to_one(factory):
    found = explained(build(factory), series(20))
    assert torch.equal(found, found[:, :, :1].expand_as(found))
    assert (found > 0).all()
    torch.testing.assert_close(found.sum((1, 2)), torch.ones(20).double())
    assert found[:, :, 0].std(1).mean() > 0.01


@FACTORIES
def test_map_is_the_same_for_every_class_and_memory(factory):
    model, inputs = build(factory), series(300)
    found = explained(model, inputs)
    assert torch.equal(found, attribute(bind(ATTENTION), model, inputs, (classes(300) + 1) % 3))
    assert ulps_apart(explained(model, inputs, memory=2_000_000), found) <= ULPS


def test_self_attention_is_what_its_classifier_reads():
    model, inputs = build(lstm_self_attention, hops=1), series()
    weights = explained(model, inputs).sum(2)
    model.eval()
    read = (weights[:, :, None] * model.recurrent(inputs)[0]).sum(1)
    torch.testing.assert_close(model.classifier(read), model(inputs))


def test_self_attention_over_hops_is_their_mean():
    model, inputs = build(lstm_self_attention, hops=3), series()
    hidden = model.eval().recurrent(inputs)[0]
    expected = torch.zeros(inputs.shape[:2]).double()
    for hop in range(3):
        for sample in range(len(inputs)):
            scores = [
                model.scores.second.weight[hop] @ torch.tanh(model.scores.first.weight @ h) for h in hidden[sample]
            ]
            largest = max(scores)
            keys = [torch.exp(score - largest) for score in scores]
            for step, key in enumerate(keys):
                expected[sample, step] += key / sum(keys) / 3
    torch.testing.assert_close(explained(model, inputs).sum(2), expected.detach())


@pytest.mark.parametrize("variant", ["mean", "flatten", "flatten-l2"])
def test_input_cell_attention_is_that_of_the_last_step(variant):
    model, inputs = build(input_cell_lstm, hops=3, variant=variant), series()
    model.eval()
    steps = torch.eye(inputs.shape[1]).double().expand(len(inputs), -1, -1)
    with torch.no_grad():
        every = prefix_attention(model.scores(inputs), steps)  # row t holds A_t, averaged over hops
    torch.testing.assert_close(explained(model, inputs).sum(2), every[:, -1])


def test_earlier_attention_of_an_input_cell_is_a_scaled_prefix_of_the_last():
    model, inputs = build(input_cell_lstm, hops=1), series()
    steps = torch.eye(inputs.shape[1]).double().expand(len(inputs), -1, -1)
    with torch.no_grad():
        every = prefix_attention(model.eval().scores(inputs), steps)
    last = explained(model, inputs).sum(2)
    for step in range(inputs.shape[1]):
        prefix = last[:, : step + 1]
        torch.testing.assert_close(every[:, step, : step + 1], prefix / prefix.sum(1, keepdim=True))


@FACTORIES
def test_equal_scores_give_equal_attention(factory):
    model = build(factory)
    nn.init.zeros_(model.scores.second.weight)
    found = explained(model, series())
    torch.testing.assert_close(found, torch.full_like(found, 1 / found[0].numel()))


@FACTORIES
def test_a_wrapped_network_has_the_map_of_the_network(factory):
    model, inputs = build(factory), series(20)
    assert torch.equal(explained(Probabilities(model), inputs), explained(model, inputs))


class TimeFirst(nn.Module):
    """A network of a third party that takes (time, batch, features) and attends to the first feature."""

    def forward(self, inputs):
        return torch.stack([inputs[:, :, 0].mean(0), inputs[:, :, 1].mean(0)], 1)

    def attention(self, inputs):
        return torch.softmax(inputs[:, :, 0], dim=0).T


class Wrapped(nn.Module):
    """A network behind another layout."""

    def __init__(self, model, calls=1):
        super().__init__()
        self.model = model
        self.calls = calls

    def forward(self, inputs):
        rows = inputs.transpose(0, 1)
        return inputs[:, 0, :2] + sum(self.model(rows) for _ in range(self.calls))


def test_a_module_inside_is_asked_about_what_reaches_it():
    inputs = series(4)
    model = Wrapped(TimeFirst())
    found = attribute(bind(ATTENTION), model, inputs, classes(4) % 2)
    torch.testing.assert_close(found.sum(2), torch.softmax(inputs[:, :, 0], dim=1))
    assert not model.model._forward_pre_hooks


def test_attention_can_be_rescaled():
    inputs = series(4)
    found = attribute(bind(rescaled(ATTENTION), {"threshold": 0.0}), Wrapped(TimeFirst()), inputs, classes(4) % 2)
    # it reads the first feature alone, so that hiding another moves nothing
    assert found[:, :, 0].all()
    assert torch.equal(found[:, :, 1:], torch.zeros_like(found[:, :, 1:]))


def test_a_network_without_attention_is_refused():
    with pytest.raises(
        UnsupportedOperationError,
        match=r"one module whose class defines attention\(inputs\) -> \(batch, time\), got none in LastStepClassifier",
    ):
        explained(build_plain(), series())
    with pytest.raises(UnsupportedOperationError, match="got none in LastStepClassifier; define it on the network"):
        explained(adapted(build_plain()), series())


def build_plain():
    model = lstm(features=FEATURES, classes=3).double()
    model.attention = nn.Identity()  # a layer of that name is no method of that name
    return model


def test_several_attentions_are_refused():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.parts = nn.ModuleList([TimeFirst(), TimeFirst()])

        def forward(self, inputs):
            return sum(part(inputs.transpose(0, 1)) for part in self.parts)

    with pytest.raises(UnsupportedOperationError, match="got TimeFirst, TimeFirst in Pair"):
        attribute(bind(ATTENTION), Pair(), series(), classes() % 2)


@pytest.mark.parametrize("calls", [0, 2])
def test_an_attention_that_is_not_called_once_is_refused(calls):
    with pytest.raises(UnsupportedOperationError, match=f"TimeFirst to be called once .* got {calls} calls"):
        attribute(bind(ATTENTION), Wrapped(TimeFirst(), calls), series(), classes() % 2)


class Odd(nn.Module):
    """A network whose attention is whatever it was given."""

    def __init__(self, weights):
        super().__init__()
        self.weights = weights

    def forward(self, inputs):
        return inputs[:, 0, :2]

    def attention(self, inputs):
        return self.weights(inputs)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (lambda x: x, ShapeError, r"attention of Odd must be \(batch, time\) = \(2, 6\), got \(2, 6, 4\); average"),
        (lambda x: None, ShapeError, "got NoneType"),
        (lambda x: x[:, :, 0] * 0 - 1, ParameterError, r"attention of Odd must not be negative or NaN, got -1.0"),
        (lambda x: x[:, :, 0] * torch.nan, ParameterError, "must not be negative or NaN, got nan"),
    ],
)
def test_an_attention_that_is_none_is_refused(weights, error, message):
    with pytest.raises(error, match=message):
        attribute(bind(ATTENTION), Odd(weights), series(), classes() % 2)
