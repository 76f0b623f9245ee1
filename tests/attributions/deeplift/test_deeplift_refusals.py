"""What DeepLIFT has no rule for is refused in one sentence that names it and where it was called."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, series
from torch import nn
from torch.nn import functional as F

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute

OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)


class OwnGradient(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.exp()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Unseen(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        with torch._C.DisableTorchFunction():
            return x.exp()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


def rounded_down(x):
    with torch.no_grad():
        return x * 2


REFUSED = {
    "max-pool": (lambda x: F.max_pool1d(x, 2, return_indices=True)[0], "max_pool1d_with_indices"),
    "adaptive-max-pool": (lambda x: torch.adaptive_max_pool1d(x, 2)[0], "adaptive_max_pool1d"),
    "branch": (lambda x: x if x.sum() > 0 else -x, "__bool__ of what is otherwise for the baseline"),
    "item": (lambda x: x * x[0, 0, 0].item(), "item"),
    "data": (lambda x: x * x.data, "property data"),
    "no-grad": (rounded_down, "mul under torch.no_grad"),
    "own-gradient": (OwnGradient.apply, "the torch.autograd.Function OwnGradient"),
    "unseen": (lambda x: Unseen.apply(x) * 2, "mul on a tensor that was computed out of PyTorch's sight"),
    "dropout": (lambda x: F.dropout(x, 0.5, training=True), "dropout in training mode"),
    "dropout-by-place": (lambda x: torch.dropout(x, 0.5, True), "dropout in training mode"),
    "dropout-by-name": (lambda x: torch.dropout(x, p=0.5, train=True), "dropout in training mode"),
    "batch-statistics": (
        lambda x: F.batch_norm(x, None, None, training=True),
        "batch_norm with statistics or weights that depend",
    ),
    "norm-0": (lambda x: x.norm(0, dim=1), "norm with p=0"),
    "two-exponents": (lambda x: torch.pow(x.abs() + 1, x), "pow of 2 varying operands"),
    "power-shape": (lambda x: torch.pow(x[:, :1].abs(), OTHER.abs()), "pow from shape"),
    "raw-operator": (torch.ops.aten.exp, "exp"),
}


# Integrated gradients would miss what these change
FLAT = {"branch", "item", "data", "no-grad", "own-gradient"}


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_rule_is_refused_by_name_and_place(name):
    formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=f"DeepLIFT has no rule for ({message})") as caught:
        deeplift(Formula(formula), series(2), torch.tensor([0, 1]), torch.zeros_like(series(2)))
    assert "in forward of Formula, attribution_models.py line" in str(caught.value)
    instead = (
        "a perturbation method, such as feature-ablation" if name in FLAT else "another method, such as integrated-gra"
    )
    assert f"choose {instead}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_softmax_needs_its_axis():
    with pytest.raises(UnsupportedOperationError, match="no rule for softmax without dim"):
        deeplift(Formula(F.softmax), series(2), torch.tensor([0, 1]), torch.zeros_like(series(2)))


def test_an_output_made_out_of_sight_is_refused():
    with pytest.raises(UnsupportedOperationError, match="no rule for the model's output on a tensor"):
        attribute(deeplift, Scores(lambda x: Unseen.apply(x[:, 0])), series(2), torch.tensor([0, 1]))


def test_the_error_names_the_module_that_made_the_call():
    model = nn.Sequential(nn.Flatten(), nn.Linear(TIME * FEATURES, 3), nn.RReLU()).double()
    with pytest.raises(UnsupportedOperationError, match=r"rrelu .*in forward of RReLU, activation.py line"):
        attribute(deeplift, model, series(2), torch.tensor([0, 1]))


def test_the_place_is_told_whatever_forward_calls_its_module():
    class Own(nn.Module):
        def forward(net, x):
            return torch.rrelu(x.flatten(1))[:, :2]

    with pytest.raises(
        UnsupportedOperationError, match=r"no rule for rrelu \(in forward of Own, test_deeplift_refusals"
    ):
        attribute(deeplift, Own(), series(2), torch.tensor([0, 1]))
