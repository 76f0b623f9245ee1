"""The settings of training: defaults and bounds."""

import dataclasses
import math

import pytest

from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.errors import ParameterError


def test_the_recipe_is_that_of_the_source():
    assert (Recipe().learning_rate, Recipe().batch, Recipe().epochs) == (1e-3, 50, 400)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"learning_rate": 0.0}, r"training needs learning_rate > 0 and tolerance >= 0, got 0\.0 and 0\.001$"),
        ({"learning_rate": -1.0}, r"training needs learning_rate > 0"),
        ({"learning_rate": math.nan}, r"training needs learning_rate > 0 .* got nan and"),
        ({"tolerance": -0.1}, r"tolerance >= 0, got 0\.001 and -0\.1$"),
        ({"tolerance": math.nan}, r"tolerance >= 0, got 0\.001 and nan$"),
        ({"batch": 0}, r"training needs batch >= 1, got 0$"),
        ({"epochs": -3}, r"training needs epochs >= 1, got -3$"),
        ({"patience": 0}, r"training needs patience >= 1, got 0$"),
    ],
)
def test_impossible_recipes(changes, message):
    with pytest.raises(ParameterError, match=message):
        Recipe(**changes)


def test_the_bounds_of_a_recipe_are_allowed():
    bounds = Recipe(tolerance=0.0, batch=1, epochs=1, patience=1)
    assert dataclasses.astuple(bounds) == (1e-3, 1, 1, 1, 0.0)
