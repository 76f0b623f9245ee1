import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltbench.datasets.spec import Split, TaskData
from saltbench.errors import NonFiniteError, ShapeError


def arrays(samples=3, time=4, features=4):
    inputs = np.zeros((samples, time, features), dtype=np.float32)
    return inputs, np.zeros(samples, dtype=np.int64), np.zeros_like(inputs)


@settings(max_examples=30)
@given(st.integers(0, 4), st.integers(1, 4), st.integers(1, 4))
def test_length_time_and_features_at_any_size(samples, time, features):
    split = Split(*arrays(samples, time, features))
    data = TaskData(split, split, split, classes=2)
    assert (len(split), data.time, data.features) == (samples, time, features)


@pytest.mark.parametrize(
    ("inputs", "truth"),
    [((3, 4), (3, 4)), ((3, 4, 5), (3, 5, 4)), ((3, 4, 5), (2, 4, 5)), ((1, 2, 3, 4), (1, 2, 3, 4))],
)
def test_inputs_and_truth_of_one_shape_with_three_axes(inputs, truth):
    told = f"a split needs inputs and truth of one shape (batch, time, features), got inputs {inputs} and truth {truth}"
    with pytest.raises(ShapeError, match=f"^{re.escape(told)}$"):
        Split(np.zeros(inputs, np.float32), np.zeros(inputs[0], np.int64), np.zeros(truth, np.float32))


@pytest.mark.parametrize("shape", [(2,), (4,), (3, 1), (), (3, 4, 5)])
def test_one_label_a_sample_or_a_step(shape):
    inputs, _, truth = arrays()
    steps = inputs.shape[1]
    assert Split(inputs, np.zeros((3, steps), np.int64), truth).labels.shape == (3, steps)
    told = f"a split of 3 samples needs as many labels, or one at each of {steps} steps, got {shape}"
    with pytest.raises(ShapeError, match=f"^{re.escape(told)}$"):
        Split(inputs, np.zeros(shape, np.int64), truth)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_inputs_must_be_finite(value):
    inputs, labels, truth = arrays()
    inputs[1, 2, 3] = value
    with pytest.raises(NonFiniteError, match="inputs must be finite, got NaN or infinity; clean the series first"):
        Split(inputs, labels, truth)


@pytest.mark.parametrize("value", [-0.01, 1.01, np.nan, np.inf])
def test_truth_must_lie_between_zero_and_one(value):
    inputs, labels, truth = arrays()
    truth[2, 0, 1] = value
    with pytest.raises(ShapeError, match=r"truth must lie in \[0, 1\]; scale it before making the task"):
        Split(inputs, labels, truth)


def test_the_bounds_of_the_truth_are_allowed():
    inputs, labels, truth = arrays()
    truth[0] = 1
    assert len(Split(inputs, labels, truth)) == 3
