"""Whether a network that was checked on some series answers others in the same way, seen in two passes."""

from typing import TypeGuard

import torch
from torch import Tensor, nn

from ....methods.attributions.validation.arguments import count_nonfinite
from .neighbours import strangers
from .sample_independence import OTHER_SIZE, SAME_SIZE, TOGETHER, spread
from .trial_passes import are_close, attempted, trial


def answers_as_before(model: nn.Module, inputs: Tensor, classes: int) -> bool:
    """Return whether a network answers series as it did others of their number and size: each by itself, with logits.

    A first pass holds several of them, a second one every other of these beside a copy of itself; a single series
    stands beside a louder one. False says only that the network is to be checked once more.

    Args:
        model: was found to answer other series with finite logits (batch, classes), each by itself.
        inputs: (batch, time, features).
        classes: how many it tells apart.
    """
    series = inputs[spread(len(inputs), TOGETHER)]
    if len(series) == 1:
        return _are_alike(model, series, torch.stack([series[0], strangers(series[0])[-1]]), classes, OTHER_SIZE)
    places = [place - place % 2 for place in range(len(series))]
    return _are_alike(model, series, series[places], classes, SAME_SIZE)


def _are_alike(model: nn.Module, series: Tensor, others: Tensor, classes: int, power: float) -> bool:
    """Return whether both are answered, and alike where others have the same series in the same place."""
    given, of_others = series.clone(), others.clone()
    with trial(model, series):
        found, expected = attempted(model, of_others), attempted(model, given)
    if not (_are_logits(found, len(others), classes) and _are_logits(expected, len(series), classes)):
        return False
    return torch.equal(given, series) and are_close(found[: len(series) : 2], expected[::2], power)


def _are_logits(found: object, batch: int, classes: int) -> TypeGuard[Tensor]:
    if not isinstance(found, Tensor) or found.shape != (batch, classes) or not found.is_floating_point():
        return False
    return not count_nonfinite(found)
