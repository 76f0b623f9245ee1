"""Networks of several inputs: each is explained or held, and returned in kind."""

import itertools
import math

import pytest
import torch
from explained_alone import (
    BACKGROUND,
    CLASSES,
    FIXED,
    METHODS,
    SAMPLES,
    SERIES,
    STATIC,
    Closed,
    Patient,
    explained,
    score,
)
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import UnsupportedOperationError

ALONG_TIME = {"dynamask", "extremal-mask", "fit", "attention"} | {name for name in METHODS if name.startswith("tsr-")}


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention"}))
def test_held_inputs_travel_with_their_sample(method):
    model = Patient()
    maps = explained(method, model, hold=("static",))
    assert [part.shape for part in maps] == [SERIES.shape, FIXED.shape]
    assert maps[0].any() or method == "fit"
    assert not maps[1].any()
    rows = [row for _, static in model.seen for row in static]
    assert all(any(torch.equal(row, own) for own in FIXED) for row in rows)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention"}))
def test_the_map_beside_a_held_input_is_that_of_the_sample_alone(method):
    found, _ = explained(method, Patient(), hold=("static",))
    options = {"background": BACKGROUND[0], "seed": 5, **FEWER.get(method, {})}
    alone = saltbench.explain(Closed(FIXED[:1]), SERIES[:1], CLASSES[:1], method=method, **options)
    torch.testing.assert_close(found[:1], alone, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - ALONG_TIME))
def test_every_method_of_cells_explains_static_features(method):
    model = Patient()
    maps = explained(method, model)
    assert [part.shape for part in maps] == [SERIES.shape, FIXED.shape]
    assert all(part.any() for part in maps)


@pytest.mark.parametrize("method", sorted(ALONG_TIME))
def test_methods_along_time_explain_no_static_features(method):
    message = rf"{method} works along time and has no map of static features, got static to explain; hold them, hold="
    with pytest.raises(UnsupportedOperationError, match=message):
        explained(method, Patient())


def test_gradients_are_autograds():
    series, static = SERIES.clone().requires_grad_(), FIXED.clone().requires_grad_()
    expected = torch.autograd.grad(Patient()(series, static).gather(1, CLASSES[:, None]).sum(), (series, static))
    for found, gradient in zip(explained("saliency", Patient()), expected, strict=True):
        torch.testing.assert_close(found, gradient.abs())
    for found, gradient, values in zip(
        explained("input-x-gradient", Patient()), expected, (SERIES, FIXED), strict=True
    ):
        torch.testing.assert_close(found, gradient * values)


COMPLETE = ["integrated-gradients", "deeplift", "shapley-sampling", "kernel-shap"]


@pytest.mark.parametrize("method", COMPLETE)
def test_complete_maps_of_all_inputs_sum_to_their_change(method):
    steps = {"steps": 80} if method == "integrated-gradients" else {}
    maps = explained(method, Patient(), **steps)
    change = score(SERIES, FIXED) - score(0 * SERIES, 0 * FIXED)
    torch.testing.assert_close(maps[0].sum((1, 2)) + maps[1].sum(1), change, rtol=1e-6, atol=1e-8)
    (held, _) = explained(method, Patient(), hold=("static",), **steps)
    change = score(SERIES, FIXED) - score(0 * SERIES, FIXED)
    torch.testing.assert_close(held.sum((1, 2)), change, rtol=1e-6, atol=1e-8)
    (_, held) = explained(method, Patient(), hold=("series",), **steps)
    change = score(SERIES, FIXED) - score(SERIES, 0 * FIXED)
    torch.testing.assert_close(held.sum(1), change, rtol=1e-6, atol=1e-8)


def mixture(present, baseline=0.0):
    """S_c with the two halves of the series and the two static features present or absent."""
    series, static = SERIES.clone(), FIXED.clone()
    for place, columns in zip(present[:2], (slice(0, 2), slice(2, 4)), strict=True):
        series[..., columns] = series[..., columns] if place else baseline
    for place, column in zip(present[2:], range(STATIC), strict=True):
        static[:, column] = static[:, column] if place else baseline
    return score(series, static)


def test_shapley_values_are_those_of_the_parts():
    values = torch.zeros(SAMPLES, 4, dtype=torch.float64)
    for player in range(4):
        others = [number for number in range(4) if number != player]
        for size in range(4):
            weight = 1 / (4 * math.comb(3, size))
            for chosen in itertools.combinations(others, size):
                before = [number in chosen for number in range(4)]
                after = [number in chosen or number == player for number in range(4)]
                values[:, player] += weight * (mixture(after) - mixture(before))
    series, static = explained("kernel-shap", Patient(), time_segments=1, feature_segments=2, coalitions=16)
    torch.testing.assert_close(series[..., :2].sum((1, 2)), values[:, 0], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(series[..., 2:].sum((1, 2)), values[:, 1], rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(static, values[:, 2:], rtol=1e-6, atol=1e-9)


REMOVED = [0.5, -0.5]


@pytest.mark.parametrize(
    ("method", "options"), [("feature-ablation", {}), ("occlusion", {"time_window": 3, "feature_window": 1})]
)
def test_removing_a_static_feature_is_its_baseline_for_all_steps(method, options):
    _, found = explained(method, Patient(), baseline=(None, REMOVED), **options)
    for column, value in enumerate(REMOVED):
        static = FIXED.clone()
        static[:, column] = value
        torch.testing.assert_close(found[:, column], score(SERIES, FIXED) - score(SERIES, static), rtol=1e-6, atol=1e-9)


def test_lime_has_the_weights_of_what_is_linear():
    options = {"baseline": (None, REMOVED), "penalty": 1e-9, "perturbations": 300}
    _, found = explained("lime", Linear(), **options)
    torch.testing.assert_close(found, (FIXED - torch.tensor(REMOVED)) * Linear.weights, rtol=1e-5, atol=1e-6)


class Linear(nn.Module):
    """Two equal scores, linear in series and static features."""

    weights = torch.tensor([2.0, -3.0], dtype=torch.float64)

    def forward(self, series, static):
        return (series.sum((1, 2)) + static @ self.weights)[:, None].repeat(1, 2)
