"""Samples of one length without their padding, which is put back for the network alone."""

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ...methods.attributions.inputs.several_inputs import Layout, Part
from ...methods.attributions.passes.segments import Span

Lengths = NDArray[np.int64] | None
Values = TypeVar("Values", Tensor, NDArray[Any])


def of_one_length(lengths: Lengths, count: int, steps: int) -> Iterator[tuple[list[int], int]]:
    """Yield the numbers of the samples of each length, and it: of all samples and steps where none has padding.

    Args:
        lengths: steps of each sample that are no padding, int64 (batch,); None for all.
        count: samples.
        steps: of the series with padding.
    """
    if lengths is None:
        yield list(range(count)), steps
        return
    for length in np.unique(lengths).tolist():
        yield np.flatnonzero(lengths == length).tolist(), length


def first_steps(values: Values, samples: list[int], length: int) -> Values:
    """Return the first steps of some samples, (samples, length, features), a view where they are all there are."""
    return values[:, :length] if len(samples) == len(values) else values[samples, :length]


def beside_padding(model: nn.Module | None, inputs: Tensor, samples: list[int], length: int) -> nn.Module | None:
    """Return a model of the first steps, (samples, length, features), that gives the network the others as they are.

    Args:
        model: (batch, time, features) to (batch, classes); None stays None, and a model of all steps as it is.
        inputs: the series with padding, (batch, time, features).
        samples: which of them.
        length: of these.
    """
    if model is None or length == inputs.shape[1]:
        return model
    held = torch.zeros(inputs.shape[2], dtype=torch.bool, device=inputs.device)
    return Layout([Part("inputs", inputs, held)]).cut(samples, Span(0, length)).conditioned(model)
