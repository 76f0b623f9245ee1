"""Logarithms of sums of exponentials, decomposed into torch.logsumexp."""

import torch
from torch import Tensor


def logcumsumexp(x: Tensor, dim: int) -> Tensor:
    """Compute log Σ_{s <= t} exp(x_s) for each t along dim, each with its own shift against underflow, (…)."""
    length = x.shape[dim]
    later = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
    last = x.movedim(dim, -1)
    prefixes = last.unsqueeze(-2).expand(*last.shape, length).masked_fill(later, -torch.inf)
    return torch.logsumexp(prefixes, -1).movedim(-1, dim)


def logaddexp(x: Tensor, other: Tensor) -> Tensor:
    """Compute log(exp x + exp other), (…)."""
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(x, other)), 0)
