"""Make neighbours of a user's series in a batch: unlike it, and as valid as can be known."""

import torch
from torch import Tensor


def strangers(sample: Tensor) -> list[Tensor]:
    """Return series (time, features) made of a sample: features from low to high, low and high by turns, and louder.

    Padding, which repeats one step at the start or at the end, stays as it is. So do the first and the last step in
    another order, since some put a length there, and features of whole numbers, such as codes, where others are louder.
    """
    leading, trailing = _repeated(sample), _repeated(sample.flip(0))
    first, last = leading + 1, len(sample) - trailing - 1
    low_to_high = sample[first:last].sort(0).values
    by_turns = torch.stack([low_to_high, low_to_high.flip(0)], 1).flatten(0, 1)[: len(low_to_high)]
    louder = sample.clone()
    louder[first if leading else 0 : last if trailing else len(sample)] *= _factors(sample)
    return [_with(low_to_high, sample, first), _with(by_turns, sample, first), louder]


def another(inputs: Tensor) -> Tensor:
    """Return one of a user's series, (batch, time, features), that is not the first; a stranger where all are alike."""
    differs = (inputs != inputs[:1]).flatten(1).any(1)
    return inputs[int(differs.nonzero()[-1])] if bool(differs.any()) else strangers(inputs[0])[-1]


def _with(steps: Tensor, sample: Tensor, first: int) -> Tensor:
    """Return a sample with steps in the place of its own from the first on."""
    changed = sample.clone()
    changed[first : first + len(steps)] = steps
    return changed


def _factors(sample: Tensor) -> Tensor:
    """Return 2 and 4 by turns, (features,), and 1 for features of whole numbers."""
    by_turns = 2 + 2 * (torch.arange(sample.shape[1], device=sample.device) % 2)
    return torch.where((sample == sample.round()).all(0), 1, by_turns)


def _repeated(sample: Tensor) -> int:
    """Return how many steps after the first are equal to it."""
    differs = (sample != sample[:1]).any(1)
    return int(differs.int().argmax()) - 1 if bool(differs.any()) else len(sample) - 1
