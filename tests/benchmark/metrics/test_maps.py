import dataclasses

import numpy as np
import pytest

from saltbench.benchmark.metrics.maps import Maps
from saltbench.errors import NonFiniteError, ParameterError, ShapeError

TRUTH = np.array([[[1.0, 0.0], [0.0, 1.0]]], dtype=np.float32)


def maps_of(*values: list[list[float]]) -> Maps:
    attributions = np.array(values, dtype=np.float32)
    return Maps(attributions, np.repeat(TRUTH, len(attributions), axis=0))


def test_magnitude_is_absolute_and_float64():
    magnitude = maps_of([[3, -2], [0, 1]]).magnitude
    assert magnitude.dtype == np.float64
    np.testing.assert_array_equal(magnitude, [[[3, 2], [0, 1]]])


def test_relevance_is_the_truth_in_float64():
    maps = maps_of([[3, -2], [0, 1]])
    assert maps.relevance.dtype == np.float64
    np.testing.assert_array_equal(maps.relevance, TRUTH)


def test_scaled_is_min_max_per_sample():
    # |a| = 4, 2, 1, 1 -> minus 1, over 3;  the second sample is ten times larger in range
    scaled = maps_of([[4, -2], [1, 1]], [[0, 30], [-15, 10]]).scaled
    np.testing.assert_allclose(scaled, [[[1, 1 / 3], [0, 0]], [[0, 1], [1 / 2, 1 / 3]]], rtol=1e-15)


@pytest.mark.parametrize(("constant", "expected"), [(0.0, 0.0), (0.3, 1.0), (-7.0, 1.0), (1e-40, 1.0)])
def test_constant_map_is_zeros_if_zero_else_ones(constant, expected):
    np.testing.assert_array_equal(maps_of([[constant] * 2] * 2).scaled, np.full((1, 2, 2), expected))


def test_scaled_reaches_0_and_1_whatever_the_magnitude():
    attributions = np.array([[[1e-308, 2e-308], [5e-324, 3e-308]], [[1e308, 0], [1.7e308, 1]]])
    scaled = Maps(attributions, np.repeat(TRUTH, 2, axis=0)).scaled
    np.testing.assert_array_equal(scaled.min(axis=(1, 2)), [0, 0])
    np.testing.assert_array_equal(scaled.max(axis=(1, 2)), [1, 1])


@pytest.mark.parametrize("name", ["magnitude", "relevance", "scaled", "ranking"])
def test_shared_arrays_are_computed_once(name):
    maps = maps_of([[3, -2], [0, 1]])
    assert getattr(maps, name) is getattr(maps, name)


def test_maps_are_frozen():
    maps = maps_of([[3, -2], [0, 1]])
    with pytest.raises(dataclasses.FrozenInstanceError, match="attributions"):
        maps.attributions = TRUTH


@pytest.mark.parametrize(
    ("attributions", "truth"),
    [
        ((1, 2, 3), (1, 3, 2)),
        ((2, 2, 2), (1, 2, 2)),
        ((4, 4), (4, 4)),
        ((0, 2, 2), (0, 2, 2)),
        ((1, 0, 2), (1, 0, 2)),
    ],
)
def test_shapes_that_do_not_fit(attributions, truth):
    message = rf"one shape \(batch, time, features\).*got attributions \({attributions[0]}, .*truth \({truth[0]}, "
    with pytest.raises(ShapeError, match=message):
        Maps(np.zeros(attributions), np.zeros(truth))


@pytest.mark.parametrize("shape", [(2,), (1, 1), ()])
def test_output_difference_is_one_number_a_sample(shape):
    with pytest.raises(ShapeError, match=r"output_difference must have the shape \(1,\), one a sample, got \("):
        Maps(TRUTH, TRUTH, np.ones(shape))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["attributions", "truth", "output_difference"])
def test_not_finite(name, bad):
    arrays = {"attributions": TRUTH.copy(), "truth": TRUTH.copy(), "output_difference": np.ones(1)}
    arrays[name].flat[-1] = bad
    with pytest.raises(NonFiniteError, match=f"^{name} must be finite, got NaN or infinity"):
        Maps(**arrays)


@pytest.mark.parametrize("bad", [-0.01, 1.01])
def test_truth_outside_the_unit_range(bad):
    truth = TRUTH.astype(np.float64)
    truth[0, 0, 1] = bad
    with pytest.raises(ParameterError, match=rf"truth must lie in \[0, 1\], got .*{bad}"):
        Maps(TRUTH, truth)
