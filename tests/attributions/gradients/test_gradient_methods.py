"""Saliency and input times gradient against finite differences, Captum and closed forms."""

import pytest
import torch
from attribution_models import Scores, classes, network, series
from captum.attr import InputXGradient, Saliency
from gradient_oracles import TIGHT, explain, slow_gradient
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saltbench.errors import ParameterError
from saltbench.methods.attributions.gradients.gradient import input_x_gradient, saliency
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "gru"])
METHODS = pytest.mark.parametrize("method", [saliency, input_x_gradient])


@NAMES
def test_saliency_is_the_absolute_derivative(name):
    model, inputs, target = network(name), series(2), classes(2)
    expected = slow_gradient(model, inputs, target).abs()
    torch.testing.assert_close(explain(saliency, model, inputs, target), expected, rtol=1e-5, atol=1e-8)


@NAMES
def test_input_x_gradient_is_the_product(name):
    model, inputs, target = network(name), series(2), classes(2)
    expected = inputs * slow_gradient(model, inputs, target)
    torch.testing.assert_close(explain(input_x_gradient, model, inputs, target), expected, rtol=1e-5, atol=1e-8)


@NAMES
@pytest.mark.parametrize(("method", "captum"), [(saliency, Saliency), (input_x_gradient, InputXGradient)])
def test_captum_gives_the_same_map(name, method, captum):
    model, inputs, target = network(name), series(3), classes(3)
    expected = captum(model).attribute(inputs.clone().requires_grad_(), target=target).detach()
    torch.testing.assert_close(explain(method, model, inputs, target), expected, rtol=1e-12, atol=1e-14)


def test_maps_of_a_linear_model_are_its_weights():
    weights = torch.tensor([[[2.0, -1.0], [0.5, 3.0]]], dtype=torch.float64)
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    inputs = torch.tensor([[[1.0, 2.0], [-4.0, 0.0]]], dtype=torch.float64)
    target = torch.tensor([0])
    assert torch.equal(explain(saliency, model, inputs, target), weights.abs())
    assert torch.equal(explain(input_x_gradient, model, inputs, target), weights * inputs)


@METHODS
@settings(max_examples=10)
@given(
    batch=st.integers(1, 70),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    name=st.sampled_from(["lstm", "gru"]),
)
def test_little_memory_and_other_company_change_rounding_alone(method, batch, dtype, name):
    model, inputs, target = network(name).to(dtype), series(70).to(dtype), classes(70)
    whole = explain(method, model, inputs, target)
    assert whole.dtype == dtype
    part = explain(method, model, inputs[:batch], target[:batch], memory=TIGHT)
    assert ulps_apart(part, whole[:batch]) <= ULPS


@METHODS
def test_a_model_without_gradient_is_refused(method):
    class Rounded(nn.Module):
        def forward(self, inputs):
            return (inputs > 0).sum(1).to(inputs.dtype)

    with pytest.raises(ParameterError, match="output must depend on its input through operations with gradients"):
        explain(method, Rounded(), series(2), classes(2))
