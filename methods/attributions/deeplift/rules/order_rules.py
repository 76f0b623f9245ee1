"""DeepLIFT's rule for sorted values: each operand has the share of the path on which it has that place in the order.

On the straight way from the baseline to the input the kth largest is a chain of the operands, each for a while. With
w_ki the share of the way on which operand i is the kth, Σ_i w_ki·Δx_i is the change of the kth largest: for k = 1 this
is the rule for maxima.

Source: as of `maximum_rules`.
"""

from typing import Any

import torch
from torch import Tensor

from ...interception.interception import Call
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of
from .place_rules import bounded, jumps_of_places, note_places, whole_order


def shares_of_places(values: Tensor, twins: Tensor) -> Tensor:
    """Return w_ki, the share of α in [0, 1] at which i is the kth largest of twin + α·(value - twin), last axis.

    Each line is followed alone: wherever another one crosses it, its place changes by one.

    Args:
        values: (…, operands); infinity in both changes nothing.
        twins: (…, operands), the values for the baseline.

    Returns:
        (…, places, operands), at least 0; rows and columns sum to 1.
    """
    values, twins = bounded(values), bounded(twins)
    slopes = values - twins
    gap = twins.unsqueeze(-2) - twins.unsqueeze(-1)
    speed = slopes.unsqueeze(-2) - slopes.unsqueeze(-1)
    earlier = torch.ones_like(gap, dtype=torch.bool).tril(-1)
    is_above = (gap > 0) | ((gap == 0) & ((speed > 0) | ((speed == 0) & earlier)))
    crossings = -gap / torch.where(speed == 0, 1.0, speed)
    crosses = (speed != 0) & (crossings > 0) & (crossings < 1)
    times, order = torch.where(crosses, crossings, 1.0).sort(-1)
    changes = torch.where(crosses, torch.where(is_above, -1, 1), 0).gather(-1, order)
    first = is_above.sum(-1, keepdim=True)
    places = torch.cat([first, first + changes.cumsum(-1)], -1)
    ends = torch.ones_like(times[..., :1])
    durations = torch.cat([0 * ends, times, ends], -1).diff(dim=-1)
    return torch.zeros_like(gap).scatter_add_(-1, places, durations).transpose(-2, -1)


def sort(call: Call[PairedPass]) -> Any:
    """Apply a sort: values and places, (…) each."""
    named = _sort_arguments(call)
    return _ordered(call, named["dim"], named["descending"], None)


def sorted_places(call: Call[PairedPass]) -> Tensor:
    """Apply argsort: the places of sorted values, int64 (…)."""
    named = _sort_arguments(call)
    with torch.no_grad():
        places, twins = call.run(), call.run_with(call.mode.twin)
    _note_order(call, named["dim"], named["descending"], places, twins)
    found: Tensor = places
    return found


def topk(call: Call[PairedPass]) -> Any:
    """Apply topk: the largest or smallest values along an axis, in order, and their places, (…) each."""
    given: dict[str, Any] = dict(zip(("k", "dim", "largest"), call.args[1:], strict=False)) | call.options
    named: dict[str, Any] = {"dim": -1, "largest": True} | given
    named["sorted"] = True
    in_order = Call(call.mode, torch.topk, call.args[:1], named)
    return _ordered(in_order, named["dim"], named["largest"], named["k"])


def _sort_arguments(call: Call[PairedPass]) -> dict[str, Any]:
    given = dict(zip(("dim", "descending"), call.args[1:], strict=False)) | call.options
    return {"dim": -1, "descending": False} | given


def _ordered(call: Call[PairedPass], dim: int, is_descending: bool, count: int | None) -> Any:
    x = call.args[0]
    rows = bounded(x).movedim(dim, -1)
    with torch.no_grad():
        found, twins = call.run(), call.run_with(call.mode.twin)
        shares = shares_of_places(rows, call.mode.twin(x).movedim(dim, -1))
    shares = (shares if is_descending else shares.flip(-2))[..., :count, :]
    # -inf times a share of 0 would be NaN
    surrogate = (shares * rows.unsqueeze(-2)).sum(-1).movedim(-1, dim)
    values = with_gradient_of(call, surrogate, found[0], twins[0])
    _note_order(call, dim, is_descending, found[1], twins[1])
    return type(found)((values, found[1]))


def _note_order(call: Call[PairedPass], dim: int, is_descending: bool, places: Tensor, twins: Tensor) -> None:
    """Note the places of the first few in an order along an axis, int64 (…), and those for the baseline."""
    sign = 1 if is_descending else -1

    def surrogate() -> Tensor:
        values, values_twin = (
            sign * bounded(tensor).movedim(dim, -1) for tensor in (call.args[0], call.mode.twin(call.args[0]))
        )
        with torch.no_grad():
            order = whole_order(places.movedim(dim, -1), values)
            order_twin = whole_order(twins.movedim(dim, -1), values_twin)
            jumps = jumps_of_places(values, values_twin, order, order_twin)[..., : places.shape[dim], :]
        return (jumps * values.unsqueeze(-2)).sum(-1).movedim(-1, dim)

    note_places(call, surrogate, places, twins)
