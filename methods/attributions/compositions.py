"""Operations that DeepLIFT takes apart into sums, univariate functions and products."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from .interception import Call, PairedPass, Rule, unsupported

# PyTorch hands these over without meaning: `out` is None here, `_stacklevel` belongs to a warning
_MEANINGLESS = {"out", "_stacklevel"}


def composition(operation: Callable[..., Any]) -> Rule:
    """Return the rule of a function that `operation(pairs, *args, **options)` writes in other operations."""

    def rule(call: Call) -> Any:
        options = {name: value for name, value in call.options.items() if name not in _MEANINGLESS}
        return operation(call.pairs, *call.args, **options)

    return rule


def softmax(pairs: PairedPass, x: Tensor, dim: int | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """Compute exp(x - log Σ exp(x)) over dim.

    The product of exp(x) and 1 / Σ exp(x) has the same value, but its split would weigh differences of the
    exponentials by the larger of the two reciprocals: contributions that grow exponentially with the scores and
    cancel only in their sum. In the form used here they are at most proportional to the scores.
    """
    with pairs:
        return torch.exp(torch.log_softmax(x, _axis(dim), dtype=dtype))


def log_softmax(pairs: PairedPass, x: Tensor, dim: int | None = None, dtype: torch.dtype | None = None) -> Tensor:
    """Compute x - log Σ exp(x) over dim."""
    with pairs:
        x = x if dtype is None else x.to(dtype)
        return x - torch.logsumexp(x, _axis(dim), keepdim=True)


def logsumexp(pairs: PairedPass, x: Tensor, dim: int, keepdim: bool = False) -> Tensor:
    """Compute c + log Σ exp(x - c) over dim with one constant c for input and baseline, so that it cancels."""
    with torch.no_grad():
        highest = torch.maximum(x, pairs.twin(x)).amax(dim, keepdim=True)
        shift = torch.where(torch.isinf(highest), 0.0, highest)
    with pairs:
        result = torch.log(torch.exp(x - shift).sum(dim, keepdim=True)) + shift
        return result if keepdim else result.squeeze(dim)


def logcumsumexp(pairs: PairedPass, x: Tensor, dim: int) -> Tensor:
    """Compute log Σ_{s <= t} exp(x_s) for each t along dim, each with its own shift against underflow."""
    length = x.shape[dim]
    later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
    with pairs:
        last = x.movedim(dim, -1)
        prefixes = last.unsqueeze(-2).expand(*last.shape, length).masked_fill(later, -torch.inf)
        return torch.logsumexp(prefixes, -1).movedim(-1, dim)


def layer_norm(
    pairs: PairedPass,
    x: Tensor,
    normalized_shape: Sequence[int],
    *,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Compute (x - mean) / sqrt(variance + eps) over the last axes, times weight, plus bias."""
    axes = tuple(range(-len(normalized_shape), 0))
    with pairs:
        centred = x - x.mean(axes, keepdim=True)
        scaled = centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + eps)
        scaled = scaled if weight is None else scaled * weight
        return scaled if bias is None else scaled + bias


def normalize(pairs: PairedPass, x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Compute x / max(‖x‖₂, eps) over dim, written with max(‖x‖₂², eps²) so that it has no kink at x = 0.

    Raises:
        UnsupportedOperationError: a norm other than p = 2.
    """
    if p != 2.0:
        raise unsupported(torch.nn.functional.normalize, f"with p={p}")
    with pairs:
        return x * torch.rsqrt(x.square().sum(dim, keepdim=True).clamp_min(eps**2))


def _axis(dim: int | None) -> int:
    if dim is None:
        raise unsupported(torch.softmax, "without dim")
    return dim
