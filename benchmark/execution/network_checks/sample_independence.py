"""Whether a network answers each sample by itself, whoever else is in the batch."""

import torch
from torch import Tensor, nn

from ....errors import ParameterError
from ....methods.attributions.inputs.held_inputs import Conditioned
from .neighbours import strangers
from .trial_passes import are_close, attempted, logits, trial

TOGETHER = 8  # of the user's samples in one batch
_ALONE = 4  # of these are compared with what they are answered among others
_COPIES = 4  # rows of a batch of one sample, and of one in which all others are another

# A row is rounded alike in batches of one size, but for what packs or nests the rows: a third of the digits is left for
# that. Other sizes may take other kernels, which on a GPU round to fewer digits
SAME_SIZE = 2 / 3
OTHER_SIZE = 1 / 2


def check_alone(model: nn.Module, inputs: Tensor, answered: int) -> None:
    """Raise unless the outputs of each of several samples stay the same among others.

    The others are samples of the user's, in their order, which the network has to answer; and strangers made of the
    sample itself, which count only where the network answers them.

    Args:
        model: answers series with logits (batch, classes), the same ones when asked again.
        inputs: (batch, time, features), at least one.
        answered: how many series it is known to answer at once.

    Raises:
        ShapeError: the network answers only batches of some sizes.
        ParameterError: outputs that depend on the rest of the batch.
    """
    series = inputs[spread(len(inputs), TOGETHER)]
    together = logits(model, series, answered)
    for place in spread(len(series), _ALONE):
        rows = [place] * _COPIES
        copies = logits(model, series[rows], answered)
        if not bool(torch.isfinite(copies).all()):
            continue  # numbers that are not finite are refused with the target
        _compare(copies, copies[:1], OTHER_SIZE)
        _compare(together[place], copies[0], OTHER_SIZE)
        farthest = _farthest(series, place)
        among = sorted([place, *[farthest] * (_COPIES - 1)])  # a network may want its rows in the order of lengths
        found = logits(model, series[among], answered)
        _compare(found[among.index(place)], copies[among.index(place)], SAME_SIZE)
        for stranger in strangers(series[place]):
            _check_beside(stranger, model, series[rows], copies[0])


def check_held(model: Conditioned, inputs: Tensor) -> None:
    """Raise unless the first samples are answered together, each with its held values, as each is by itself.

    Args:
        model: answers series with logits (batch, classes), given what is held of one sample.
        inputs: (batch, time, features), at least one.

    Raises:
        ParameterError: outputs that depend on what is held of others.
    """
    few = inputs[:_ALONE]
    with trial(model, few):
        try:
            together = model.together(few.clone())
        except Exception:  # noqa: BLE001 - a network may want batches in an order that these samples have not
            return
        for sample, outputs in enumerate(together):
            model.give(sample)
            if bool(torch.isfinite(outputs).all()):  # others are refused with the target
                _compare(outputs, model(few[sample : sample + 1].clone())[0], OTHER_SIZE)
        model.give(0)


def _check_beside(stranger: Tensor, model: nn.Module, series: Tensor, expected: Tensor) -> None:
    """Raise unless the first of series keeps its outputs while the others become a stranger, (time, features)."""
    mixed = torch.cat([series[:1], stranger.expand_as(series[1:])])
    with trial(model, mixed):
        outputs = attempted(model, mixed)  # a network may refuse series that nobody gave
    if isinstance(outputs, Tensor) and outputs.shape == (len(series), len(expected)):
        _compare(outputs[0], expected, SAME_SIZE)


def _compare(found: Tensor, expected: Tensor, power: float) -> None:
    if not are_close(found, expected, power):
        raise ParameterError(
            "the model must answer each sample by itself, got other outputs for a sample in another batch; look for "
            "a recurrent layer without batch_first=True, statistics or choices made from the whole batch, and "
            "states kept from call to call"
        )


def spread(count: int, most: int) -> list[int]:
    """Return at most so many places in 0 … count - 1, evenly spaced, in ascending order."""
    taken = min(count, most)
    return [round(k * (count - 1) / max(1, taken - 1)) for k in range(taken)]


def _farthest(series: Tensor, place: int) -> int:
    distances = (series - series[place]).double().square().sum((1, 2))
    return int(distances.argmax())
