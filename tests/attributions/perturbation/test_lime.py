"""LIME against scikit-learn's ridge regression on a loop over its perturbations, and Captum's Lime."""

from functools import partial

import numpy as np
import pytest
import torch
from attribution_models import Scores, classes, network, series
from captum.attr import Lime
from sklearn.linear_model import Ridge

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.perturbation.lime import coalitions_nearby, lime

# 6 steps in segments of 2, 2, 1, 1 and 4 features in segments of 2, 1, 1
SEGMENT = torch.tensor([0, 0, 1, 1, 2, 3])[:, None] * 3 + torch.tensor([0, 0, 1, 2])
SETTINGS = {"time_segments": 4, "feature_segments": 3, "perturbations": 40}


def kernel(present, width):
    """Return exp(-d²/width²) of the cosine distance to the vector of ones, by its definition."""
    ones = np.ones(len(present))
    cosine = present @ ones / max(np.linalg.norm(present) * np.linalg.norm(ones), 1e-30)
    return np.exp(-((1 - cosine) ** 2) / width**2)


def slow_lime(model, sample, label, baseline, seed, width, penalty):
    rows = coalitions_nearby(12, 40, seed).numpy().astype(float)
    outputs, weights = [], []
    for present in rows:
        mixture = baseline.clone()
        for t in range(6):
            for f in range(4):
                if present[SEGMENT[t, f]]:
                    mixture[t, f] = sample[t, f]
        outputs.append(float(model(mixture[None])[0, label]))
        weights.append(kernel(present, width))
    fit = Ridge(alpha=penalty).fit(rows, outputs, sample_weight=weights)
    return torch.from_numpy(fit.coef_)[SEGMENT]


@pytest.mark.parametrize("name", ["lstm", "bi-lstm", "lstm-self-attention", "input-cell", "convolution"])
@pytest.mark.parametrize(("width", "penalty"), [(0.25, 1.0), (0.6, 0.01)])
def test_lime_is_ridge_regression_on_perturbed_series(name, width, penalty):
    model, inputs, target, baseline = network(name), series(2), classes(2), series(2, seed=8)
    method = partial(lime, **SETTINGS, kernel_width=width, penalty=penalty)
    explained = attribute(method, model, inputs, target, baseline=baseline, seeds=[3, 4])
    with torch.no_grad():
        cases = zip(inputs, target, baseline, [3, 4], strict=True)
        expected = torch.stack([slow_lime(model, *case, width, penalty) for case in cases])
    torch.testing.assert_close(explained, expected, rtol=1e-8, atol=1e-10)


class CaptumRidge:
    """The surrogate that Captum fits: ridge regression in place of its Lasso."""

    def fit(self, data):
        batches = list(data)
        x, y, weights = (torch.cat(parts).double() for parts in zip(*batches, strict=True))
        self.model = Ridge(alpha=1.0).fit(x.numpy(), y.numpy(), sample_weight=weights.numpy())
        return {}

    def representation(self):
        return torch.from_numpy(self.model.coef_)


def test_lime_is_that_of_captum_with_the_same_perturbations_kernel_and_surrogate():
    model, inputs, target, baseline = network("gru"), series(1), classes(1), series(1, seed=8)
    rows = iter(coalitions_nearby(12, 40, 3)[:, None].long())
    captum = Lime(
        model,
        interpretable_model=CaptumRidge(),
        similarity_func=lambda _x, _perturbed, present, **_: torch.tensor(kernel(present[0].double().numpy(), 0.25)),
        perturb_func=lambda _x, **_: next(rows),
    )
    with torch.no_grad():
        expected = captum.attribute(inputs, baseline, target, feature_mask=SEGMENT[None], n_samples=40)
    explained = attribute(partial(lime, **SETTINGS), model, inputs, target, baseline=baseline, seeds=[3])
    # Captum keeps weights and outputs in single precision
    torch.testing.assert_close(explained, expected.double(), rtol=1e-4, atol=1e-5)


def test_linear_models_give_weight_times_difference_without_penalty():
    weights = series(1, seed=3)[0]
    model = Scores(lambda x: (x * weights).sum((1, 2))[:, None])
    inputs, baseline = series(2), series(2, seed=8)
    method = partial(lime, perturbations=200, penalty=1e-9)
    explained = attribute(method, model, inputs, torch.zeros(2).long(), baseline=baseline, seeds=[1, 2])
    torch.testing.assert_close(explained, weights * (inputs - baseline), rtol=1e-6, atol=1e-6)


def test_a_large_penalty_shrinks_the_map_to_nothing():
    explained = attribute(partial(lime, penalty=1e12), network("lstm"), series(1), classes(1), seeds=[1])
    assert explained.abs().max() < 1e-9


def test_the_first_perturbation_is_the_series_and_half_of_the_others_are_present():
    present = coalitions_nearby(50, 1000, 1)
    assert bool(present[0].all())
    assert abs(float(present[1:].double().mean()) - 0.5) < 0.01
    assert torch.equal(coalitions_nearby(50, 10, 1), present[:10])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"perturbations": 0}, "perturbations must be at least 1, got 0"),
        ({"perturbations": 1_000_001}, "perturbations must be at most 1000000, got 1000001; take a smaller number"),
        ({"kernel_width": 0.0}, "kernel_width must be above 0, got 0.0"),
        ({"kernel_width": float("nan")}, "kernel_width must be above 0, got nan"),
        ({"penalty": 0.0}, "penalty must be above 0, got 0.0"),
        ({"time_segments": 0}, "time_segments must be at least 1, got 0"),
    ],
)
def test_impossible_parameters_are_refused(setting, message):
    with pytest.raises(ParameterError, match=message):
        attribute(partial(lime, **setting), network("lstm"), series(1), classes(1), seeds=[1])
