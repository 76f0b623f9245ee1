"""Gradient methods against slow definitions: finite differences, quadrature and a loop over the noise."""

import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, series

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradient import (
    input_x_gradient,
    integrated_gradients,
    saliency,
    smoothgrad,
)
from saltbench.methods.seeding import seeded

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "gru"])


def slow_gradient(model, inputs, target):
    """Central differences, one cell at a time."""
    gradient = torch.zeros_like(inputs)
    for cell in np.ndindex(*inputs.shape):
        step = torch.zeros_like(inputs)
        step[cell] = 1e-6
        with torch.no_grad():
            change = model(inputs + step) - model(inputs - step)
        gradient[cell] = change[cell[0], target[cell[0]]] / 2e-6
    return gradient


def autograd_gradient(model, inputs, target):
    inputs = inputs.clone().requires_grad_()
    return torch.autograd.grad(model(inputs).gather(1, target[:, None]).sum(), inputs)[0]


@NAMES
def test_saliency_is_the_absolute_derivative(name):
    model, inputs, target = network(name), series(2), classes(2)
    expected = slow_gradient(model, inputs, target).abs()
    torch.testing.assert_close(attribute(saliency, model, inputs, target), expected, rtol=1e-5, atol=1e-8)


@NAMES
def test_input_x_gradient_is_the_product(name):
    model, inputs, target = network(name), series(2), classes(2)
    expected = inputs * slow_gradient(model, inputs, target)
    torch.testing.assert_close(attribute(input_x_gradient, model, inputs, target), expected, rtol=1e-5, atol=1e-8)


@NAMES
@pytest.mark.parametrize("steps", [1, 6])
def test_integrated_gradients_is_the_quadrature_of_gradients(name, steps):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    mean = torch.zeros_like(inputs)
    for node, weight in zip(nodes, weights, strict=True):
        point = baseline + (node + 1) / 2 * (inputs - baseline)
        mean += weight / 2 * autograd_gradient(model, point, target)
    explained = attribute(
        lambda model, inputs, target, baseline: integrated_gradients(model, inputs, target, baseline, steps=steps),
        model,
        inputs,
        target,
        baseline=baseline,
    )
    # Captum keeps the weights of the quadrature in single precision
    torch.testing.assert_close(explained, (inputs - baseline) * mean, rtol=1e-5, atol=1e-7)


def test_integrated_gradients_of_a_cube_has_a_closed_form():
    inputs = torch.tensor([[[2.0], [-1.0]]], dtype=torch.float64)
    model = Scores(lambda x: (x**3).sum(1))
    explained = attribute(integrated_gradients, model, inputs, torch.tensor([0]))
    torch.testing.assert_close(explained, inputs**3)


def noisy(level, samples, **options):
    return lambda model, inputs, target, seeds: smoothgrad(
        model, inputs, target, seeds, noise_samples=samples, noise_level=level, **options
    )


@NAMES
@pytest.mark.parametrize("samples", [1, 4])
def test_smoothgrad_is_the_mean_over_the_same_noise(name, samples):
    model, inputs, target, seeds = network(name), series(2), classes(2), [3, 4]
    expected = []
    for sample, label, seed in zip(inputs, target, seeds, strict=True):
        deviation = 0.2 * (sample.max() - sample.min())
        with seeded(seed):
            # Captum draws in single precision
            noise = torch.normal(0, deviation.float() * torch.ones(samples, *sample.shape))
        gradients = [autograd_gradient(model, (sample + n)[None], label[None]) for n in noise]
        expected.append(torch.stack(gradients).mean(0).abs())
    explained = attribute(noisy(0.2, samples), model, inputs, target, seeds=seeds)
    torch.testing.assert_close(explained, torch.cat(expected), rtol=1e-9, atol=1e-12)


@NAMES
def test_smoothgrad_without_noise_is_saliency(name):
    model, inputs, target = network(name), series(2), classes(2)
    smooth = attribute(noisy(0.0, 3), model, inputs, target, seeds=[0, 1])
    torch.testing.assert_close(smooth, attribute(saliency, model, inputs, target), rtol=1e-12, atol=1e-14)


def test_noise_scales_with_the_range_of_each_sample():
    # The gradient of x² is 2x: the map is twice the noisy input, whose deviation is level · range
    inputs = torch.zeros(2, 400, 1, dtype=torch.float64)
    inputs[0, 0], inputs[1, 0] = 10.0, -30.0
    model = Scores(lambda x: (x**2).sum(1))
    smooth = attribute(noisy(0.1, 1), model, inputs, torch.tensor([0, 0]), seeds=[1, 2])
    deviations = (smooth[:, 1:] ** 2).mean((1, 2)).sqrt() / 2
    assert deviations.tolist() == pytest.approx([1.0, 3.0], rel=0.1)


def test_many_noise_samples_run_in_batches():
    sizes = []
    model = Scores(lambda x: sizes.append(len(x)) or x.sum(1))
    smooth = attribute(noisy(0.1, 200), model, series(1), torch.tensor([0]), seeds=[1])
    assert max(sizes) <= 64
    torch.testing.assert_close(smooth[0, :, 0], torch.ones(6, dtype=torch.float64))


def test_many_steps_run_in_batches():
    sizes = []
    model = Scores(lambda x: sizes.append(len(x)) or x.sum(1))
    attribute(
        lambda model, inputs, target, baseline: integrated_gradients(model, inputs, target, baseline, steps=300),
        model,
        series(5),
        torch.zeros(5, dtype=torch.int64),
    )
    assert max(sizes) <= 64


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda *a: integrated_gradients(*a, series(1), steps=0), "steps must be at least 1, got 0"),
        (lambda *a: smoothgrad(*a, [1], noise_samples=0), "noise_samples must be at least 1, got 0"),
        (lambda *a: smoothgrad(*a, [1], noise_level=-0.1), "noise_level must be at least 0, got -0.1"),
        (lambda *a: smoothgrad(*a, [1], noise_level=float("nan")), "noise_level must be at least 0, got nan"),
    ],
)
def test_impossible_parameters_are_refused(call, message):
    with pytest.raises(ParameterError, match=message):
        call(network("lstm"), series(1), classes(1))
