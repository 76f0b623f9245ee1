"""Whether a network uses the truth of its task: its accuracy once entries in or outside of the truth are replaced."""

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ....datasets.spec import Array, Split, TaskData
from ....methods.attributions.passes.model_state import lend
from ..stored.truth_use import DRAWS, TruthUse
from ..tensors import like_parameters
from ..training import predict

NOBODY = -1  # in place of a donor where no training sample is as long


class Answers(NamedTuple):
    """Whether the network is right about each sample, (batch,), with other entries outside of and in the truth."""

    outside_replaced: NDArray[np.bool_]
    truth_replaced: NDArray[np.bool_]


def truth_use(model: nn.Module, data: TaskData, seed: int, device: torch.device | str) -> TruthUse:
    """Return how a network answers the test split once the truth's entries, or all others, are those of other samples.

    The others of one draw are those of one training sample, whatever its class, at the same entries: drawn as a whole,
    so that they belong together. Salient is what has a truth above 0. Samples without any are left out, and so are
    those that are longer than every training sample; padding stays as it is.

    Args:
        model: (batch, time, features) to (batch, classes), left as it was.
        data: of the task.
        seed: of the draws.
        device: where the model is.
    """
    test = data.test
    drawn = _donors(data, np.random.default_rng([seed, 6]))
    counted = _salient(test).any(axis=(1, 2)) & (drawn[0] != NOBODY)
    with lend(model, torch.device(device)):
        answers = [_answers(model, data, donors) for donors in drawn]
        untouched = _is_right(model, test.inputs, test)[counted]
    sufficient, necessary = (np.stack(each)[:, counted] for each in zip(*answers, strict=True))
    return TruthUse.of(sufficient.mean(axis=0), necessary.mean(axis=0), untouched, test.labels[counted])


def _donors(data: TaskData, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return a training sample for each draw and test sample that is as long at least, (draws, batch)."""
    lengths = _lengths(data.train)
    longest_first = np.argsort(-lengths, kind="stable")
    eligible = (lengths >= _lengths(data.test)[:, None]).sum(axis=1)
    places = generator.integers(0, np.maximum(eligible, 1), size=(DRAWS, len(eligible)))
    return np.where(eligible > 0, longest_first[places], NOBODY)


def _answers(model: nn.Module, data: TaskData, donors: NDArray[np.int64]) -> Answers:
    others, test = data.train.inputs[donors], data.test
    salient, real = _salient(test), _real(test)
    replaced = (np.where(removed, others, test.inputs) for removed in (real & ~salient, salient))
    return Answers(*(_is_right(model, inputs, test) for inputs in replaced))


def _is_right(model: nn.Module, inputs: Array, split: Split) -> NDArray[np.bool_]:
    answered = predict(model, like_parameters(model, inputs)).argmax(dim=1).cpu().numpy()
    right: NDArray[np.bool_] = answered == split.labels
    return right


def _salient(split: Split) -> NDArray[np.bool_]:
    salient: NDArray[np.bool_] = (split.truth > 0) & _real(split)
    return salient


def _real(split: Split) -> NDArray[np.bool_]:
    """Return which entries are no padding, (batch, time, 1)."""
    real: NDArray[np.bool_] = np.arange(split.inputs.shape[1])[:, None] < _lengths(split)[:, None, None]
    return real


def _lengths(split: Split) -> NDArray[np.int64]:
    return np.full(len(split), split.inputs.shape[1]) if split.lengths is None else split.lengths
