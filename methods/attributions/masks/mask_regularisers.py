"""Gradients of the mask regularisers: area, and changes over time."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


class SizeSlopes:
    """Half the derivative of ‖sort(m) - r‖² by m, which is m - r with r = 1 at the largest entries, else 0.

    Entries that tie for the last of these places share them: r is then the same fraction for all of them, the mean
    over the orders in which a sort may put them.

    From one epoch to the next, mostly the same entries stay the largest. A bound between them and the others is kept
    for each sample; where as many entries as wanted lie above it, they are the largest, and nothing need be sorted.

    Args:
        masks: the masks of all samples, (batch, time, features), for their size, type and device.
        kept: how many entries of each mask r asks to be 1.
    """

    def __init__(self, masks: Tensor, kept: int) -> None:
        self._kept = kept
        self._bounds = masks.new_full((len(masks), 1, 1), math.inf)
        exact = masks[0].numel() * torch.finfo(masks.dtype).eps <= 1
        self._counts = masks.dtype if exact else torch.float64

    def of(self, mask: Tensor, samples: slice, out: Tensor) -> Tensor:
        """Return the slopes of the masks of some samples, (samples, time, features), written to out."""
        bounds = self._bounds[samples]
        torch.gt(mask, bounds, out=out)
        unsure = [row for row, count in enumerate(self._sums(out).flatten().tolist()) if count != self._kept]
        for rows in _apart(unsure, mask.device):
            out[rows], bounds[rows] = self._sorted(mask[rows])
        return torch.sub(mask, out, out=out)

    def _sorted(self, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Return r, and a bound between the largest entries and the others unless they tie, (samples, 1, 1)."""
        ordered = _ordered(mask.flatten(1))
        first = ordered.shape[1] - self._kept
        last = ordered[:, first, None, None]
        below = ordered[:, first - 1, None, None] if first else torch.full_like(last, -math.inf)
        larger, equal = mask.clone().gt_(last), mask.clone().eq_(last)
        share = (self._kept - self._sums(larger)) / self._sums(equal)
        return larger.addcmul_(equal, share.to(mask.dtype)), (below + last) / 2

    def _sums(self, mask: Tensor) -> Tensor:
        return mask.sum((1, 2), keepdim=True, dtype=self._counts)


def jump_slopes(mask: Tensor) -> Tensor:
    """Return the derivative of Σ |m_{t+1,i} - m_{t,i}| by m, (batch, time, features), 0 where nothing jumps."""
    slopes = torch.zeros_like(mask)
    if mask.shape[1] > 1:
        signs = mask.diff(dim=1).sign()
        slopes[:, 1:] += signs
        slopes[:, :-1] -= signs
    return slopes


def _apart(rows: list[int], device: torch.device) -> Sequence[slice | list[int]]:
    """Return indices of rows: views on a CPU, where a copy takes as long as a sort; few kernels elsewhere."""
    if device.type == "cpu":
        return [slice(row, row + 1) for row in rows]
    return [rows] if rows else []


def _ordered(flat: Tensor) -> Tensor:
    # 20 times as fast as torch.sort; where entries tie, np.partition is slower too
    if flat.device.type == "cpu" and flat.dtype != torch.bfloat16:  # which NumPy does not have
        return torch.from_numpy(np.sort(flat.numpy(), axis=1))
    return flat.sort(1).values
