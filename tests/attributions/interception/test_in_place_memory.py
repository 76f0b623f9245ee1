"""Operations in place on memory that overlaps what they read, or that a rule made for itself."""

import pytest
import torch
from attribution_models import FEATURES, Formula, series
from torch import nn

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.lrp.lrp import lrp


def relevance(model, inputs, target, _baseline):
    return lrp(model, inputs, target)


METHODS = {"deeplift": deeplift, "lrp": relevance}


def moved_on(x):
    y = 2 * x
    y[:, 1:] = y[:, :-1]
    return y


def copied_on(x):
    y = torch.tanh(x)
    y[:, 0] = x[:, 1]
    y[:, :-1].copy_(y[:, 1:])
    return y


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("formula", [moved_on, copied_on])
def test_what_overlaps_the_place_that_it_is_copied_to_is_refused(formula, method):
    with pytest.raises(UnsupportedOperationError, match=r"has no rule for \w+ to memory from a part of it"):
        METHODS[method](Formula(formula), series(2), torch.tensor([0, 1]), series(2, seed=7))


@pytest.mark.parametrize("method", METHODS)
def test_what_lies_beside_its_place_may_be_copied(method):
    def in_place(x):
        y = torch.tanh(x)
        y[:, 1] = y[:, 0]
        y[:, 2:4] = y[:, 0:2]
        return y

    def elsewhere(x):
        y = torch.tanh(x)
        return torch.cat([y[:, :1], y[:, :1], y[:, :1], y[:, :1], y[:, 4:]], 1)

    given = series(2), torch.tensor([0, 1]), series(2, seed=7)
    found, expected = (METHODS[method](Formula(formula), *given) for formula in (in_place, elsewhere))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "layer", [nn.Linear(FEATURES, FEATURES), nn.Sequential(nn.Linear(FEATURES, FEATURES), nn.Dropout())]
)
def test_what_a_rule_returns_as_a_view_of_its_own_may_be_written_to(layer, method):
    layer = layer.double().eval()

    def in_place(x):
        y = layer(x)
        y += x
        return y

    given = series(2), torch.tensor([0, 1]), series(2, seed=7)
    found, expected = (METHODS[method](Formula(formula), *given) for formula in (in_place, lambda x: layer(x) + x))
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)
