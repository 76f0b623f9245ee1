"""Softmax and its relatives, decomposed for DeepLIFT into sums, univariate functions and products."""

import torch
from torch import Tensor

from ...interception.interception import Call
from ..paired_pass import PairedPass
from .difference_rules import between, singular


def softmax(mode: PairedPass, x: Tensor, dim: int | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """Compute exp(x - log Σ exp(x)) over dim, (…).

    The product of exp(x) and 1 / Σ exp(x) has the same value, but an even split would weigh differences of the
    exponentials by the larger of the two reciprocals: contributions that grow exponentially with the scores and
    cancel only in their sum. In the form used here they are at most proportional to the scores.
    """
    with mode:
        return torch.exp(torch.log_softmax(x, _axis(mode, dim), dtype=dtype))


def log_softmax(mode: PairedPass, x: Tensor, dim: int | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """Compute x - log Σ exp(x) over dim, (…)."""
    with mode:
        x = x if dtype is None else x.to(dtype)
        return x - torch.logsumexp(x, _axis(mode, dim), keepdim=True)


def logsumexp(mode: PairedPass, x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """Compute c + log Σ exp(x - c) over dim with one constant c for input and baseline, so that it cancels, (…).

    The sum of the one far below the other underflows; then its logarithm comes from a constant of its own.
    """
    twin = mode.twin(x)
    with torch.no_grad():
        highest = torch.maximum(x, twin).amax(dim, keepdim=True)
        shift = torch.where(torch.isinf(highest), 0.0, highest)
    with mode:
        total = torch.exp(x - shift).sum(dim, keepdim=True)
    with torch.no_grad():
        logarithms = _logarithm(total, x, shift, dim), _logarithm(mode.twin(total), twin, shift, dim)
    logarithm = between(Call(mode, torch.log, (total,), {}), torch.log, total, logarithms, singular)
    with mode:
        result = logarithm + shift
        return result if keepdim else result.squeeze(dim)


def _logarithm(total: Tensor, x: Tensor, shift: Tensor, dim: int) -> Tensor:
    """Return log total, total being Σ exp(x - shift) over dim, also where that underflows."""
    underflowed = total < torch.finfo(total.dtype).tiny
    if not bool(underflowed.any()):
        return total.log()
    return torch.where(underflowed, torch.logsumexp(x, dim, keepdim=True) - shift, total.log())


def _axis(mode: PairedPass, dim: int | None) -> int:
    if dim is None:
        raise mode.unsupported(torch.softmax, "without dim")
    return dim
