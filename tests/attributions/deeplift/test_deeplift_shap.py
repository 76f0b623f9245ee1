"""DeepLIFT averaged over a background: its single maps, completeness, and where it is DeepLIFT itself."""

import pytest
import torch
from attribution_models import NETWORKS, Scores, classes, network, series
from gradient_oracles import TIGHT, explain, one_draw
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import ParameterError
from saltbench.methods.attributions.checks.completeness import Explanation
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.deeplift.deeplift_shap import deeplift_shap
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import sample_seeds
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.passes.baselines import absence

METHODS = {spec.name: spec for spec in ENTRIES}
NAMES = pytest.mark.parametrize("name", NETWORKS)
BACKGROUND = series(4, seed=9)


@NAMES
def test_map_is_the_mean_of_those_against_the_drawn_series(name):
    model, inputs, target, seeds = network(name), series(3), classes(3), [5, 6, 7]
    absent = absence("sampled", inputs, BACKGROUND, seeds, 4)
    maps = [
        explain(deeplift, model, inputs, target, baseline=one_draw(absent, draw, slice(3), inputs)) for draw in range(4)
    ]
    parameters = {"baseline_samples": 4}
    explained = explain(deeplift_shap, model, inputs, target, parameters, background=BACKGROUND, seeds=seeds)
    torch.testing.assert_close(explained, torch.stack(maps).mean(0), rtol=1e-10, atol=1e-13)


@NAMES
def test_against_one_series_it_is_deeplift(name):
    model, inputs, target = network(name), series(3), classes(3)
    single = BACKGROUND[:1]
    explained = explain(deeplift_shap, model, inputs, target, {"baseline_samples": 3}, background=single)
    expected = explain(deeplift, model, inputs, target, baseline=single.expand_as(inputs))
    torch.testing.assert_close(explained, expected, rtol=1e-10, atol=1e-13)


@NAMES
def test_map_sums_to_the_output_less_its_mean_over_the_drawn_series(name):
    model, inputs, target, seeds = network(name), series(5), classes(5), sample_seeds(1, 5)
    parameters = {"baseline_samples": 3}
    explained = explain(deeplift_shap, model, inputs, target, parameters, background=BACKGROUND, seeds=seeds)
    explanation = Explanation(
        METHODS["deeplift-shap"], parameters, model, inputs, target, background=BACKGROUND, seeds=seeds
    )
    change = explanation.ends().change
    assert change.abs().max() > 0.1
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=0, atol=1e-12)


def test_map_of_a_linear_model_is_the_mean_difference_times_the_weights():
    weights, inputs = series(1, seed=3), series(2)
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    seeds = [3, 4]
    absent = absence("sampled", inputs, BACKGROUND, seeds, 6)
    mean = torch.stack([one_draw(absent, draw, slice(2), inputs) for draw in range(6)]).mean(0)
    explained = explain(
        deeplift_shap,
        model,
        inputs,
        torch.tensor([0, 0]),
        {"baseline_samples": 6},
        background=BACKGROUND,
        seeds=seeds,
    )
    torch.testing.assert_close(explained, weights * (inputs - mean), rtol=1e-12, atol=1e-14)


@settings(max_examples=10)
@given(
    batch=st.integers(1, 40),
    draws=st.integers(1, 3),
    dtype=st.sampled_from([torch.float32, torch.float64]),
    name=st.sampled_from(["lstm", "input-cell", "convolution"]),
)
def test_little_memory_and_other_company_change_rounding_alone(batch, draws, dtype, name):
    model, inputs, target, seeds = network(name).to(dtype), series(40).to(dtype), classes(40), sample_seeds(1, 40)
    options = {"parameters": {"baseline_samples": draws}, "background": BACKGROUND}
    whole = explain(deeplift_shap, model, inputs, target, seeds=seeds, **options)
    part = explain(deeplift_shap, model, inputs[:batch], target[:batch], seeds=seeds[:batch], memory=TIGHT, **options)
    assert whole.dtype == dtype
    assert ulps_apart(part, whole[:batch]) <= ULPS


def test_maps_follow_their_seeds():
    def once(seed):
        parameters = {"baseline_samples": 2}
        return explain(
            deeplift_shap, network("lstm"), series(3), classes(3), parameters, background=BACKGROUND, seed=seed
        )

    assert torch.equal(once(1), once(1))
    assert not torch.equal(once(1), once(2))


@pytest.mark.parametrize(
    ("parameters", "background", "message"),
    [
        ({"baseline_samples": 0}, BACKGROUND, "baseline_samples must be at least 1, got 0"),
        ({}, None, "needs background, got None; pass background="),
    ],
)
def test_what_cannot_be_expected_is_refused(parameters, background, message):
    with pytest.raises(ParameterError, match=message):
        explain(deeplift_shap, network("lstm"), series(1), classes(1), parameters, background=background)
