"""Calls with arguments by name, in both methods that take PyTorch's calls apart: the maps of the call by place."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, classes, series
from torch import nn
from torch.nn import functional as F

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.lrp.lrp import lrp_half

OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)


def relevance(model, inputs, target, _baseline):
    return lrp_half(model, inputs, target)


METHODS = {"deeplift": deeplift, "lrp-half": relevance}

# By name, and by place
CALLS = {
    "maximum": (lambda x: torch.maximum(x, other=x.flip(1)), lambda x: torch.maximum(x, x.flip(1))),
    "maximum-turned": (lambda x: torch.maximum(other=x, input=OTHER), lambda x: torch.maximum(OTHER, x)),
    "maximum-numpy": (lambda x: torch.maximum(x1=OTHER, x2=x), lambda x: torch.maximum(OTHER, x)),
    "minimum": (lambda x: torch.minimum(x, other=x.flip(1)), lambda x: torch.minimum(x, x.flip(1))),
    "amax": (lambda x: torch.amax(input=x, dim=1), lambda x: torch.amax(x, 1)),
    "amax-numpy": (lambda x: x.amax(axis=1, keepdims=True), lambda x: x.amax(1, True)),
    "max-pool": (lambda x: torch.max_pool1d(input=x, kernel_size=2), lambda x: torch.max_pool1d(x, 2)),
    "softmax": (lambda x: torch.softmax(input=x, dim=-1), lambda x: torch.softmax(x, -1)),
    "softmax-numpy": (lambda x: torch.softmax(x=x, axis=1), lambda x: torch.softmax(x, 1)),
    "log-softmax": (lambda x: torch.log_softmax(input=x, dim=-1), lambda x: torch.log_softmax(x, -1)),
    "power": (lambda x: torch.pow(input=x, exponent=2), lambda x: torch.pow(x, 2)),
    "power-negative": (lambda x: torch.pow(exponent=-2, input=x + 9), lambda x: torch.pow(x + 9, -2)),
    "power-of-number": (lambda x: torch.pow(self=2, exponent=x), lambda x: torch.pow(2, x)),
    "add": (lambda x: torch.add(x, alpha=2, other=x.flip(1)), lambda x: torch.add(x, x.flip(1), alpha=2)),
    "subtract": (lambda x: torch.sub(other=x, input=OTHER), lambda x: OTHER - x),
    "mul": (lambda x: torch.mul(x, other=x.sigmoid()), lambda x: x * x.sigmoid()),
    "mul-constant": (lambda x: torch.mul(input=OTHER, other=x), lambda x: OTHER * x),
    "matmul": (lambda x: torch.matmul(other=x.mT, input=x), lambda x: x @ x.mT),
    "divide": (lambda x: torch.div(other=x.square() + 1, input=x), lambda x: x / (x.square() + 1)),
    "divide-constant": (lambda x: torch.true_divide(x, other=3), lambda x: x / 3),
    "where": (lambda x: torch.where(OTHER > 0, input=x, other=3 * x), lambda x: torch.where(OTHER > 0, x, 3 * x)),
    "where-names": (
        lambda x: torch.where(other=3 * x, condition=OTHER > 0, input=x),
        lambda x: torch.where(OTHER > 0, x, 3 * x),
    ),
    "where-method": (lambda x: x.where(condition=OTHER > 0, other=3 * x), lambda x: x.where(OTHER > 0, 3 * x)),
    "where-number": (lambda x: torch.where(OTHER > 0, self=2.0, other=x), lambda x: torch.where(OTHER > 0, 2.0, x)),
    "relu": (lambda x: torch.relu(input=x), torch.relu),
    "clamp": (lambda x: torch.clamp(input=x, min=0.2), lambda x: torch.clamp(x, 0.2)),
    "mean": (lambda x: torch.mean(input=x, axis=1), lambda x: torch.mean(x, 1)),
    "dropout": (lambda x: torch.dropout(x, p=0.5, train=False), lambda x: torch.dropout(x, 0.5, False)),
    "dropout-input": (lambda x: torch.dropout(input=x, p=0.5, train=False), lambda x: torch.dropout(x, 0.5, False)),
    "normalize": (lambda x: F.normalize(input=x, dim=2), lambda x: F.normalize(x, 2.0, 2)),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CALLS)
def test_a_call_by_name_has_the_map_of_the_call_by_place(name, method):
    by_name, by_place = CALLS[name]
    inputs, target, baseline = series(3), classes(3) % 2, series(3, seed=7)
    assert torch.equal(by_name(inputs), by_place(inputs))
    expected = METHODS[method](Formula(by_place), inputs, target, baseline)
    assert expected.abs().max() > 0
    assert torch.equal(METHODS[method](Formula(by_name), inputs, target, baseline), expected)


def test_sums_of_exponentials_by_name_have_deeplifts_map_of_the_sum_by_place():
    inputs, target, baseline = series(3), classes(3) % 2, series(3, seed=7)
    expected = deeplift(Formula(lambda x: torch.logsumexp(x, 1)), inputs, target, baseline)
    for by_name in (
        lambda x: torch.logsumexp(input=x, dim=1),
        lambda x: torch.logsumexp(x=x, axis=1),
        lambda x: torch.logcumsumexp(input=x, dim=1)[:, -1],
    ):
        explained = deeplift(Formula(by_name), inputs, target, baseline)
        torch.testing.assert_close(explained, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_a_recurrent_layer_called_by_name_is_refused(method):
    layer = nn.LSTM(FEATURES, 2, batch_first=True).double()
    settings = {"has_biases": True, "num_layers": 1, "dropout": 0.0, "train": False, "bidirectional": False}

    def called(x):
        start = x.new_zeros(1, len(x), 2)
        return torch.lstm(x, (start, start), list(layer.parameters()), **settings, batch_first=True)[0]

    with pytest.raises(UnsupportedOperationError, match="no rule for lstm with arguments given by name"):
        METHODS[method](Formula(called), series(3), classes(3) % 2, series(3, seed=7))


CELLS = {"lstm_cell": 8, "gru_cell": 6, "rnn_tanh_cell": 2, "rnn_relu_cell": 2}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("by_place", range(5))
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_may_be_given_its_state_and_weights_by_name(name, by_place, method):
    rows = torch.arange(1.0, 1 + CELLS[name], dtype=torch.float64)[:, None]
    weights = [(rows * torch.arange(1, 1 + width)).cos() for width in (FEATURES, 2)]
    biases = [(step * rows[:, 0]).sin() for step in (2, 3)]

    def called(x, count):
        start = x[:, 1, :2]
        given = {"hx": (start, start) if name == "lstm_cell" else start}
        given |= dict(zip(("w_ih", "w_hh", "b_ih", "b_hh"), (*weights, *biases), strict=True))
        state = getattr(torch, name)(x[:, 0], *list(given.values())[:count], **dict(list(given.items())[count:]))
        return torch.cat(state, 1) if name == "lstm_cell" else state

    inputs, target, baseline = series(3), classes(3) % 2, series(3, seed=7)
    expected, explained = (
        METHODS[method](Formula(lambda x: called(x, count)), inputs, target, baseline)  # noqa: B023 - called at once
        for count in (5, by_place)
    )
    assert expected.abs().max() > 0
    assert torch.equal(explained, expected)
