"""Integrated gradients against quadrature by hand, Captum, closed forms and completeness."""

import tracemalloc
from functools import partial

import captum.attr._core.integrated_gradients as captum_core
import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, series
from captum.attr import IntegratedGradients
from gradient_oracles import TIGHT, autograd_gradient, explain, one_draw
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import BudgetError, ParameterError
from saltbench.methods.attributions.checks.completeness import Explanation
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.gradients.integrated_gradients import integrated_gradients, quadrature
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes.baselines import absence
from saltbench.methods.attributions.validation.parameter_checks import AGAINST

METHODS = {spec.name: spec for spec in ENTRIES}
NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "gru"])


def slow_map(model, inputs, target, baseline, steps):
    """Gradients at the nodes on the straight path, one node at a time."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    mean = torch.zeros_like(inputs)
    for node, weight in zip(nodes, weights, strict=True):
        point = baseline + (node + 1) / 2 * (inputs - baseline)
        mean += weight / 2 * autograd_gradient(model, point, target)
    return (inputs - baseline) * mean


def test_more_nodes_than_the_memory_can_find_are_refused():
    tracemalloc.start()
    np.polynomial.legendre.leggauss(1000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak <= 16_000_000
    with pytest.raises(BudgetError, match="at least 32 MB for one sample of this model, got 31 MB; raise memory"):
        attribute(partial(integrated_gradients, steps=1000), network("lstm"), series(1), classes(1), memory=31_000_000)


@NAMES
@pytest.mark.parametrize("steps", [1, 6])
def test_map_is_the_quadrature_of_gradients(name, steps):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    expected = slow_map(model, inputs, target, baseline, steps)
    explained = explain(integrated_gradients, model, inputs, target, {"steps": steps}, baseline=baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-12, atol=1e-14)


@NAMES
@pytest.mark.parametrize("against", ["mean", "sampled"])
def test_map_is_the_mean_over_what_stands_for_absence(name, against):
    model, inputs, target, background, seeds = network(name), series(3), classes(3), series(4, seed=8), [5, 6, 7]
    draws = 1 if against == "mean" else 3
    absent = absence(against, inputs, background, seeds, draws)
    maps = [slow_map(model, inputs, target, one_draw(absent, draw, slice(3), inputs), 5) for draw in range(draws)]
    parameters = {"steps": 5, "against": against, "baseline_samples": 3}
    explained = explain(integrated_gradients, model, inputs, target, parameters, background=background, seeds=seeds)
    torch.testing.assert_close(explained, torch.stack(maps).mean(0), rtol=1e-12, atol=1e-14)


@NAMES
def test_captum_gives_the_same_map(name, monkeypatch):
    # Captum rounds the weights of the quadrature to single precision; here it gets weights that survive that,
    # and so do we
    nodes, weights = quadrature(9)
    weights = np.float32(weights).tolist()
    monkeypatch.setattr(captum_core, "approximation_parameters", lambda _: (lambda _: weights, lambda _: nodes))
    monkeypatch.setattr(
        "saltbench.methods.attributions.gradients.integrated_gradients.quadrature",
        lambda steps: (nodes[:steps], weights[:steps]),
    )
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    expected = IntegratedGradients(model).attribute(inputs, baseline, target, n_steps=9)
    explained = explain(integrated_gradients, model, inputs, target, {"steps": 9}, baseline=baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-12, atol=1e-14)


def test_nodes_and_weights_are_those_of_captum():
    weights_of, nodes_of = captum_core.approximation_parameters("gausslegendre")
    assert quadrature(50) == (pytest.approx(nodes_of(50), rel=1e-15), pytest.approx(weights_of(50), rel=1e-15))


@pytest.mark.parametrize("degree", range(8))
def test_quadrature_of_four_nodes_is_exact_up_to_degree_seven(degree):
    nodes, weights = quadrature(4)
    integral = sum(weight * node**degree for node, weight in zip(nodes, weights, strict=True))
    assert integral == pytest.approx(1 / (degree + 1), rel=1e-13)


def test_map_of_a_cube_has_a_closed_form():
    inputs = torch.tensor([[[2.0], [-1.0]]], dtype=torch.float64)
    model = Scores(lambda x: (x**3).sum(1))
    explained = explain(integrated_gradients, model, inputs, torch.tensor([0]), {"steps": 2})
    torch.testing.assert_close(explained, inputs**3, rtol=1e-14, atol=0)


@pytest.mark.parametrize("steps", [1, 50])
def test_map_of_a_linear_model_is_weight_times_difference(steps):
    weights = series(1, seed=3)
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    inputs, baseline = series(4), series(4, seed=5)
    explained = explain(
        integrated_gradients, model, inputs, torch.zeros(4, dtype=torch.int64), {"steps": steps}, baseline=baseline
    )
    torch.testing.assert_close(explained, weights * (inputs - baseline), rtol=1e-13, atol=1e-15)


@NAMES
@pytest.mark.parametrize("against", AGAINST)
def test_map_sums_to_the_change_of_the_output(name, against):
    model, inputs, target = network(name), series(6), classes(6)
    given_arguments = {"baseline": series(6, seed=5), "background": series(4, seed=8), "seeds": sample_seeds(1, 6)}
    parameters = {"steps": 50, "against": against, "baseline_samples": 3}
    explained = explain(integrated_gradients, model, inputs, target, parameters, **given_arguments)
    explanation = Explanation(METHODS["integrated-gradients"], parameters, model, inputs, target, **given_arguments)
    change = explanation.ends().change
    assert change.abs().max() > 0.1
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-5)


def test_the_default_needs_neither_background_nor_seeds():
    model, inputs, target = network("lstm"), series(2), classes(2)
    explained = explain(integrated_gradients, model, inputs, target, seeds=None)
    torch.testing.assert_close(
        explained, slow_map(model, inputs, target, torch.zeros_like(inputs), 50), rtol=1e-10, atol=1e-14
    )


@settings(max_examples=10)
@given(
    batch=st.integers(1, 40),
    steps=st.integers(1, 5),
    against=st.sampled_from(AGAINST),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    name=st.sampled_from(["lstm", "input-cell", "convolution"]),
)
def test_little_memory_and_other_company_change_rounding_alone(batch, steps, against, dtype, name):
    model, inputs, target, seeds = network(name).to(dtype), series(40).to(dtype), classes(40), sample_seeds(1, 40)
    parameters = {"steps": steps, "against": against, "baseline_samples": 2}
    options = {"parameters": parameters, "background": series(5, seed=9)}
    whole = explain(integrated_gradients, model, inputs, target, seeds=seeds, **options)
    part = explain(
        integrated_gradients, model, inputs[:batch], target[:batch], seeds=seeds[:batch], memory=TIGHT, **options
    )
    assert whole.dtype == dtype
    assert ulps_apart(part, whole[:batch]) <= ULPS


def test_only_sampled_baselines_follow_the_seeds():
    def once(against, seed):
        parameters = {"steps": 2, "against": against, "baseline_samples": 2}
        background = series(9, seed=9)
        return explain(
            integrated_gradients, network("lstm"), series(3), classes(3), parameters, background=background, seed=seed
        )

    assert torch.equal(once("mean", 1), once("mean", 2))
    assert torch.equal(once("sampled", 1), once("sampled", 1))
    assert not torch.equal(once("sampled", 1), once("sampled", 2))


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"steps": 0}, "steps must be at least 1, got 0"),
        ({"steps": 10**400}, "steps must be at most 1000000, got 10{400}; take a smaller number"),
        ({"baseline_samples": 0}, "baseline_samples must be at least 1, got 0"),
        ({"against": "median"}, "against must be one of baseline, mean, sampled, got 'median'"),
        ({"against": "mean"}, "a background of series is needed to explain against 'mean', got None"),
        ({"against": "sampled"}, "a background of series is needed to explain against 'sampled', got None"),
    ],
)
def test_impossible_parameters_are_refused(parameters, message):
    with pytest.raises(ParameterError, match=message):
        explain(integrated_gradients, network("lstm"), series(1), classes(1), parameters)
