"""Operations that take a second tensor for its shape or type alone: the maps of the same network without it."""

import warnings
from functools import partial

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, classes, output_change, series
from torch import Tensor, nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half, lrp_proportional

RELEVANCE = {"lrp": lrp, "lrp-proportional": lrp_proportional, "lrp-half": lrp_half}
METHODS = {**RELEVANCE, "deeplift": deeplift}
CONSTANT = torch.linspace(0.5, 2, FEATURES, dtype=torch.float64)


def gate(x):
    """A gate of another shape than the series, (batch, 1, features)."""
    return x.mean(1, keepdim=True).sigmoid()


def resized(x, like):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # PyTorch calls it deprecated
        return x.resize_as(like)


def spread(x):
    """A gate at each cell, which is written without a second tensor."""
    return gate(x).repeat(1, TIME, 1)


# With a second tensor, and without
FORMS = {
    "expand_as": (lambda x: x * gate(x).expand_as(x), lambda x: x * spread(x)),
    "expand_as-named": (lambda x: x * gate(x).expand_as(other=x), lambda x: x * spread(x)),
    "expand_as-function": (lambda x: x * Tensor.expand_as(gate(x), x), lambda x: x * spread(x)),
    "expand": (lambda x: x * gate(x).expand(x.shape), lambda x: x * spread(x)),
    "broadcast_to": (lambda x: x * torch.broadcast_to(gate(x), x.shape), lambda x: x * spread(x)),
    "broadcast_to-size": (lambda x: x * gate(x).broadcast_to(x.size()), lambda x: x * spread(x)),
    "broadcast_tensors": (lambda x: torch.mul(*torch.broadcast_tensors(gate(x), x)), lambda x: spread(x) * x),
    "broadcast_constant": (
        lambda x: torch.mul(*torch.broadcast_tensors(CONSTANT, gate(x))) * x,
        lambda x: CONSTANT * gate(x) * x,
    ),
    "view_as": (lambda x: x * spread(x).flatten(1).view_as(x), lambda x: x * spread(x)),
    "view_as-named": (lambda x: x * spread(x).flatten(1).view_as(other=x), lambda x: x * spread(x)),
    "view": (lambda x: x * spread(x).flatten(1).view(x.shape), lambda x: x * spread(x)),
    "reshape_as": (lambda x: x * spread(x).flatten(1).reshape_as(x), lambda x: x * spread(x)),
    "reshape_as-named": (lambda x: x * spread(x).flatten(1).reshape_as(other=x), lambda x: x * spread(x)),
    "resize_as": (lambda x: x * resized(spread(x).flatten(1), x), lambda x: x * spread(x)),
    "type_as": (lambda x: x * gate(x).type_as(x), lambda x: x * gate(x)),
    "type_as-named": (lambda x: x * gate(x).type_as(other=x), lambda x: x * gate(x)),
    "type": (lambda x: x * gate(x).type(x.type()), lambda x: x * gate(x)),
    "type-dtype": (lambda x: x * gate(x).type(x.dtype), lambda x: x * gate(x)),
    "to": (lambda x: x * gate(x).to(x), lambda x: x * gate(x)),
    "to-named": (lambda x: x * gate(x).to(tensor=x), lambda x: x * gate(x)),
    "to-copied": (lambda x: x * gate(x).to(x, copy=True), lambda x: x * gate(x)),
    "to-dtype": (lambda x: x * gate(x).to(x.dtype), lambda x: x * gate(x)),
    "index-by-shape": (
        lambda x: x[:, : x.shape[1] - 1] * spread(x)[:, 1 : x.size(1)],
        lambda x: x[:, :-1] * spread(x)[:, 1:],
    ),
    "atleast": (lambda x: x * torch.atleast_3d(gate(x)), lambda x: x * gate(x)),
    "atleast-several": (lambda x: torch.mul(*torch.atleast_3d(x, gate(x))), lambda x: x * gate(x)),
    "atleast-list": (lambda x: torch.mul(*torch.atleast_3d([x, gate(x)])), lambda x: x * gate(x)),
    "zeros_like": (lambda x: x * (gate(x) + torch.zeros_like(gate(x))), lambda x: x * (gate(x) + 0)),
    "full_like": (lambda x: x * torch.full_like(x, 2.5), lambda x: x * torch.full((TIME, FEATURES), 2.5).double()),
    "new_full": (lambda x: x * x.new_full(x.shape, 2.5), lambda x: x * torch.full((TIME, FEATURES), 2.5).double()),
    "new_ones": (lambda x: x + x.new_ones(x.shape[1:]), lambda x: x + torch.ones(TIME, FEATURES).double()),
    "new_tensor": (lambda x: x * x.new_tensor(CONSTANT.tolist()), lambda x: x * CONSTANT),
    "constant": (lambda x: x * CONSTANT.expand_as(x), lambda x: x * CONSTANT),
    "constant-type": (lambda x: x * CONSTANT.to(x), lambda x: x * CONSTANT),
    "condition": (
        lambda x: torch.where((CONSTANT > 1).expand_as(x), x, torch.zeros_like(x)),
        lambda x: torch.where(CONSTANT > 1, x, 0.0),
    ),
    "types": (
        lambda x: x * gate(x).to(torch.result_type(x, gate(x))) * (2 if torch.is_same_size(x, x) else 1),
        lambda x: x * gate(x) * 2,
    ),
}
shape_givers = pytest.mark.parametrize("name", FORMS)


@pytest.mark.parametrize("method", METHODS)
@shape_givers
def test_the_map_is_that_of_the_network_without_the_second_tensor(name, method):
    with_it, without = (partial(attribute, METHODS[method], Formula(formula)) for formula in FORMS[name])
    arguments = {"baseline": series(3, seed=7)} if method == "deeplift" else {}
    expected = without(series(3), classes(3) % 2, **arguments)
    assert expected.abs().max() > 0
    assert torch.equal(with_it(series(3), classes(3) % 2, **arguments), expected)


@pytest.mark.parametrize("method", RELEVANCE)
@pytest.mark.parametrize("name", sorted(FORMS.keys() - {"new_ones"}))  # that constant is a summand and keeps its share
def test_relevance_is_conserved(name, method):
    model, target = Formula(FORMS[name][0]), classes(3) % 2
    relevance = attribute(partial(RELEVANCE[method], epsilon=0.0), model, series(3), target)
    output = model(series(3)).gather(1, target[:, None])[:, 0]
    torch.testing.assert_close(relevance.sum((1, 2)), output, rtol=1e-9, atol=1e-11)


@shape_givers
def test_differences_are_complete(name):
    model, target, baseline = Formula(FORMS[name][0]), classes(3) % 2, series(3, seed=7)
    maps = attribute(deeplift, model, series(3), target, baseline=baseline)
    change = output_change(model, series(3), baseline, target)
    torch.testing.assert_close(maps.sum((1, 2)), change, rtol=1e-10, atol=1e-12)


class SqueezeAndExcite(nn.Module):
    """Features scaled by gates that two layers make of their means over time, as images' channels are."""

    def __init__(self, scaled) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.gates = nn.Sequential(nn.Linear(FEATURES, 3), nn.ReLU(), nn.Linear(3, FEATURES), nn.Sigmoid())
            self.classifier = nn.Linear(FEATURES, 2, bias=False)
        self.scaled = scaled
        self.double()

    def forward(self, inputs):
        return self.classifier(self.scaled(inputs, self.gates(inputs.mean(1)).unsqueeze(1)).sum(1))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "scaled",
    [
        lambda x, y: x * y.expand_as(x),
        lambda x, y: y.expand_as(x) * x,
        lambda x, y: x * y.expand(x.shape).type_as(x),
        lambda x, y: x * y.repeat(1, x.shape[1], 1).view_as(x).to(x),
    ],
    ids=["expand_as", "turned", "type_as", "view_as"],
)
def test_squeeze_and_excite_has_the_map_of_the_product_that_broadcasts(scaled, method):
    inputs, target = series(4), classes(4) % 2
    expected = attribute(METHODS[method], SqueezeAndExcite(lambda x, y: x * y.repeat(1, TIME, 1)), inputs, target)
    maps = attribute(METHODS[method], SqueezeAndExcite(scaled), inputs, target)
    torch.testing.assert_close(maps, expected, rtol=1e-12, atol=1e-14)
    if method in RELEVANCE:
        signal = attribute(METHODS[method], SqueezeAndExcite(lambda x, y: x * y), inputs, target)
        torch.testing.assert_close(maps, signal, rtol=1e-12, atol=1e-14)


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
@pytest.mark.parametrize("method", METHODS)
def test_values_that_fill_a_new_tensor_are_no_constants(method):
    given = {"baseline": torch.zeros_like(series(2))} if method == "deeplift" else {}
    with pytest.raises(UnsupportedOperationError, match="has no rule for new_tensor "):
        METHODS[method](Formula(lambda x: x * x.new_tensor(x)), series(2), torch.tensor([0, 1]), **given)
