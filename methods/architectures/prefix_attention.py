"""Attention of every time step over the series so far, for all steps at once and safe for any scores.

The score of a row does not depend on the step that attends to it. With keys k(s) = exp(score(s) - c), for any
constant c, the softmax over a prefix is k(s) / (k(1) + ... + k(t)): all steps together are one causal matrix
whose rank is the number of hops. Time is cut into blocks, so that a step meets the rows of its own block
through that matrix and all earlier rows through one sum per hop; memory is linear in time.

The keys leave the range of the number format only where a score rises far above the first one; such scores
take the definition itself, hop by hop.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from ..operations import composite

# long enough to keep matrix products busy, short enough to waste little above the diagonal
_LONGEST_BLOCK = 32


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
    """Return positive keys (batch, time, hops), or None where a score rises too far above the first one.

    The first key stands at the cube root of the smallest number, and the highest may reach the cube root of
    the largest: this leaves room for the square of a sum of keys, which the gradient of a quotient needs.
    """
    room = math.log(torch.finfo(scores.dtype).max) / 3
    rise = scores - scores[:, :1].detach()
    return torch.exp(rise - room) if rise.detach().max() <= 2 * room else None


def _in_blocks(series: Tensor) -> Tensor:
    """Cut (batch, time, width) into (batch, blocks, steps, width), with zeros after the end."""
    batch, time, width = series.shape
    blocks = math.ceil(time / _LONGEST_BLOCK)
    return F.pad(series, (0, 0, 0, -time % blocks)).reshape(batch, blocks, -1, width)


def _before_block(keys: Tensor, values: Tensor) -> Tensor:
    """Return the sum of k(s) x_s over all rows before each block, (batch, blocks, hops, features)."""
    sums = (keys.transpose(2, 3) @ values).cumsum(dim=1)
    return F.pad(sums[:, :-1], (0, 0, 0, 0, 1, 0))


@composite(_mean_by_definition)
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
    shares = _in_blocks(1 / (scores.shape[2] * keys.cumsum(dim=1)))
    keys, rows = _in_blocks(keys), _in_blocks(values)
    mean = torch.tril(shares @ keys.transpose(2, 3)) @ rows + shares @ _before_block(keys, rows)
    return mean.flatten(1, 2)[:, : scores.shape[1]]


@composite(_per_hop_by_definition)
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
    sums = keys.cumsum(dim=1).unsqueeze(3)
    return (keys.unsqueeze(3) * values.unsqueeze(2)).cumsum(dim=1) / sums
