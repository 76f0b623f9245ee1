"""Occlusion against a loop over windows and Captum's."""

from functools import partial

import pytest
import torch
from attribution_models import classes, network, series
from captum.attr import Occlusion

from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.passes.segments import sliding
from saltbench.methods.attributions.perturbation.ablation import feature_ablation
from saltbench.methods.attributions.perturbation.occlusion import occlusion

# windows and strides along time (6 steps) and features (4), of which some leave a shorter window at the border
SHAPES = pytest.mark.parametrize(
    ("windows", "strides"),
    [((1, 1), (1, 1)), ((3, 2), (1, 1)), ((4, 3), (4, 2)), ((4, 4), (3, 4)), ((6, 4), (1, 1)), ((2, 3), (2, 3))],
)


def sliding_method(windows, strides):
    return partial(
        occlusion,
        time_window=windows[0],
        feature_window=windows[1],
        time_stride=strides[0],
        feature_stride=strides[1],
    )


def slow_occlusion(model, inputs, target, baseline, windows, strides):
    """Cover each window and add its effect to its cells, then divide by the number of windows with the cell."""
    sums, counts = torch.zeros_like(inputs), torch.zeros_like(inputs)
    whole = model(inputs).gather(1, target[:, None])
    starts = []
    for length, window, stride in zip(inputs.shape[1:], windows, strides, strict=True):
        starts.append([0])
        while starts[-1][-1] + window < length:
            starts[-1].append(starts[-1][-1] + stride)
    for t in starts[0]:
        for f in starts[1]:
            covered = inputs.clone()
            cells = (slice(None), slice(t, t + windows[0]), slice(f, f + windows[1]))
            covered[cells] = baseline[cells]
            sums[cells] += (whole - model(covered).gather(1, target[:, None]))[:, :, None]
            counts[cells] += 1
    return sums / counts


@SHAPES
@pytest.mark.parametrize("name", ["lstm", "bi-lstm", "input-cell"])
def test_occlusion_is_the_loop_over_windows_and_that_of_captum(name, windows, strides):
    model, inputs, target, baseline = network(name), series(3), classes(3), series(3, seed=8)
    explained = attribute(sliding_method(windows, strides), model, inputs, target, baseline=baseline)
    with torch.no_grad():
        expected = slow_occlusion(model, inputs, target, baseline, windows, strides)
        captum = Occlusion(model).attribute(inputs, windows, strides, baseline, target)
    torch.testing.assert_close(explained, expected, rtol=1e-9, atol=1e-12)
    # Captum counts and adds in single precision
    torch.testing.assert_close(explained, captum.double(), rtol=1e-5, atol=1e-6)


def test_windows_of_one_cell_are_ablation():
    model, inputs, target = network("gru"), series(3), classes(3)
    one_cell = attribute(sliding_method((1, 1), (1, 1)), model, inputs, target)
    torch.testing.assert_close(one_cell, attribute(feature_ablation, model, inputs, target), rtol=1e-12, atol=1e-14)


def test_windows_are_a_tenth_and_strides_half_of_them_unless_told():
    grid = sliding((100, 8), (0, 0), (0, 0))
    assert [tuple(span) for span in grid.time[:2]] == [(0, 10), (5, 15)]
    assert tuple(grid.time[-1]) == (90, 100)
    assert [tuple(span) for span in grid.features] == [(f, f + 1) for f in range(8)]


def test_last_window_is_cut_off_at_the_border():
    assert [tuple(span) for span in sliding((10, 1), (4, 1), (4, 1)).time] == [(0, 4), (4, 8), (8, 10)]


@pytest.mark.parametrize(
    ("windows", "strides", "message"),
    [
        ((7, 1), (1, 1), "time_window must lie in 1 … 6, the length of the series along that axis, .* got 7"),
        ((1, 5), (1, 1), "feature_window must lie in 1 … 4, the length of the series along that axis, .* got 5"),
        ((-1, 1), (1, 1), "time_window must lie in 1 … 6, .* got -1"),
        ((2, 2), (3, 1), "time_stride must lie in 1 … 2, the window, so that no entry is left out, .* got 3"),
        ((2, 2), (1, -2), "feature_stride must lie in 1 … 2, .* got -2"),
    ],
)
def test_impossible_windows_are_refused(windows, strides, message):
    with pytest.raises(ParameterError, match=message):
        attribute(sliding_method(windows, strides), network("lstm"), series(1), classes(1))


def test_captum_fails_on_cuda_with_several_perturbations_a_pass_and_ours_does_not(device):
    # github.com/meta-pytorch/captum/issues/1879: the other tensors' masks are made on the CPU
    model = network("lstm").to(device)
    inputs, target = series(2).to(device), classes(2).to(device)

    def both(first, second):
        return model(first + second)

    with pytest.raises(RuntimeError, match="same device"), torch.no_grad():
        Occlusion(both).attribute((inputs, inputs), ((2, 2), (2, 2)), target=target, perturbations_per_eval=4)
    ours = attribute(sliding_method((2, 2), (1, 1)), model, inputs, target)
    on_cpu = attribute(sliding_method((2, 2), (1, 1)), network("lstm"), series(2), classes(2))
    torch.testing.assert_close(ours.cpu(), on_cpu, rtol=1e-9, atol=1e-9)
