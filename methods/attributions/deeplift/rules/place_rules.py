"""DeepLIFT's rule for places in an order: along the straight way two operands exchange theirs where they cross.

An exchange is a step of the difference of the two, d = x_j - x_i, and by the rescale rule a step's multiplier is its
height over Δd, as of every comparison. With M_ki, the sum of what the exchanges at the kth place make of operand i,
Σ_i M_ki·Δx_i is the change of the place at which the kth largest stands.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ...interception.interception import Call
from ...interception.operation_names import named
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of
from .largest_line import LargestLine

_OF_THE_SMALLEST = frozenset(named("argmin min"))


def extremal_place(call: Call[PairedPass]) -> Tensor:
    """Apply argmax or argmin, int64 (…)."""
    with torch.no_grad():
        places: Tensor = call.run()
        twins: Tensor = call.run_with(call.mode.twin)
    place_of_the_largest(call, places, twins)
    return places


def place_of_the_largest(call: Call[PairedPass], places: Tensor, twins: Tensor) -> None:
    """Note the place of the largest along an axis, or of the smallest by a function that finds that.

    Args:
        call: its first argument is what was searched, (…), then the axis; all of it without one.
        places: int64 (…).
        twins: int64 (…), the places for the baseline.
    """
    given = dict(zip(("dim",), call.args[1:], strict=False)) | call.options
    axis, sign = given.get("dim"), -1 if call.function in _OF_THE_SMALLEST else 1

    def surrogate() -> Tensor:
        x, x_twin = (sign * bounded(tensor) for tensor in (call.args[0], call.mode.twin(call.args[0])))
        values, values_twin = (row.flatten() if axis is None else row.movedim(axis, -1) for row in (x, x_twin))
        rows = values.shape[:-1]
        with torch.no_grad():
            jumps = jumps_of_the_largest(values, values_twin, places.reshape(rows), twins.reshape(rows))
        return (jumps * values).sum(-1).reshape(places.shape)

    note_places(call, surrogate, places, twins)


def note_places(call: Call[PairedPass], surrogate: Callable[[], Tensor], places: Tensor, twins: Tensor) -> None:
    """Note places, int64 (…), and what they owe, which is found only if a selection by them asks for it.

    Args:
        call: of what found them.
        surrogate: makes what has their multipliers for gradient, (…).
        places: int64 (…).
        twins: int64 (…), the places for the baseline.
    """

    def shadow() -> Tensor:
        found = surrogate()
        return with_gradient_of(call, found, places.to(found), twins.to(found))

    call.mode.note_discrete(places, twins, shadow)


def jumps_of_the_largest(values: Tensor, twins: Tensor, place: Tensor, place_twin: Tensor) -> Tensor:
    """Return M_i, the multipliers of the place of the largest along the last axis.

    Args:
        values: (…, operands).
        twins: (…, operands), the values for the baseline.
        place: int64 (…), of the largest of values; of several that are as large, any.
        place_twin: int64 (…), of the largest of twins.

    Returns:
        (…, operands).
    """
    jumps = torch.zeros_like(values)
    line = LargestLine(values, twins, place_twin.unsqueeze(-1))
    for last, following, _ in line.links():
        _exchange(jumps, line.slopes, last, following)
    _exchange(jumps, line.slopes, line.current, place.unsqueeze(-1))
    return jumps


def jumps_of_places(values: Tensor, twins: Tensor, order: Tensor, order_twin: Tensor) -> Tensor:
    """Return M_ki, the multipliers of the places of sorted values along the last axis.

    Each line is followed alone: where another one crosses it, it leaves one place in the order for the next.

    Args:
        values: finite (…, operands).
        twins: finite (…, operands), the values for the baseline.
        order: int64 (…, operands), where the kth largest of values stands.
        order_twin: int64 (…, operands), the same of twins.

    Returns:
        (…, places, operands).
    """
    slopes, count = values - twins, values.shape[-1]
    ranks, ranks_twin = order.argsort(-1), order_twin.argsort(-1)
    is_above = ranks_twin.unsqueeze(-2) < ranks_twin.unsqueeze(-1)
    crosses = is_above != (ranks.unsqueeze(-2) < ranks.unsqueeze(-1))
    speed = slopes.unsqueeze(-2) - slopes.unsqueeze(-1)
    gap = twins.unsqueeze(-2) - twins.unsqueeze(-1)
    crossings = (-gap / torch.where(speed == 0, 1.0, speed)).clamp(0, 1)
    by_time = torch.where(crosses, crossings, 2.0).argsort(-1)
    steps = torch.where(crosses, torch.where(is_above, -1, 1), 0).gather(-1, by_time)
    after = ranks_twin.unsqueeze(-1) + steps.cumsum(-1)
    own = torch.arange(count, device=values.device).unsqueeze(-1).expand_as(by_time)
    heights = torch.where(crosses & (speed != 0), own / torch.where(speed == 0, 1.0, speed), 0.0).gather(-1, by_time)
    jumps = values.new_zeros(*values.shape[:-1], count * count)
    for places, sign in ((after, 1), (after - steps, -1)):
        for operand, share in ((by_time, sign * heights), (own, -sign * heights)):
            jumps.scatter_add_(-1, (places * count + operand).flatten(-2), share.flatten(-2))
    return jumps.reshape(*values.shape[:-1], count, count)


def whole_order(first: Tensor, values: Tensor) -> Tensor:
    """Return where the kth largest of values stands, int64 (…, operands), given it for the first few, (…, few)."""
    known = torch.full_like(values, first.shape[-1], dtype=torch.long, requires_grad=False)
    known.scatter_(-1, first, torch.arange(first.shape[-1], device=first.device).expand_as(first))
    order = values.sort(dim=-1, descending=True, stable=True)[1]
    return order.gather(-1, known.gather(-1, order).sort(dim=-1, stable=True)[1])


def bounded(x: Tensor) -> Tensor:
    """Return x, (…), with infinity brought so near that differences are finite."""
    far = torch.finfo(x.dtype).max / 8
    return x.clamp(-far, far)


def _exchange(jumps: Tensor, slopes: Tensor, last: Tensor, following: Tensor) -> None:
    """Add what an exchange of the place of one operand for that of another, int64 (…, 1), owes to both."""
    speed = slopes.gather(-1, following) - slopes.gather(-1, last)
    height = torch.where(speed > 0, (following - last) / torch.where(speed > 0, speed, 1.0), 0.0)
    jumps.scatter_add_(-1, following, height)
    jumps.scatter_add_(-1, last, -height)
