"""Attention of every time step over the series so far, for all steps at once and safe for any scores.

The score of a row does not depend on the step that attends to it. With keys k(s) = exp(score(s) - c), for any
constant c, the softmax over a prefix is k(s) / (k(1) + ... + k(t)), so that all steps together are one causal
matrix whose rank is the number of hops: steps in earlier blocks of time reach a step through one sum for each hop.
The keys leave the range of the number format only where a score rises far above the first one; such scores take
the definition itself, hop by hop.
"""

import math

import torch
from torch import Tensor

from ..causal_products import causal_product, for_each_hop, hops_as_samples, samples_as_hops
from ..operations import Kind, composite


def _causal_softmax(scores: Tensor) -> Tensor:
    """Return the causal attention matrices (batch, hops, time, time) of scores (batch, time, hops)."""
    batch, time, hops = scores.shape
    later = torch.ones(time, time, dtype=torch.bool, device=scores.device).triu(1)
    rows = scores.transpose(1, 2).reshape(batch, hops, 1, time)
    # not -inf: the difference of two infinities would be NaN in difference rules such as DeepLIFT's
    return torch.softmax(rows.masked_fill(later, torch.finfo(scores.dtype).min), dim=-1)


def _mean_by_definition(scores: Tensor, values: Tensor) -> Tensor:
    return _causal_softmax(scores).mean(dim=1) @ values


def _per_hop_by_definition(scores: Tensor, values: Tensor) -> Tensor:
    batch, time, features = values.shape
    rows = _causal_softmax(scores) @ values.reshape(batch, 1, time, features)
    return rows.transpose(1, 2)


def _keys(scores: Tensor) -> Tensor | None:
    """Return exp(score(s) - score(1)), (batch, time, hops), or None where that would be too large.

    A third of the exponents leaves room for the square of a sum of keys, which the gradient of a quotient needs.
    """
    rise = scores - scores[:, :1].detach()
    highest = math.log(torch.finfo(scores.dtype).max) / 3
    return torch.exp(rise) if bool((rise.detach() <= highest).all()) else None


@composite(_mean_by_definition, Kind.PREFIX_ATTENTION)
def prefix_attention(scores: Tensor, values: Tensor) -> Tensor:
    """Return the mean over hops of the sum over s <= t of softmax(score(s), s <= t) x_s.

    Args:
        scores: (batch, time, hops), any finite numbers.
        values: the rows x_s, (batch, time, features).

    Returns:
        (batch, time, features).
    """
    keys = _keys(scores)
    if keys is None:
        return torch.stack([_mean_by_definition(hop, values) for hop in scores.split(1, dim=2)]).mean(dim=0)
    shares = 1 / (scores.shape[2] * keys.cumsum(dim=1))
    return causal_product(shares, keys, values)


@composite(_per_hop_by_definition, Kind.PREFIX_ATTENTION_PER_HOP)
def prefix_attention_per_hop(scores: Tensor, values: Tensor) -> Tensor:
    """Return the sum over s <= t of softmax(score_k(s), s <= t) x_s for every hop k.

    Args:
        scores: (batch, time, hops), any finite numbers.
        values: the rows x_s, (batch, time, features).

    Returns:
        (batch, time, hops, features).
    """
    keys = _keys(scores)
    if keys is None:
        return torch.cat([_per_hop_by_definition(hop, values) for hop in scores.split(1, dim=2)], dim=2)
    hops = scores.shape[2]
    share, key = (hops_as_samples(part[..., None]) for part in (1 / keys.cumsum(dim=1), keys))
    return samples_as_hops(causal_product(share, key, hops_as_samples(for_each_hop(values, hops))), hops)
