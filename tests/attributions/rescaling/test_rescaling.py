"""Temporal saliency rescaling against algorithm 1 written out, and against products worked out on paper."""

import dataclasses
import subprocess
import sys

import pytest
import torch
from attribution_models import FEATURES, TIME, Scores, classes, network, series
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.errors import NonFiniteError, ParameterError, ShapeError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.contract import method_contract
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.gradients.entries import GRADIENT
from saltbench.methods.attributions.passes.budget import FEW, PROBE
from saltbench.methods.attributions.passes.passes import copies
from saltbench.methods.attributions.rescaling.rescaling import rescaled
from saltbench.methods.attributions.spec import Cost, MethodSpec

ENTRY = {spec.name: spec for spec in (*ENTRIES, *GRADIENT)}


def entry(factory, **parameters):
    spec = MethodSpec(name="mine", version=1, description="", reference="", factory=factory, parameters=parameters)
    return rescaled(spec)


def input_x_gradient_in_passes(inputs, target, passes):
    attributions = torch.empty_like(inputs)

    def take(samples, _draws, gradients):
        attributions[samples] = inputs[samples] * gradients[:, 0]

    passes.gradients(inputs, target, 1, copies(inputs), take)
    return attributions


def deviation_of_viewed_inputs(model, inputs):
    cells = inputs.view(len(inputs), -1)
    return (cells - cells.mean(1, keepdim=True)).view_as(inputs) * model(inputs).sum(1)[:, None, None]


TestRescalingOfAMethodOfOnesOwn = method_contract(entry(input_x_gradient_in_passes))
TestRescalingOfAMethodThatViewsItsInputs = method_contract(entry(deviation_of_viewed_inputs))


def algorithm(explain, x, baseline, threshold):
    """Algorithm 1 for one sample (time, features), loop by loop; α is a quantile of the relevances of the steps."""
    original = explain(x)
    time_relevance, feature_relevance = [], []
    for t in range(x.shape[0]):
        masked = x.clone()
        for i in range(x.shape[1]):
            masked[t, i] = baseline[t, i]
        time_relevance.append(
            sum(abs(a - b) for a, b in zip(original.flatten(), explain(masked).flatten(), strict=True)).item()
        )
    for i in range(x.shape[1]):
        masked = x.clone()
        for t in range(x.shape[0]):
            masked[t, i] = baseline[t, i]
        feature_relevance.append(
            sum(abs(a - b) for a, b in zip(original.flatten(), explain(masked).flatten(), strict=True)).item()
        )
    ordered = sorted(time_relevance)
    place = threshold * (len(ordered) - 1)
    below, share = int(place), place - int(place)
    alpha = ordered[below] + (share and share * (ordered[below + 1] - ordered[below]))
    result = torch.zeros_like(x)
    for t, relevance in enumerate(time_relevance):
        for i, other in enumerate(feature_relevance):
            result[t, i] = relevance * other if relevance >= alpha - 1e-12 else 0.0
    return result


@pytest.mark.parametrize("name", ["saliency", "input-x-gradient", "integrated-gradients", "deeplift"])
@pytest.mark.parametrize("threshold", [0.0, 0.55, 0.9])
def test_map_is_that_of_the_algorithm(name, threshold):
    model, inputs, target, baseline = network("lstm"), series(3), classes(3), series(3, seed=5)
    inner = bind(ENTRY[name])
    found = attribute(bind(rescaled(ENTRY[name]), {"threshold": threshold}), model, inputs, target, baseline=baseline)
    for sample in range(3):

        def explain(x, sample=sample):
            one = slice(sample, sample + 1)
            return attribute(inner, model, x[None], target[one], baseline=baseline[one])[0]

        expected = algorithm(explain, inputs[sample], baseline[sample], threshold)
        torch.testing.assert_close(found[sample], expected, rtol=1e-9, atol=1e-12)


@settings(max_examples=40)
@given(st.integers(0, 5), st.integers(1, 7), st.integers(1, 7), st.integers(0, 99), st.sampled_from([None, 400_000]))
def test_on_a_linear_model_relevances_are_sums_of_contributions(batch, time, features, seed, memory):
    generator = torch.Generator().manual_seed(seed)
    weights, inputs, baseline = (
        torch.randn(count, time, features, generator=generator, dtype=torch.float64) for count in (1, batch, batch)
    )
    model = Scores(lambda x: (weights * x).sum((1, 2), keepdim=True)[:, :, 0])
    spec = rescaled(ENTRY["input-x-gradient"])
    target = torch.zeros(batch, dtype=torch.int64)
    found = attribute(bind(spec, {"threshold": 0.0}), model, inputs, target, baseline=baseline, memory=memory)
    moved = (weights * (inputs - baseline)).abs()
    expected = moved.sum(2, keepdim=True) * moved.sum(1, keepdim=True)
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_gradient_that_never_moves_finds_nothing_relevant():
    model = Scores(lambda x: torch.stack([x.sum((1, 2)), -x.sum((1, 2))], 1))
    found = attribute(bind(rescaled(ENTRY["saliency"])), model, series(4), classes(4) % 2)
    assert torch.equal(found, torch.zeros_like(found))


def test_threshold_of_one_keeps_the_most_relevant_step_alone():
    loose, strict = (
        attribute(bind(rescaled(ENTRY["saliency"]), {"threshold": t}), network("lstm"), series(9), classes(9))
        for t in (0.0, 1.0)
    )
    kept = strict.any(2)
    assert kept.sum(1).tolist() == [1] * 9
    assert torch.equal(kept.long().argmax(1), loose.sum(2).argmax(1))
    assert torch.equal(strict[kept], loose[kept])


@pytest.mark.parametrize("threshold", [0.2, 0.55])
def test_threshold_keeps_the_steps_from_its_quantile_on(threshold):
    spec = rescaled(ENTRY["saliency"])
    found = attribute(bind(spec, {"threshold": threshold}), network("lstm"), series(20), classes(20))
    kept = {0.2: 5, 0.55: 3}[threshold]  # of 6 steps, those at or above place 1 and place 2.75 counted from 0
    assert found.any(2).sum(1).tolist() == [kept] * 20


def test_masked_copies_share_the_noise_of_their_sample():
    spec = rescaled(dataclasses.replace(ENTRY["smoothgrad"], parameters={"noise_samples": 2, "noise_level": 0.5}))
    model, inputs, seeds = network("lstm"), series(5), sample_seeds(1, 5)
    # nothing is changed by masking, so that noise would be all there is to see
    found = attribute(bind(spec), model, inputs, classes(), baseline=inputs, seeds=seeds)
    assert torch.equal(found, torch.zeros_like(found))
    assert attribute(bind(spec), model, inputs, classes(), seeds=seeds).any()


def test_methods_in_passes_and_methods_that_are_a_pass_agree():
    arguments = network("gru"), series(21), classes(21)
    one, other = rescaled(ENTRY["input-x-gradient"]), entry(input_x_gradient_in_passes)
    torch.testing.assert_close(attribute(bind(one), *arguments), attribute(bind(other), *arguments))


def test_masked_copies_of_few_samples_share_passes():
    sizes = []

    def counted(model, inputs, target):
        sizes.append(len(inputs))
        return inputs

    attribute(bind(entry(counted)), network("lstm"), series(1), classes(1))
    assert sizes == [PROBE, 2 * FEW]  # all 1 + 6 + 4 copies in one pass, filled up


def test_each_copy_comes_with_its_sample():
    seen = []

    def recorded(inputs, target, baseline, truth, seeds, background, model, *, flag):
        assert flag == "kept"
        assert torch.equal(background, series(2, seed=8))
        seen.extend(zip(seeds, target.tolist(), baseline[:, 0, 0].tolist(), truth[:, 0, 0].tolist(), strict=True))
        return inputs

    target, baseline, truth = classes(40), series(40, seed=5), series(40, seed=6).abs().clamp(max=1)
    attribute(
        bind(entry(recorded, flag="kept")),
        *(network("lstm"), series(40), target),
        baseline=baseline,
        truth=truth,
        seeds=range(40),
        background=series(2, seed=8),
    )
    expected = {(k, target[k].item(), baseline[k, 0, 0].item(), truth[k, 0, 0].item()) for k in range(40)}
    assert set(seen) == expected


def test_arguments_that_the_inner_method_can_do_without_stay_optional():
    inner = bind(ENTRY["integrated-gradients"], {"steps": 3, "against": "mean"})
    spec, model, inputs, target = rescaled(ENTRY["integrated-gradients"]), network("lstm"), series(2), classes(2)
    background = series(7, seed=4)
    settings = {"steps": 3, "against": "mean", "threshold": 0.0}
    found = attribute(bind(spec, settings), model, inputs, target, background=background)

    def explain(x):
        return attribute(inner, model, x[None], target[:1], background=background)[0]

    torch.testing.assert_close(found[0], algorithm(explain, inputs[0], torch.zeros(TIME, FEATURES).double(), 0.0))
    plain = attribute(bind(spec, {"steps": 3, "threshold": 0.0}), model, inputs, target)
    assert not torch.allclose(plain, found)


def test_a_reference_map_needs_no_model_rescaled_either():
    inputs = series(3)
    spec = rescaled(ENTRY["abs-input"])
    assert spec.is_reference
    found = attribute(bind(spec, {"threshold": 0.0}), None, inputs)
    torch.testing.assert_close(found, inputs.abs().sum(2, keepdim=True) * inputs.abs().sum(1, keepdim=True))


def test_entry_keeps_the_parameters_and_multiplies_the_cost():
    inner = dataclasses.replace(ENTRY["integrated-gradients"], cost=lambda time, features, **own: Cost(7, 7))
    spec = rescaled(inner)
    assert spec.name == "tsr-integrated-gradients"
    assert spec.parameters == {**inner.parameters, "threshold": 0.55}
    assert not spec.is_complete
    assert spec.cost_of(TIME, FEATURES, spec.parameters) == Cost(7 * 11, 7 * 11)
    assert rescaled(dataclasses.replace(inner, cost=None)).cost_of(TIME, FEATURES, {}) is None


def test_cost_is_asked_with_the_parameters_of_the_inner_method():
    def cost(time, features, *, steps):
        return Cost(steps, 0)

    spec = rescaled(dataclasses.replace(ENTRY["saliency"], parameters={"steps": 3}, cost=cost))
    assert spec.cost_of(10, 5, {"steps": 4, "threshold": 0.1}) == Cost(4 * 16, 0)


def test_entry_survives_what_a_registry_does_to_it():
    moved = dataclasses.replace(rescaled(ENTRY["saliency"]), source="plugin")
    assert moved.source == "plugin"
    assert "threshold" in moved.function_defaults()
    assert moved.takes() == rescaled(ENTRY["saliency"]).takes()


def test_wrapper_asks_for_what_it_needs_itself():
    assert rescaled(ENTRY["saliency"]).takes().names == ("model", "inputs", "target", "baseline", "passes")
    assert rescaled(ENTRY["abs-input"]).takes().names == ("inputs", "baseline")


def test_importing_the_wrapper_and_wrapping_imports_no_torch():
    code = (
        "import sys; from saltbench.methods.attributions.rescaling.rescaling import rescaled;"
        "from saltbench.methods.attributions.entries import ENTRIES; rescaled(ENTRIES[0]);"
        "import saltbench.methods.attributions.wrapper_entries;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("threshold", [-0.1, 1.1])
def test_impossible_threshold_is_refused(threshold):
    with pytest.raises(ParameterError, match=r"threshold must be a quantile in \[0, 1\], got"):
        attribute(bind(rescaled(ENTRY["saliency"]), {"threshold": threshold}), network("lstm"), series(), classes())


def test_rescaling_twice_is_refused():
    with pytest.raises(ParameterError, match="must leave the parameter threshold free, got tsr-saliency with"):
        rescaled(rescaled(ENTRY["saliency"]))


def test_a_map_that_is_not_finite_is_refused_before_it_is_compared():
    # the map of a series with a hidden step alone, whose relevance would be NaN and so below every threshold
    spec = entry(lambda model, inputs, target: inputs / inputs.abs().sum(2, keepdim=True))
    with pytest.raises(NonFiniteError, match="attributions must be finite, got NaN or infinity in"):
        attribute(bind(spec), network("lstm"), series(), classes())


def test_a_map_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"attributions of the inputs' shape \(2, 6, 4\), got \(2, 6\)"):
        attribute(bind(entry(lambda model, inputs: inputs[:, :, 0])), network("lstm"), series(), classes())


def test_a_method_may_return_what_it_was_given():
    truth = series(3, seed=9).abs().clamp(max=1)
    before = truth.clone()
    found = attribute(bind(entry(lambda inputs, truth: truth)), None, series(3), truth=truth)
    assert torch.equal(found, torch.zeros_like(found))
    assert torch.equal(truth, before)


def test_what_the_inner_method_refuses_is_refused():
    model = Scores(lambda x: torch.linalg.pinv(x).sum(2))
    with pytest.raises(UnsupportedOperationError, match="DeepLIFT has no rule for linalg_pinv"):
        attribute(bind(rescaled(ENTRY["deeplift"])), model, series(), classes())
