"""Feature ablation and permutation against loops, Captum, closed forms and other memory budgets."""

from functools import partial

import pytest
import torch
from attribution_models import Scores, classes, network, series
from captum.attr import FeatureAblation

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.passes.segments import segments
from saltbench.methods.attributions.perturbation.ablation import feature_ablation
from saltbench.methods.attributions.perturbation.permutation import feature_permutation

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "convolution"])
SIZES = pytest.mark.parametrize("sizes", [(6, 4), (4, 3), (2, 1), (1, 1), (100, 100)])


def parts(length, count):
    """Cut a range into at most so many parts, the longer ones first."""
    steps = list(range(length))
    count = min(length, count)
    sizes = [length // count + (index < length % count) for index in range(count)]
    return [[steps.pop(0) for _ in range(size)] for size in sizes]


def slow_ablation(model, inputs, target, sources, sizes):
    """Replace one segment of one sample at a time by each of its sources."""
    attributions = torch.zeros_like(inputs)
    for i in range(len(inputs)):
        whole = model(inputs[i : i + 1])[0, target[i]]
        for steps in parts(inputs.shape[1], sizes[0]):
            for columns in parts(inputs.shape[2], sizes[1]):
                losses = []
                for source in sources[i]:
                    replaced = inputs[i].clone()
                    for t in steps:
                        for f in columns:
                            replaced[t, f] = source[t, f]
                    losses.append(whole - model(replaced[None])[0, target[i]])
                for t in steps:
                    for f in columns:
                        attributions[i, t, f] = torch.stack(losses).mean()
    return attributions


@NAMES
@SIZES
def test_ablation_is_the_loop_over_segments(name, sizes):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    with torch.no_grad():
        expected = slow_ablation(model, inputs, target, baseline[:, None], sizes)
    method = partial(feature_ablation, time_segments=sizes[0], feature_segments=sizes[1])
    explained = attribute(method, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)


@NAMES
def test_ablation_is_that_of_captum(name):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    mask = torch.arange(3).repeat_interleave(2)[:, None] * 2 + torch.tensor([0, 0, 1, 1])
    with torch.no_grad():
        expected = FeatureAblation(model).attribute(inputs, baseline, target, feature_mask=mask[None])
    method = partial(feature_ablation, time_segments=3, feature_segments=2)
    explained = attribute(method, model, inputs, target, baseline=baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)


def test_single_cells_of_a_linear_model_are_weight_times_difference():
    weights = series(1, seed=3)[0]
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    inputs, baseline = series(4), series(4, seed=8)
    explained = attribute(feature_ablation, model, inputs, torch.zeros(4).long(), baseline=baseline)
    torch.testing.assert_close(explained, weights * (inputs - baseline), rtol=1e-12, atol=1e-12)


def permuting(sizes, draws):
    return partial(feature_permutation, time_segments=sizes[0], feature_segments=sizes[1], draws=draws)


@NAMES
@pytest.mark.parametrize("sizes", [(6, 4), (4, 3)])
def test_permutation_from_one_other_series_is_ablation_to_it(name, sizes):
    model, inputs, target, other = network(name), series(3), classes(3), series(1, seed=8)
    with torch.no_grad():
        expected = slow_ablation(model, inputs, target, other.expand(3, 1, *other.shape[1:]), sizes)
    explained = attribute(permuting(sizes, 3), model, inputs, target, background=other, seeds=[1, 2, 3])
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)


def test_permutation_of_many_draws_tends_to_the_mean_over_the_background():
    model, inputs, target, background = network("gru"), series(2), classes(2), series(3, seed=8)
    with torch.no_grad():
        expected = slow_ablation(model, inputs, target, background.expand(2, *background.shape), (3, 2))
    explained = attribute(permuting((3, 2), 300), model, inputs, target, background=background, seeds=[1, 2])
    assert (explained - expected).abs().max() < 0.2 * expected.abs().max()


def test_permutation_of_a_series_among_copies_of_itself_loses_nothing():
    inputs = series(1)
    explained = attribute(
        permuting((6, 4), 2), network("lstm"), inputs, classes(1), background=inputs.expand(3, -1, -1), seeds=[5]
    )
    torch.testing.assert_close(explained, torch.zeros_like(inputs), rtol=0, atol=1e-14)


@pytest.mark.parametrize(
    ("length", "count", "expected"),
    [(6, 6, [1] * 6), (7, 3, [3, 2, 2]), (8, 3, [3, 3, 2]), (3, 9, [1, 1, 1]), (5, 1, [5])],
)
def test_segments_cover_the_axis_and_differ_by_one_step_at_most(length, count, expected):
    spans = segments(length, 1, count, 1).time
    assert [span.length for span in spans] == expected
    assert [t for span in spans for t in range(span.start, span.stop)] == list(range(length))


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (partial(feature_ablation, time_segments=0), "time_segments must be at least 1, got 0"),
        (partial(feature_ablation, feature_segments=-1), "feature_segments must be at least 1, got -1"),
        (permuting((0, 1), 1), "time_segments must be at least 1, got 0"),
        (permuting((1, 1), 0), "draws must be at least 1, got 0"),
    ],
)
def test_impossible_parameters_are_refused(method, message):
    with pytest.raises(ParameterError, match=message):
        attribute(method, network("lstm"), series(1), classes(1), background=series(2), seeds=[1])


def test_permutation_needs_a_background():
    with pytest.raises(ParameterError, match="needs background, got None; pass background="):
        attribute(permuting((1, 1), 1), network("lstm"), series(1), classes(1), seeds=[1])
