"""Medians and quantiles, decomposed into a sort and sums."""

from typing import Any

import torch
from torch import Tensor

from ..interception.interception import Interception


def msort(x: Tensor) -> Tensor:
    """Sort x, (…), along its first axis."""
    return x.sort(0)[0]


def aminmax(x: Tensor, *, dim: int | None = None, keepdim: bool = False) -> tuple[Tensor, Tensor]:
    """Return the smallest and the largest of x, (), or along dim, (…)."""
    axes = () if dim is None else dim
    return x.amin(axes, keepdim), x.amax(axes, keepdim)


def kthvalue(mode: Interception, x: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """Return the kth smallest of x along dim, (…), and where it is."""
    return _of_rank(mode, x, torch.kthvalue(x.detach(), k, dim, keepdim), k - 1, dim, keepdim)


def median(mode: Interception, x: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """Return the lower median of x, (), or along dim, (…), and where it is."""
    if dim is None:
        with mode:
            return x.flatten().sort()[0][(x.numel() - 1) // 2]
    return _of_rank(mode, x, torch.median(x.detach(), dim, keepdim), (x.shape[dim] - 1) // 2, dim, keepdim)


def cummax(mode: Interception, x: Tensor, dim: int) -> Any:
    """Return the largest of x up to each step of dim, (…), and where it is."""
    found = torch.cummax(x.detach(), dim)
    with mode:
        return type(found)((_largest_so_far(x, dim), found[1]))


def cummin(mode: Interception, x: Tensor, dim: int) -> Any:
    """Return the smallest of x up to each step of dim, (…), and where it is."""
    found = torch.cummin(x.detach(), dim)
    with mode:
        return type(found)((-_largest_so_far(-x, dim), found[1]))


def quantile(
    mode: Interception,
    x: Tensor,
    q: float | Tensor,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
) -> Tensor:
    """Return quantiles of x, (), or along dim, (…), between two values in proportion.

    Raises:
        UnsupportedOperationError: another interpolation, or quantiles that depend on the input.
    """
    if interpolation != "linear" or mode.varies(q):
        raise mode.unsupported(torch.quantile, f"with interpolation={interpolation!r} or a varying q")
    axis = -1 if dim is None else dim
    with mode:
        rows = (x.flatten() if dim is None else x).sort(axis)[0].movedim(axis, -1)
        place = torch.as_tensor(q, dtype=x.dtype, device=x.device) * (rows.shape[-1] - 1)
        below = place.floor().long()
        lower, upper = rows[..., below], rows[..., (below + 1).clamp(max=rows.shape[-1] - 1)]
        found = lower + (place - below) * (upper - lower)
        found = found.movedim(-1, 0) if place.ndim else found
        if not keepdim:
            return found
        return found.reshape(*place.shape, *[1] * x.ndim) if dim is None else found.unsqueeze(_after(axis, place, x))


def _largest_so_far(x: Tensor, dim: int) -> Tensor:
    length = x.shape[dim]
    later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
    last = x.movedim(dim, -1)
    return last.unsqueeze(-2).expand(*last.shape, length).masked_fill(later, -torch.inf).amax(-1).movedim(-1, dim)


def _of_rank(mode: Interception, x: Tensor, found: Any, rank: int, dim: int, keepdim: bool) -> Any:
    """Return a pair like what PyTorch found: the value of a rank from the smallest, and the place that was found."""
    with mode:
        values = x.sort(dim)[0].narrow(dim, rank, 1)
        values = values if keepdim else values.squeeze(dim)
    return type(found)((values, found[1]))


def _after(axis: int, place: Tensor, x: Tensor) -> int:
    return axis % x.ndim + place.ndim
