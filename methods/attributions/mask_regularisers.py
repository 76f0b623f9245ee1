"""What keeps a learned mask small and its changes in time rare, as slopes: derivatives by the mask."""

import numpy as np
import torch
from torch import Tensor


def size_slopes(mask: Tensor, kept: int) -> Tensor:
    """Return half the derivative of ‖sort(m) - r‖² by m, which is m - r with r = 1 at the largest cells, else 0.

    Cells that tie for the last of these places share them: r is then the same fraction for all of them, the mean
    over the orders in which a sort may put them.

    Args:
        mask: m, (batch, time, features).
        kept: how many cells of each mask r asks to be 1.

    Returns:
        (batch, time, features).
    """
    flat = mask.flatten(1)
    wanted = _wanted(flat, kept)
    return torch.sub(flat, wanted, out=wanted).view_as(mask)


def jump_slopes(mask: Tensor) -> Tensor:
    """Return the derivative of Σ |m_{t+1,i} - m_{t,i}| by m, (batch, time, features), 0 where nothing jumps."""
    slopes = torch.zeros_like(mask)
    if mask.shape[1] > 1:
        signs = mask.diff(dim=1).sign()
        slopes[:, 1:] += signs
        slopes[:, :-1] -= signs
    return slopes


def _wanted(flat: Tensor, kept: int) -> Tensor:
    cells = flat.shape[1]
    if not kept:
        return torch.zeros_like(flat)
    ordered = _ordered(flat)
    last = ordered[:, cells - kept, None].contiguous()
    below, reached = torch.searchsorted(ordered, last), torch.searchsorted(ordered, last, right=True)
    share = (kept - cells + reached) / (reached - below).to(flat.dtype)
    if bool((share == 1).all()):
        return flat.clone().ge_(last)
    return torch.where(flat == last, share, flat.clone().gt_(last))


def _ordered(flat: Tensor) -> Tensor:
    if flat.device.type == "cpu":
        return torch.from_numpy(np.sort(flat.numpy(), axis=1))  # 20 times as fast as torch.sort
    return flat.sort(1).values
