"""Expected gradients against a loop, Captum with the same draws and with its own, and exact cases."""

import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, output_change, series
from captum.attr import GradientShap
from gradient_oracles import TIGHT, autograd_gradient, explain, noisy_draw, one_draw
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import ParameterError, ShapeError
from saltbench.methods.attributions.explain import sample_seeds
from saltbench.methods.attributions.gradients.gradient_shap import gradient_shap
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes.baselines import absence
from saltbench.methods.attributions.passes.streams import Stream, rewind

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "gru"])
SEEDS, DRAWS = [3, 4], 5
BACKGROUND = series(4, seed=9)


def places():
    """α of each sample and draw."""
    generator = torch.Generator()
    return [torch.rand(DRAWS, generator=rewind(generator, seed, Stream.PATH), dtype=torch.float64) for seed in SEEDS]


@NAMES
@pytest.mark.parametrize("level", [0.0, 0.2])
def test_map_is_the_mean_over_the_same_draws(name, level):
    model, target, alphas = network(name), classes(2), places()
    absent = absence("sampled", series(2), BACKGROUND, SEEDS, DRAWS)
    maps = [torch.zeros(6, 4, dtype=torch.float64) for _ in SEEDS]
    for draw in range(DRAWS):
        starts, ends = one_draw(absent, draw, slice(2), series(2)), noisy_draw(series(2), level, SEEDS, draw)
        for sample, (start, end) in enumerate(zip(starts, ends, strict=True)):
            point = start + alphas[sample][draw] * (end - start)
            gradient = autograd_gradient(model, point[None], target[sample : sample + 1])[0]
            maps[sample] += (end - start) * gradient / DRAWS
    parameters = {"path_samples": DRAWS, "noise_level": level}
    explained = explain(gradient_shap, model, series(2), target, parameters, background=BACKGROUND, seeds=SEEDS)
    torch.testing.assert_close(explained, torch.stack(maps), rtol=1e-11, atol=1e-14)


@NAMES
def test_captum_gives_the_same_map_of_the_same_draws(name, monkeypatch):
    indexed = torch.arange(4.0)[:, None, None].expand(4, 6, 4)
    absent = absence("sampled", series(2), indexed, SEEDS, DRAWS)
    chosen = (
        torch.stack([one_draw(absent, draw, slice(2), indexed)[:, 0, 0] for draw in range(DRAWS)], 1).flatten().long()
    )
    # Captum lays out each sample's draws side by side
    monkeypatch.setattr(np.random, "choice", lambda count, size: chosen.numpy())
    monkeypatch.setattr(np.random, "uniform", lambda low, high, size: torch.cat(places()).numpy())
    model, target = network(name), classes(2)
    expected = GradientShap(model).attribute(series(2), BACKGROUND, DRAWS, target=target).detach()
    parameters = {"path_samples": DRAWS}
    explained = explain(gradient_shap, model, series(2), target, parameters, background=BACKGROUND, seeds=SEEDS)
    torch.testing.assert_close(explained, expected, rtol=1e-11, atol=1e-14)


def test_captum_agrees_in_distribution(monkeypatch):
    # Captum draws from numpy's global generator
    rng = np.random.default_rng(0)
    monkeypatch.setattr(np.random, "choice", rng.choice)
    monkeypatch.setattr(np.random, "uniform", rng.uniform)
    model, inputs, target, copies = network("lstm"), series(1), classes(1), 100
    many = inputs.expand(copies, -1, -1), target.expand(copies)
    ours = explain(gradient_shap, model, *many, {"path_samples": 20}, background=BACKGROUND)
    theirs = GradientShap(model).attribute(many[0], BACKGROUND, 20, target=many[1]).detach()
    error = ((ours.var(0) + theirs.var(0)) / copies).sqrt()
    assert ((ours.mean(0) - theirs.mean(0)).abs() < 5 * error).all()
    # Each spread is known to 7 % from 100 maps
    assert (ours.std(0) / theirs.std(0)).log().abs().max() < 0.5


def test_map_of_a_linear_model_and_one_series_is_exact():
    weights, inputs, background = series(1, seed=3), series(4), series(1, seed=5)
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    target = torch.zeros(4, dtype=torch.int64)
    explained = explain(gradient_shap, model, inputs, target, {"path_samples": 3}, background=background)
    torch.testing.assert_close(explained, weights * (inputs - background), rtol=1e-13, atol=1e-15)


def test_places_on_the_path_are_uniform():
    # From 0 to 1 the gradient of x³ is 3α², of mean 1 and standard deviation 0.894
    model = Scores(lambda x: (x**3).sum(1))
    inputs, target = torch.ones(50, 1, 1, dtype=torch.float64), torch.zeros(50, dtype=torch.int64)
    background = torch.zeros(1, 1, 1, dtype=torch.float64)
    explained = explain(gradient_shap, model, inputs, target, {"path_samples": 100}, background=background)
    assert explained.mean().item() == pytest.approx(1, abs=5 * 0.894 / 5000**0.5)
    assert explained.std().item() == pytest.approx(0.0894, rel=0.4)


def test_many_draws_sum_to_the_change_of_the_output():
    model, inputs, target = network("lstm"), series(2), classes(2)
    parameters = {"path_samples": 4000}
    explained = explain(gradient_shap, model, inputs, target, parameters, background=BACKGROUND)
    changes = [output_change(model, inputs, row.expand_as(inputs), target) for row in BACKGROUND]
    torch.testing.assert_close(explained.sum((1, 2)), torch.stack(changes).mean(0), rtol=0, atol=0.1)


@settings(max_examples=10)
@given(
    batch=st.integers(1, 40),
    draws=st.integers(1, 4),
    level=st.sampled_from([0.0, 0.1]),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    name=st.sampled_from(["lstm", "input-cell", "convolution"]),
)
def test_little_memory_and_other_company_change_rounding_alone(batch, draws, level, dtype, name):
    model, inputs, target, seeds = network(name).to(dtype), series(40).to(dtype), classes(40), sample_seeds(1, 40)
    options = {"parameters": {"path_samples": draws, "noise_level": level}, "background": BACKGROUND}
    whole = explain(gradient_shap, model, inputs, target, seeds=seeds, **options)
    part = explain(gradient_shap, model, inputs[:batch], target[:batch], seeds=seeds[:batch], memory=TIGHT, **options)
    assert whole.dtype == dtype
    assert ulps_apart(part, whole[:batch]) <= ULPS


def test_maps_follow_their_seeds():
    def once(seed):
        parameters = {"path_samples": 2}
        return explain(
            gradient_shap, network("lstm"), series(3), classes(3), parameters, background=BACKGROUND, seed=seed
        )

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))


@pytest.mark.parametrize(
    ("parameters", "background", "error", "message"),
    [
        ({"path_samples": 0}, BACKGROUND, ParameterError, "path_samples must be at least 1, got 0"),
        ({"noise_level": -1.0}, BACKGROUND, ParameterError, "noise_level must be at least 0, got -1.0"),
        ({}, None, ParameterError, "needs background, got None; pass background="),
        ({}, series(3)[:, 1:], ShapeError, r"series of the inputs' size \(any, 6, 4\), got \(3, 5, 4\)"),
    ],
)
def test_what_cannot_be_expected_is_refused(parameters, background, error, message):
    with pytest.raises(error, match=message):
        explain(gradient_shap, network("lstm"), series(1), classes(1), parameters, background=background)
