"""Moments over noise against a loop over the same noise, Captum fed with it, and their limits without noise."""

import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, series
from captum.attr import IntegratedGradients, NoiseTunnel, Saliency
from gradient_oracles import TIGHT, autograd_gradient, explain, noisy_draw, one_draw
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import sample_seeds
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.attributions.gradients.integrated_gradients import integrated_gradients
from saltbench.methods.attributions.gradients.smoothgrad import (
    integrated_gradients_smoothgrad,
    smoothgrad,
    smoothgrad_squared,
    vargrad,
)
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes.baselines import absence
from saltbench.methods.attributions.validation.parameter_checks import AGAINST

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "gru"])
SEEDS = [3, 4]
MOMENTS = {
    smoothgrad: lambda gradients: np.abs(np.mean(gradients, axis=0)),
    smoothgrad_squared: lambda gradients: np.mean(np.square(gradients), axis=0),
    vargrad: lambda gradients: np.var(gradients, axis=0),
}
METHODS = pytest.mark.parametrize("method", MOMENTS)
ALL = pytest.mark.parametrize("method", [*MOMENTS, integrated_gradients_smoothgrad])


def noisy_inputs(samples, level=0.2):
    return [noisy_draw(series(2), level, SEEDS, draw) for draw in range(samples)]


@NAMES
@METHODS
@pytest.mark.parametrize("samples", [1, 4])
def test_map_is_the_moment_over_the_same_noise(name, method, samples):
    model, target = network(name), classes(2)
    gradients = [autograd_gradient(model, rows, target).numpy() for rows in noisy_inputs(samples)]
    parameters = {"noise_samples": samples, "noise_level": 0.2}
    explained = explain(method, model, series(2), target, parameters, seeds=SEEDS)
    torch.testing.assert_close(explained, torch.tensor(MOMENTS[method](gradients)), rtol=1e-10, atol=1e-14)


@pytest.fixture
def captum_with_our_noise(monkeypatch):
    """Captum's tunnel, with our noisy copies in the order that it lays them out, each sample's side by side."""

    def rows(inputs, _deviation, samples):
        return torch.stack(noisy_inputs(samples), dim=1).flatten(0, 1)

    monkeypatch.setattr(NoiseTunnel, "_add_noise_to_input", staticmethod(rows))
    return NoiseTunnel


@NAMES
@pytest.mark.parametrize(
    ("method", "kind"), [(smoothgrad, "smoothgrad"), (smoothgrad_squared, "smoothgrad_sq"), (vargrad, "vargrad")]
)
def test_captum_gives_the_same_map(name, method, kind, captum_with_our_noise):
    model, target = network(name), classes(2)
    tunnel = captum_with_our_noise(Saliency(model))
    expected = tunnel.attribute(
        series(2).requires_grad_(), nt_type=kind, nt_samples=4, stdevs=1.0, target=target, abs=False
    )
    expected = expected.abs() if kind == "smoothgrad" else expected
    parameters = {"noise_samples": 4, "noise_level": 0.2}
    explained = explain(method, model, series(2), target, parameters, seeds=SEEDS)
    # Captum's variance is a difference of means of squares
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-14)


def test_captum_gives_the_same_smoothed_integrated_gradients(captum_with_our_noise):
    model, target = network("lstm"), classes(2)
    tunnel = captum_with_our_noise(IntegratedGradients(model))
    expected = tunnel.attribute(series(2), nt_samples=3, stdevs=1.0, target=target, n_steps=7)
    parameters = {"steps": 7, "noise_samples": 3, "noise_level": 0.2}
    explained = explain(integrated_gradients_smoothgrad, model, series(2), target, parameters, seeds=SEEDS)
    # Captum keeps the weights of the quadrature in single precision
    torch.testing.assert_close(explained, expected, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("against", AGAINST)
def test_smoothed_integrated_gradients_are_those_of_noisy_inputs(against):
    model, target, background = network("gru"), classes(2), series(5, seed=9)
    absent = absence(against, torch.zeros(2, 6, 4, dtype=torch.float64), background, SEEDS, 3)
    maps = [
        explain(
            integrated_gradients, model, rows, target, {"steps": 5}, baseline=one_draw(absent, draw, slice(2), rows)
        )
        for draw, rows in enumerate(noisy_inputs(3))
    ]
    parameters = {"steps": 5, "against": against, "noise_samples": 3, "noise_level": 0.2}
    explained = explain(
        integrated_gradients_smoothgrad, model, series(2), target, parameters, background=background, seeds=SEEDS
    )
    torch.testing.assert_close(explained, torch.stack(maps).mean(0), rtol=1e-11, atol=1e-14)


@NAMES
def test_without_noise_the_moments_are_those_of_the_gradient(name):
    model, inputs, target = network(name), series(3), classes(3)
    still = {"noise_samples": 3, "noise_level": 0.0}
    gradient = explain(saliency, model, inputs, target)
    torch.testing.assert_close(explain(smoothgrad, model, inputs, target, still), gradient, rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(
        explain(smoothgrad_squared, model, inputs, target, still), gradient**2, rtol=1e-12, atol=1e-14
    )
    assert torch.equal(explain(vargrad, model, inputs, target, still), torch.zeros_like(inputs))


def test_without_noise_smoothed_integrated_gradients_are_integrated_gradients():
    model, inputs, target, baseline = network("lstm"), series(3), classes(3), series(3, seed=5)
    still = {"steps": 6, "noise_samples": 2, "noise_level": 0.0}
    smooth = explain(integrated_gradients_smoothgrad, model, inputs, target, still, baseline=baseline)
    expected = explain(integrated_gradients, model, inputs, target, {"steps": 6}, baseline=baseline)
    torch.testing.assert_close(smooth, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("method", "expected"), [(smoothgrad, 1.0), (smoothgrad_squared, 1.0), (vargrad, 0.0)])
def test_gradients_that_share_their_memory(method, expected):
    # the gradient of a sum is one number in a place that every row points to
    maps = explain(method, Scores(lambda x: x.sum((1, 2))[:, None].expand(-1, 2)), series(5), classes(5) % 2)
    assert torch.equal(maps, torch.full_like(maps, expected))


def test_one_draw_has_no_variance():
    explained = explain(vargrad, network("lstm"), series(2), classes(2), {"noise_samples": 1})
    assert torch.equal(explained, torch.zeros_like(explained))


def test_moments_of_a_square_have_closed_forms():
    # The gradient of x² is 2x, so at 0 that of noisy copies is 2ε: mean 0, mean square and variance 4σ²
    inputs = torch.zeros(2, 400, 1, dtype=torch.float64)
    inputs[0, 0], inputs[1, 0] = 10.0, -30.0
    model, target = Scores(lambda x: (x**2).sum(1)), torch.tensor([0, 0])
    parameters = {"noise_samples": 50, "noise_level": 0.1}
    maps = {m: explain(m, model, inputs, target, parameters)[:, 1:].mean((1, 2)) for m in MOMENTS}
    assert maps[smoothgrad_squared].tolist() == pytest.approx([4, 36], rel=0.05)
    assert maps[vargrad].tolist() == pytest.approx([4 * 49 / 50, 36 * 49 / 50], rel=0.05)
    # mean |N(0, 4σ²/50)|
    assert maps[smoothgrad].tolist() == pytest.approx([x * (2 / torch.pi / 50) ** 0.5 for x in (2, 6)], rel=0.2)


def test_a_small_variance_beside_a_large_mean_is_kept():
    # The gradient of 10⁶·x + x² is 10⁶ + 2x: a mean of squares less a square of means keeps 4 of its 16 digits
    inputs = 1e-3 * series(2)
    model, target = Scores(lambda x: (1e6 * x + x**2).sum((1, 2))[:, None]), torch.tensor([0, 0])
    parameters = {"noise_samples": 9, "noise_level": 0.1}
    expected = np.var([2 * noisy_draw(inputs, 0.1, SEEDS, draw).numpy() for draw in range(9)], axis=0)
    explained = explain(vargrad, model, inputs, target, parameters, seeds=SEEDS)
    torch.testing.assert_close(explained, torch.tensor(expected), rtol=1e-5, atol=0)


@ALL
@settings(max_examples=6)
@given(
    batch=st.integers(1, 40),
    samples=st.integers(1, 4),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    name=st.sampled_from(["lstm", "input-cell", "convolution"]),
)
def test_little_memory_and_other_company_change_rounding_alone(method, batch, samples, dtype, name):
    model, inputs, target, seeds = network(name).to(dtype), series(40).to(dtype), classes(40), sample_seeds(1, 40)
    parameters = {"noise_samples": samples, **({"steps": 2} if method is integrated_gradients_smoothgrad else {})}
    whole = explain(method, model, inputs, target, parameters, seeds=seeds)
    part = explain(method, model, inputs[:batch], target[:batch], parameters, seeds=seeds[:batch], memory=TIGHT)
    assert whole.dtype == dtype
    assert ulps_apart(part, whole[:batch]) <= ULPS


@ALL
def test_maps_follow_their_seeds(method):
    def once(seed):
        return explain(method, network("lstm"), series(3), classes(3), {"noise_samples": 2}, seed=seed)

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))


@ALL
def test_single_precision_gives_the_same_map_up_to_rounding(method):
    few = {"noise_samples": 3}
    double = explain(method, network("lstm"), series(3), classes(3), few)
    single = explain(method, network("lstm").float(), series(3).float(), classes(3), few)
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)


@ALL
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"noise_samples": 0}, "noise_samples must be at least 1, got 0"),
        ({"noise_samples": 1_000_001}, "noise_samples must be at most 1000000, got 1000001; take a smaller number"),
        ({"noise_level": -0.1}, "noise_level must be at least 0, got -0.1"),
        ({"noise_level": float("nan")}, "noise_level must be at least 0, got nan"),
    ],
)
def test_impossible_noise_is_refused(method, parameters, message):
    with pytest.raises(ParameterError, match=message):
        explain(method, network("lstm"), series(1), classes(1), parameters)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"against": "median"}, "against must be one of baseline, mean, sampled, got 'median'"),
        ({"against": "mean"}, "a background of series is needed to explain against 'mean', got None"),
    ],
)
def test_impossible_paths_are_refused(parameters, message):
    with pytest.raises(ParameterError, match=message):
        explain(integrated_gradients_smoothgrad, network("lstm"), series(1), classes(1), parameters)
