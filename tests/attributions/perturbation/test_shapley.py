"""Shapley sampling and KernelSHAP against the enumeration of all orders, Captum, and closed forms."""

from functools import partial
from itertools import permutations

import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, output_change, series
from captum.attr import ShapleyValues

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.perturbation.kernel_shap import coalition_design, kernel_shap, solve
from saltbench.methods.attributions.perturbation.shapley_sampling import shapley_sampling

NAMES = pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "convolution"])
# 6 steps in two segments of 3, 4 features in two of 2
BLOCKS = [(slice(t, t + 3), slice(f, f + 2)) for t in (0, 3) for f in (0, 2)]
TWO = {"time_segments": 2, "feature_segments": 2}
METHODS = pytest.mark.parametrize("method", [shapley_sampling, kernel_shap])


def slow_shapley(model, inputs, target, baseline):
    """Average what each block adds over all orders of the four, and share it among its cells."""
    attributions = torch.zeros_like(inputs)
    orders = list(permutations(range(4)))
    for order in orders:
        mixture = baseline.clone()
        before = model(mixture).gather(1, target[:, None])
        for block in order:
            cells = (slice(None), *BLOCKS[block])
            mixture[cells] = inputs[cells]
            after = model(mixture).gather(1, target[:, None])
            attributions[cells] += (after - before)[:, :, None] / len(orders) / 6
            before = after
    return attributions


@NAMES
def test_kernel_shap_of_all_coalitions_is_the_mean_over_all_orders_and_that_of_captum(name):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    method = partial(kernel_shap, **TWO, coalitions=14)
    explained = attribute(method, model, inputs, target, baseline=baseline, seeds=[1, 2, 3])
    mask = torch.arange(2).repeat_interleave(3)[:, None] * 2 + torch.tensor([0, 0, 1, 1])
    with torch.no_grad():
        expected = slow_shapley(model, inputs, target, baseline)
        captum = ShapleyValues(model).attribute(inputs, baseline, target, feature_mask=mask[None])
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)
    # Captum gives each cell the whole value, in single precision
    torch.testing.assert_close(explained, captum.double() / 6, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "method", [partial(shapley_sampling, permutations=2000), partial(kernel_shap, coalitions=12)], ids=["orders", "fit"]
)
def test_sampling_tends_to_the_mean_over_all_orders(method):
    model, inputs, target, baseline = network("gru"), series(2), classes(2), series(2, seed=8)
    with torch.no_grad():
        expected = slow_shapley(model, inputs, target, baseline)
    explained = torch.stack(
        [
            attribute(partial(method, **TWO), model, inputs, target, baseline=baseline, seeds=[seed, seed + 1])
            for seed in range(0, 60 if "coalitions" in method.keywords else 2, 2)
        ]
    ).mean(0)
    assert (explained - expected).abs().max() < 0.1 * expected.abs().max()


@METHODS
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_linear_models_give_weight_times_difference(method, dtype):
    weights = series(1, seed=3)[0].to(dtype)
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    inputs, baseline = series(3).to(dtype), series(3, seed=8).to(dtype)
    explained = attribute(method, model, inputs, torch.zeros(3).long(), baseline=baseline, seeds=[1, 2, 3])
    tolerance = 1e-4 if dtype == torch.float32 else 1e-10
    torch.testing.assert_close(explained, weights * (inputs - baseline), rtol=tolerance, atol=tolerance)


@METHODS
def test_the_product_of_two_cells_is_shared_equally(method):
    # S = x_1 x_2 with nothing else: either order gives one of them all of it, the mean half to each
    model = Scores(lambda x: (x[:, 0, 0] * x[:, 1, 0])[:, None])
    inputs = torch.tensor([[[2.0], [-3.0]]], dtype=torch.float64)
    setting = {"permutations": 4000} if method is shapley_sampling else {}
    explained = attribute(partial(method, **setting), model, inputs, torch.tensor([0]), seeds=[1])
    tolerance = 0.2 if setting else 1e-12
    torch.testing.assert_close(explained, torch.full_like(inputs, -3.0), rtol=0, atol=tolerance)


@pytest.mark.parametrize("sizes", [(1, 1), (4, 3), (6, 4)])
@pytest.mark.parametrize(
    "method", [partial(shapley_sampling, permutations=1), partial(kernel_shap, coalitions=2)], ids=["orders", "fit"]
)
def test_maps_of_few_samples_are_complete(method, sizes):
    model, inputs, target, baseline = network("lstm"), series(4), classes(4), series(4, seed=8)
    method = partial(method, time_segments=sizes[0], feature_segments=sizes[1])
    explained = attribute(method, model, inputs, target, baseline=baseline, seeds=[1, 2, 3, 4])
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-13)


def test_drawn_coalitions_come_with_their_complements_and_sizes_follow_the_kernel():
    present, weights = coalition_design(5, 20000, seed=1)
    assert len(present) == 30  # all there are
    present, weights = coalition_design(40, 20000, seed=1)
    assert torch.equal(present[::2], ~present[1::2])
    assert bool((weights == 1).all())
    sizes = torch.bincount(present.sum(1), minlength=41)
    assert sizes[0] == sizes[40] == 0
    kernel = torch.tensor([1 / (k * (40 - k)) for k in range(1, 40)])
    expected = 20000 * kernel / kernel.sum()
    assert ((sizes[1:40] - expected).abs() < 6 * expected.sqrt()).all()
    # within a size every segment is as likely as any other
    assert ((present.double().mean(0) - 0.5).abs() < 0.02).all()


@pytest.mark.parametrize(("segments", "coalitions"), [(30, 20), (30, 40), (30, 200), (5, 30), (2, 2), (1, 2)])
def test_of_several_fits_the_one_closest_to_equal_values_is_taken(segments, coalitions):
    # the oracle works by singular values on the coalitions themselves, not on their Gram matrix
    design = coalition_design(segments, coalitions, seed=3)
    gains, total = torch.randn(len(design.present), generator=torch.Generator().manual_seed(4)).double(), 1.5
    found = solve(design, gains, torch.tensor(total).double())
    present, roots = design.present.double().numpy(), design.weights.sqrt().numpy()
    equal = np.full(segments, total / segments)
    kept = np.eye(segments) - 1 / segments  # onto deviations whose sum is 0
    deviations = np.linalg.lstsq(roots[:, None] * (present @ kept), roots * (gains.numpy() - present @ equal), 1e-10)[0]
    np.testing.assert_allclose(found, equal + kept @ deviations, rtol=1e-9, atol=1e-10)


@METHODS
def test_a_map_depends_on_its_own_seed_alone(method):
    model, inputs, target = network("lstm"), series(4), classes(4)
    method = partial(method, **({"permutations": 2} if method is shapley_sampling else {"coalitions": 30}))
    whole = attribute(method, model, inputs, target, seeds=[1, 2, 3, 4])
    torch.testing.assert_close(attribute(method, model, inputs[2:3], target[2:3], seeds=[3])[0], whole[2])
    assert not torch.equal(attribute(method, model, inputs, target, seeds=[1, 2, 5, 4])[2], whole[2])


@pytest.mark.parametrize(
    ("method", "message"),
    [
        (partial(shapley_sampling, permutations=0), "permutations must be at least 1, got 0"),
        (partial(shapley_sampling, time_segments=0), "time_segments must be at least 1, got 0"),
        (partial(kernel_shap, coalitions=1), "coalitions must be at least 2, got 1"),
        (partial(kernel_shap, feature_segments=0), "feature_segments must be at least 1, got 0"),
    ],
)
def test_impossible_parameters_are_refused(method, message):
    with pytest.raises(ParameterError, match=message):
        attribute(method, network("lstm"), series(1), classes(1), seeds=[1])
