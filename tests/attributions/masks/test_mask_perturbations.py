"""Perturbations by a mask against loops over entries, in value and slope."""

import pytest
import torch
from attribution_models import FEATURES, TIME, series
from slow_dynamask import slow_blur, slow_perturbed

from saltbench.methods.attributions.masks.mask_perturbations import blur, choose_perturbation, moving_average
from saltbench.methods.attributions.validation.parameter_checks import PERTURBATIONS


def test_moving_average_of_a_ramp():
    ramp = torch.arange(5.0).reshape(1, 5, 1)
    assert moving_average(ramp, 0).flatten().tolist() == [2.0] * 5
    assert moving_average(ramp, 1).flatten().tolist() == [0.5, 1.0, 2.0, 3.0, 3.5]


@pytest.mark.parametrize("name", PERTURBATIONS)
@pytest.mark.parametrize("window", [0, 2])
def test_perturbations_know_their_slopes(name, window):
    inputs, baseline, samples = series(4), series(4, seed=8), slice(1, 3)
    mask = torch.rand(2, TIME, FEATURES, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    mask[:, 0], mask[:, 1] = 0, 1
    mask.requires_grad_()
    perturbation = choose_perturbation(name, inputs, baseline, window, 2.0)
    given = zip(inputs[samples], mask, baseline[samples], strict=True)
    expected = torch.stack([slow_perturbed(*sample, name, window) for sample in given])
    points = torch.empty_like(expected)
    perturbation.write(mask.detach(), samples, points)
    torch.testing.assert_close(points, expected, rtol=0, atol=1e-12)
    slopes = torch.autograd.grad(expected.sum(), mask)[0]
    torch.testing.assert_close(perturbation.slopes[samples], slopes, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_blur_keeps_kept_entries_and_leaves_out_what_rounding_would(dtype):
    long = torch.randn(2, 60, 3, generator=torch.Generator().manual_seed(1), dtype=dtype)
    kept, slopes = blur(long, torch.ones_like(long), 2.0)
    assert torch.equal(kept, long)
    assert (slopes == 0).all()
    expected = torch.stack([slow_blur(x.double(), torch.zeros_like(x.double()), 2.0) for x in long])
    rounding = 8 * torch.finfo(dtype).eps
    blurred, _ = blur(long, torch.zeros_like(long), 2.0)
    torch.testing.assert_close(blurred.double(), expected, rtol=rounding, atol=rounding)
