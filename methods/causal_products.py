"""Products with the lower triangle of shares keysᵀ, block by block: time and memory linear in the steps.

Steps in earlier blocks of time reach a step, and later ones go back from it, through one matrix for each block.
"""

from collections.abc import Callable

from torch import Tensor
from torch.nn.functional import pad

# steps; the fastest of 10 to 50 at 100 steps, as fast as all at once there, and memory stays linear in time
_BLOCK = 34


def causal_product(shares: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Return Σ_{s <= t} (shares_t · keys_s) values_s, (batch, time, features).

    Args:
        shares: (batch, time, width).
        keys: (batch, time, width).
        values: (batch, time, features).
    """
    return _product(shares, keys, values, Tensor.tril_, _sums_before)


def reverse_causal_product(shares: Tensor, keys: Tensor, values: Tensor) -> Tensor:
    """Return Σ_{t >= s} (shares_t · keys_s) values_t, (batch, time, features), for each s.

    Args:
        shares: (batch, time, width).
        keys: (batch, time, width).
        values: (batch, time, features).
    """
    return _product(keys, shares, values, Tensor.triu_, _sums_after)


def for_each_hop(values: Tensor, hops: int) -> Tensor:
    """Return values (batch, time, features) once for each hop, (batch, time, hops, features)."""
    return values[:, :, None].expand(-1, -1, hops, -1)


def hops_as_samples(rows: Tensor) -> Tensor:
    """Return (batch, time, hops, …) as (batch · hops, time, …)."""
    return rows.transpose(1, 2).flatten(0, 1)


def samples_as_hops(rows: Tensor, hops: int) -> Tensor:
    """Return (batch · hops, time, …) as (batch, time, hops, …)."""
    found: Tensor = rows.unflatten(0, (len(rows) // hops, hops))
    return found.transpose(1, 2)


def _product(
    own: Tensor,
    others: Tensor,
    values: Tensor,
    triangle: Callable[[Tensor], Tensor],
    sums: Callable[[Tensor, Tensor, int], Tensor],
) -> Tensor:
    """Return Σ (own_t · others_s) values_s over a triangle of (t, s), its blocks further off being summed first."""
    own_blocks, blocks, value_blocks = _blocks(own, others, values)
    within = triangle(own_blocks @ blocks.transpose(1, 2)) @ value_blocks
    return _joined(within + own_blocks @ sums(blocks, value_blocks, _count(values)), values)


def _length(rows: Tensor) -> int:
    return min(_BLOCK, rows.shape[1])


def _count(rows: Tensor) -> int:
    return -(-rows.shape[1] // _length(rows))


def _blocks(*rows: Tensor) -> list[Tensor]:
    """Return each (batch, time, width) as (batch · blocks, length, width), zeros after the end."""
    length, count = _length(rows[0]), _count(rows[0])
    padded = [pad(part, (0, 0, 0, count * length - part.shape[1])) for part in rows]
    return [part.reshape(len(part) * count, length, part.shape[2]) for part in padded]


def _joined(blocks: Tensor, like: Tensor) -> Tensor:
    """Return blocks as (batch, time, width) of rows like these."""
    steps = _length(like) * _count(like)
    return blocks.reshape(len(like), steps, blocks.shape[2])[:, : like.shape[1]]


def _sums_before(keys: Tensor, values: Tensor, count: int) -> Tensor:
    """Return the sum of keysᵀ values of all blocks before each, (batch · blocks, width, features)."""
    return _running(_sums(keys, values, count)).flatten(0, 1)


def _sums_after(keys: Tensor, values: Tensor, count: int) -> Tensor:
    """Return the sum of keysᵀ values of all blocks after each, (batch · blocks, width, features)."""
    return _running(_sums(keys, values, count).flip(1)).flip(1).flatten(0, 1)


def _sums(keys: Tensor, values: Tensor, count: int) -> Tensor:
    """Return keysᵀ values of each block, (batch, blocks, width, features)."""
    sums: Tensor = (keys.transpose(1, 2) @ values).unflatten(0, (len(keys) // count, count))
    return sums


def _running(sums: Tensor) -> Tensor:
    return pad(sums[:, :-1].cumsum(dim=1), (0, 0, 0, 0, 1, 0))
