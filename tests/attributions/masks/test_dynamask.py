"""Dynamask against the paper's loops, and on networks whose mask is known beforehand."""

import math
from functools import partial

import pytest
import torch
from attribution_models import FEATURES, TIME, Scores, classes, network, series
from slow_dynamask import slow_dynamask

from saltbench.errors import ParameterError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.masks import mask_descent
from saltbench.methods.attributions.masks.dynamask import dynamask, dynamask_cost
from saltbench.methods.attributions.masks.entries import MASKS
from saltbench.methods.attributions.masks.mask_regularisers import jump_slopes
from saltbench.methods.attributions.numerics.rounding import ULPS, ulps_apart
from saltbench.methods.attributions.validation.parameter_checks import PERTURBATIONS

NETWORKS = pytest.mark.parametrize("name", ["lstm", "lstm-self-attention", "gru", "input-cell", "convolution"])
ZERO = torch.tensor([0])


def masked(model, inputs, target, *, baseline=None, memory=None, **options):
    return attribute(partial(dynamask, **options), model, inputs, target, baseline=baseline, memory=memory)


@NETWORKS
@pytest.mark.parametrize(
    ("perturbation", "window", "deletion"),
    [
        ("fade-to-moving-average", 0, False),
        ("fade-to-moving-average", 2, True),
        ("gaussian-blur", 0, False),
        ("fade-to-baseline", 0, True),
    ],
)
def test_dynamask_is_the_algorithm_of_the_paper(name, perturbation, window, deletion):
    model, inputs, target, baseline = network(name), series(2), classes(2), series(2, seed=8)
    options = {"perturbation": perturbation, "epochs": 6, "window": window, "deletion": deletion}
    options |= {"size_weight": 0.02, "size_growth": 5.0, "time_weight": 0.01, "learning_rate": 0.3}
    fitted = masked(model, inputs, target, baseline=baseline, area=0.3, **options)
    samples = zip(inputs, target, baseline, strict=True)
    expected = torch.stack([slow_dynamask(model, *sample, kept=8, **options) for sample in samples])  # 8 ≥ .3 · 24 > 7
    assert len(expected.unique()) > 20
    torch.testing.assert_close(fitted, expected, rtol=0, atol=1e-12)


def test_one_epoch_has_a_closed_form():
    # S = 3 x_1: at m = ½ the change is 3 (½ x + ½ μ - x) = -3/2 (x - μ), its slope by m is 3 (x - μ); r = ½ for all
    inputs = torch.tensor([[[1.0], [0.9]]], dtype=torch.float64)
    model = Scores(lambda x: 3 * x[:, 0])
    fitted = masked(model, inputs, ZERO, area=0.5, epochs=1, size_weight=7.0)
    distance = 1.0 - 0.95
    assert fitted.flatten().tolist() == pytest.approx([0.5 + 2 * 1.5 * 3 * distance**2, 0.5], rel=1e-12)


@pytest.mark.parametrize("perturbation", PERTURBATIONS)
@pytest.mark.parametrize(("entry", "deletion"), [((0, 0), True), ((2, 3), False), ((5, 1), False)])
def test_a_network_that_looks_at_one_entry_gets_that_entry(perturbation, deletion, entry):
    t, i = entry
    model = Scores(lambda x: torch.stack([x[:, t, i], -x[:, t, i]], 1))
    inputs = series(3) / 10
    inputs[:, t, i] = 3.0  # far from what it is blurred with, whatever the width
    options = {"perturbation": perturbation, "deletion": deletion, "epochs": 300}
    fitted = masked(model, inputs, classes(3) % 2, area=1 / (TIME * FEATURES), **options)
    expected = torch.zeros_like(fitted)
    expected[:, t, i] = 1
    torch.testing.assert_close(fitted, expected, rtol=0, atol=0.05)
    assert (fitted.flatten(1).argmax(1) == t * FEATURES + i).all()


def test_a_network_that_looks_at_nothing_shares_the_area_evenly():
    model = Scores(lambda x: 0 * x.sum(2)[:, :2])
    fitted = masked(model, series(2), classes(2) % 2, area=0.25, epochs=400)
    torch.testing.assert_close(fitted, torch.full_like(fitted, 0.25), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("area", "value"), [(1.0, 1.0), (0.0, 0.0)])
def test_the_whole_area_keeps_all_and_none_keeps_nothing(area, value):
    weights = {"size_weight": 1e4, "size_growth": 1.0, "learning_rate": 1e-5}  # outweigh the error
    fitted = masked(network("lstm"), series(2), classes(2), area=area, epochs=200, **weights)
    torch.testing.assert_close(fitted, torch.full_like(fitted, value), rtol=0, atol=1e-3)


def test_without_regularisers_the_error_alone_moves_the_mask():
    model, inputs, target = network("lstm"), series(3), classes(3)
    fitted = masked(model, inputs, target, epochs=50, size_weight=0.0, learning_rate=0.1)
    kept = fitted * inputs + (1 - fitted) * inputs.mean(1, keepdim=True)
    half = (inputs + inputs.mean(1, keepdim=True)) / 2
    explained = [model(points).gather(1, target[:, None]) for points in (inputs, kept, half)]
    assert ((explained[1] - explained[0]).abs() < 0.2 * (explained[2] - explained[0]).abs()).all()


def test_time_regulariser_levels_the_mask():
    options = {"area": 0.3, "epochs": 200}
    jumps = [
        masked(network("lstm"), series(3), classes(3), time_weight=weight, **options).diff(dim=1).abs().mean()
        for weight in (0.0, 0.05)
    ]
    assert jumps[1] < 0.5 * jumps[0]


def test_of_several_masks_each_sample_gets_the_one_of_smallest_error():
    model, inputs, target = network("lstm"), series(4), classes(4)
    single = [masked(model, inputs, target, area=area, epochs=40) for area in (0.2, 0.4, 0.6)]
    average = inputs.mean(1, keepdim=True)
    original = model(inputs).gather(1, target[:, None])
    errors = [(model(m * inputs + (1 - m) * average).gather(1, target[:, None]) - original) ** 2 for m in single]
    best = torch.cat(errors, 1).argmin(1)
    assert len(best.unique()) > 1
    fitted = masked(model, inputs, target, area=0.6, masks=3, epochs=40)
    torch.testing.assert_close(fitted, torch.stack([single[k][s] for s, k in enumerate(best)]), rtol=0, atol=1e-12)


def test_a_series_of_one_step_has_no_jumps():
    assert jump_slopes(torch.rand(2, 1, 3)).abs().sum() == 0
    assert masked(Scores(lambda x: x.sum(1)), series(2)[:, :1], ZERO.expand(2), epochs=3, time_weight=1.0).shape == (
        2,
        1,
        4,
    )


@pytest.mark.parametrize("name", ["lstm", "input-cell", "convolution"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("perturbation", PERTURBATIONS)
def test_little_memory_and_other_company_change_rounding_alone(name, dtype, perturbation):
    model, inputs, target = network(name).to(dtype), series(40).to(dtype), classes(40)
    options = {"epochs": 4, "area": 0.3, "masks": 2, "perturbation": perturbation}
    whole = masked(model, inputs, target, **options)
    assert torch.equal(whole, masked(model, inputs, target, **options))
    assert ulps_apart(masked(model, inputs, target, memory=1_000_000, **options), whole) <= ULPS
    assert ulps_apart(masked(model, inputs[3:5], target[3:5], **options), whole[3:5]) <= ULPS


def test_how_many_masks_a_step_moves_at_once_changes_rounding_alone(monkeypatch):
    options = {"epochs": 30, "area": 0.3, "time_weight": 0.01}
    whole = masked(network("lstm"), series(40), classes(40), **options)
    monkeypatch.setattr(mask_descent, "_BLOCK", 3 * series(1).numel() * 8)
    assert ulps_apart(masked(network("lstm"), series(40), classes(40), **options), whole) <= ULPS


def test_the_random_state_stays():
    before = torch.get_rng_state()
    masked(network("lstm"), series(2), classes(2), epochs=2)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("masks", [1, 3])
def test_passes_are_as_many_as_the_entry_says(masks):
    rows = []
    model = Scores(lambda x: rows.append(x.requires_grad) or x.sum(1))
    cost = dynamask_cost(TIME, FEATURES, epochs=5, masks=masks)
    batch = 16
    masked(model, series(batch), ZERO.expand(batch), epochs=5, masks=masks)
    probes = sum(1 for _ in ("check", "original", "gradient")) + (masks > 1)
    assert len(rows) == cost.forward + probes
    assert sum(rows) == cost.backward + 1


def test_the_entry_states_the_defaults_and_runs():
    spec = next(spec for spec in MASKS if spec.name == "dynamask")
    assert dict(spec.parameters) == spec.load().__kwdefaults__
    assert spec.cost_of(6, 4, spec.parameters) == (1001, 1000)
    fitted = attribute(bind(spec, {"epochs": 3}), network("lstm"), series(2), classes(2))
    assert fitted.shape == (2, TIME, FEATURES)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"perturbation": "noise"}, "perturbation must be fade-to-moving-average, gaussian-blur, .* got 'noise'"),
        ({"area": 1.5}, "area must be a share of the entries in 0 … 1, got 1.5"),
        ({"area": math.nan}, "area must be a share of the entries in 0 … 1, got nan"),
        ({"masks": 0}, "masks must be at least 1, got 0"),
        ({"masks": 1_000_001}, "masks must be at most 1000000, got 1000001; take a smaller number"),
        ({"epochs": 1_000_001}, "epochs must be at most 1000000, got 1000001; take a smaller number"),
        ({"epochs": 0}, "epochs must be at least 1, got 0"),
        ({"size_weight": -1.0}, "size_weight must be at least 0, got -1.0"),
        ({"size_growth": 0.0}, "size_growth must be above 0, got 0.0"),
        ({"time_weight": math.inf}, "time_weight must be at least 0, got inf"),
        ({"learning_rate": 0.0}, "learning_rate must be above 0, got 0.0"),
        ({"momentum": 1.0}, "momentum must be at least 0 and below 1, got 1.0"),
        ({"window": -1}, "window must be at least 0 time steps, got -1"),
        ({"blur_width": 0.0}, "blur_width must be above 0, got 0.0"),
    ],
)
def test_impossible_parameters_are_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        masked(network("lstm"), series(1), classes(1), **options)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_finds_nearly_the_same_mask(dtype):
    model, inputs, target = network("lstm"), series(3), classes(3)
    exact = masked(model, inputs, target, epochs=5)
    rough = masked(model.to(dtype), inputs.to(dtype), target, epochs=5)
    assert rough.dtype == dtype
    assert (rough.double() - exact).abs().mean() < 0.02 < (exact - exact.mean()).abs().mean()


def test_a_network_without_gradients_is_refused():
    with pytest.raises(ParameterError, match="must depend on its input through operations with gradients"):
        masked(Scores(lambda x: (x > 0).sum(1).to(x)), series(1), ZERO, epochs=1)
