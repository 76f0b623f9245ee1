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


def shares_of_places(values: Tensor, twins: Tensor) -> Tensor:
    """Return w_ki, the share of α in [0, 1] at which i is the kth largest of twin + α·(value - twin), last axis.

    Each line is followed alone: wherever another one crosses it, its place changes by one.

    Args:
        values: (…, operands); infinity in both changes nothing.
        twins: (…, operands), the values for the baseline.

    Returns:
        (…, places, operands), at least 0; rows and columns sum to 1.
    """
    values, twins = _finite(values), _finite(twins)
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
    named = {"dim": -1, "descending": False}
    named |= dict(zip(("dim", "descending"), call.args[1:], strict=False))
    named |= {name: value for name, value in call.options.items() if name != "stable"}
    x = call.args[0]
    shares = _shares(call, x, named["dim"])
    return _ordered(call, shares if named["descending"] else shares.flip(-2), named["dim"])


def topk(call: Call[PairedPass]) -> Any:
    """Apply topk: the largest or smallest values along an axis, in order, and their places, (…) each."""
    named = {"dim": -1, "largest": True}
    named |= dict(zip(("k", "dim", "largest"), call.args[1:], strict=False)) | call.options
    named["sorted"] = True
    shares = _shares(call, call.args[0], named["dim"])
    shares = shares if named["largest"] else shares.flip(-2)
    in_order = Call(call.mode, torch.topk, call.args[:1], named)
    return _ordered(in_order, shares[..., : named["k"], :], named["dim"])


def _shares(call: Call[PairedPass], x: Tensor, dim: int) -> Tensor:
    with torch.no_grad():
        return shares_of_places(x.movedim(dim, -1), call.mode.twin(x).movedim(dim, -1))


def _ordered(call: Call[PairedPass], shares: Tensor, dim: int) -> Any:
    x = call.args[0]
    with torch.no_grad():
        found, twins = call.run(), call.run_with(call.mode.twin)
    # -inf times a share of 0 would be NaN
    surrogate = (shares * _finite(x).movedim(dim, -1).unsqueeze(-2)).sum(-1).movedim(-1, dim)
    values = with_gradient_of(call, surrogate, found[0], twins[0])
    call.mode.note_discrete(found[1], twins[1])
    return type(found)((values, found[1]))


def _finite(x: Tensor) -> Tensor:
    """Return x, (…), with infinity brought so near that differences are finite."""
    far = torch.finfo(x.dtype).max / 8
    return x.clamp(-far, far)
