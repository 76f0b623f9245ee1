"""Robustness: against captum's numbers and slow definitions, and what maps do that see nothing."""

import numpy as np
import pytest
import torch
from golden_values import INPUTS, MAPS, VALUES, WEIGHTS, maps_of
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltbench import Maps, evaluate, load_registries
from saltbench.benchmark.metrics.complexity import concentration
from saltbench.benchmark.metrics.robustness import neighbours, sanity
from saltbench.errors import ParameterError

METRICS = {metric.name: metric for metric in load_registries().metrics if {"robustness", "complexity"} & {*metric.tags}}
HOW = {"class defaults": False, "normalise=False, abs=True": False, "normalise=False, abs=False": True}


class GradientTimesInput:
    """The explanation that captum was given: gradient × input of logit 1, of z + .05 z²."""

    inputs, target, labels, seeds = INPUTS, np.ones(4, int), np.ones(4, int), range(4)

    def __call__(self, inputs, target=None):
        z = (WEIGHTS[1] * inputs).sum(axis=(1, 2), keepdims=True) + 0.1
        return WEIGHTS[1] * (1 + 0.1 * z) * inputs


@pytest.mark.parametrize("count", [1, 3])
def test_sensitivity_is_that_of_captum(count):
    row, t, f = np.ogrid[: 4 * count, :8, :5]
    changes = (0.1 * np.cos(row + 2 * t + 3 * f)).reshape(4, count, 8, 5).swapaxes(0, 1)
    explainer = GradientTimesInput()
    maps = Maps(explainer(INPUTS), np.ones_like(INPUTS))
    found = neighbours.max_sensitivity(maps, explainer, (INPUTS + change for change in changes))
    name = f"sensitivity_max(n_perturb_samples={count}, repeated row j gets + .1cos(j+2t+3f), norm fro)"
    np.testing.assert_allclose(found, VALUES[f"changes/captum-0.9.0/{name}"]["x"], atol=1e-10)


def test_a_map_of_the_inputs_is_as_steep_as_it_is_scaled():
    class Scaled(GradientTimesInput):
        def __call__(self, inputs, target=None):
            return 3 * inputs

    maps = Maps(3 * INPUTS, np.ones_like(INPUTS))
    np.testing.assert_allclose(METRICS["lipschitz"].load()(maps, explainer=Scaled()), 3, rtol=1e-9)
    flat = METRICS["max_sensitivity:captum"].load()(maps, explainer=Scaled(), neighbours=3, radius=0.1)
    assert (flat > 0).all()
    assert (flat < 0.1 * np.sqrt(40) / np.linalg.norm(INPUTS.reshape(4, -1), axis=1)).all()


def test_zeros_have_no_relative_change():
    class Nothing(GradientTimesInput):
        def __call__(self, inputs, target=None):
            return 0 * inputs

    maps = Maps(np.zeros_like(INPUTS), np.ones_like(INPUTS))
    assert np.isnan(METRICS["max_sensitivity:captum"].load()(maps, explainer=Nothing())).all()
    assert np.isnan(sanity.similarity(maps.attributions, INPUTS)).all()


def test_similarity_is_spearmans_of_magnitudes():
    from scipy.stats import spearmanr

    one, other = MAPS["signed"], MAPS["informative"]
    expected = [spearmanr(abs(a).ravel(), abs(b).ravel()).statistic for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(sanity.similarity(one, other), expected, atol=1e-12)
    np.testing.assert_allclose(sanity.similarity(one, -one), 1)


def test_entropy_of_histograms():
    two = np.repeat([0.0, 1.0], 8).reshape(1, 4, 4)
    assert sanity.histogram_entropy(two) == pytest.approx(np.log(2))
    assert sanity.histogram_entropy(np.ones((1, 4, 4))).tolist() == [0]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(
    ("name", "function", "parameters"),
    [
        ("sparseness", "Sparseness", {}),
        ("complexity", "Complexity", {}),
        ("effective_complexity", "EffectiveComplexity(eps=1e-5)", {"threshold": 1e-5}),
        ("effective_complexity", "EffectiveComplexity(eps=.2)", {"threshold": 0.2}),
    ],
)
def test_complexity_is_that_of_quantus(how, name, function, parameters):
    if name == "effective_complexity" and how == "class defaults":
        pytest.skip("by default Quantus scales maps first, and counts others")
    tolerance = {"sparseness": 1e-6, "complexity": 1e-7, "effective_complexity": 0}[name]  # it adds 1e-7 to |a|
    for map_, expected in VALUES[f"changes/quantus-0.6.0/{function} [{how}]"].items():
        if isinstance(expected, str) or (HOW[how] and map_ == "signed"):
            continue  # it refuses constant maps, and is undefined for maps whose signs it keeps
        found = METRICS[name].load()(maps_of(map_), **parameters)
        np.testing.assert_allclose(found, expected, atol=tolerance)


def slow_gini(magnitude):
    n = len(magnitude)
    return sum(abs(a - b) for a in magnitude for b in magnitude) / (2 * n * sum(magnitude))


@settings(deadline=None, max_examples=50, derandomize=True)
@given(values=arrays(np.float64, (1, 3, 4), elements=st.integers(-9, 9).map(float)))
def test_concentration_against_slow_definitions(values):
    maps, magnitude = Maps(values, np.ones_like(values)), abs(values).ravel().tolist()
    gini, entropy = concentration.sparseness(maps), concentration.complexity(maps)
    if not any(magnitude):
        assert np.isnan([gini, entropy]).all()
        return
    assert gini == pytest.approx(slow_gini(magnitude), abs=1e-12)
    shares = [value / sum(magnitude) for value in magnitude if value]
    assert entropy == pytest.approx(-sum(share * np.log(share) for share in shares), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("max_sensitivity:captum", {"neighbours": 0}),
        ("lipschitz", {"radius": 0.0}),
        ("smooth_mprt", {"draws": 0}),
        ("smooth_mprt", {"radius": -1.0}),
        ("effective_complexity", {"threshold": -0.1}),
    ],
)
def test_impossible_settings_are_refused_before_anything_runs(name, wrong):
    with pytest.raises(ParameterError, match=rf"^{name}: .*got "):
        METRICS[name].configure(wrong)


class Sums(torch.nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.hidden, self.out = torch.nn.Linear(3, 8), torch.nn.Linear(8, 2)

    def forward(self, inputs):
        return self.out(torch.tanh(self.hidden(inputs)).mean(dim=1))


BOX = {"layouts": [[[0, 4, 0, 2]]], "time": 4, "features": 3, "train": 40, "validation": 10, "test": 12}


def test_maps_of_networks_with_random_layers_and_of_other_classes():
    names = [name for name in METRICS if "robustness" in METRICS[name].tags]
    few = {"neighbours": 2}
    parameters = {"box/latter": BOX, **{name: few for name in names if "neighbours" in METRICS[name].parameters}}
    parameters["smooth_mprt"] = {"draws": 2}
    network = Sums()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    table = evaluate(
        network,
        "box/latter",
        ["saliency", "input-x-gradient", "integrated-gradients"],
        metrics=names,
        samples=6,
        parameters=parameters,
    ).set_index("method")
    assert set(table.status) == {"ok"}, table.reason.tolist()
    # the gradients of two classes are each other's opposite up to the class bias of a linear head
    assert (table.loc[["saliency", "input-x-gradient"], names].notna()).all(axis=None)
    assert (table.loc[["saliency"], "mprt"] < 0.999).all()
    assert table.loc[["oracle", "ones"], names].isna().all(axis=None)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_map_that_looks_at_no_parameter_survives_every_randomisation():
    from saltbench import MethodSpec

    blind = MethodSpec(
        name="blind", version=1, description="d", reference="r", factory=lambda inputs: inputs.abs(), is_reference=False
    )
    names = ["mprt", "smooth_mprt", "efficient_mprt"]
    table = evaluate(Sums(), "box/latter", [blind], metrics=names, samples=6, parameters={"box/latter": BOX})
    row = table.set_index("method").loc["blind"]
    assert row.mprt == pytest.approx(1)
    assert row.smooth_mprt == pytest.approx(1)
    assert row.efficient_mprt == pytest.approx(0)
