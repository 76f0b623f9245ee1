"""Perturbations that a mask m in [0, 1] applies to a series: m = 1 keeps a cell, m = 0 perturbs it fully."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...errors import ParameterError

Perturb = Callable[[Tensor, Tensor, Tensor], Tensor]

NAMES = ("fade-to-moving-average", "gaussian-blur", "fade-to-baseline")

_NARROWEST = 1e-7  # width of the blur at m = 1, as a share of the widest; the weight of a neighbour is then 0


def perturbed_by(name: str, blur_width: float) -> Perturb:
    """Return the function of series, what they fade to, and mask, all (rows, time, features), to perturbed series.

    Args:
        name: one of `NAMES`.
        blur_width: σ_max of gaussian-blur, in time steps, above 0.

    Raises:
        ParameterError: an unknown name or a width that is not above 0.
    """
    if name not in NAMES:
        raise ParameterError(f"perturbation must be {', '.join(NAMES)}, got '{name}'")
    if not 0 < blur_width < math.inf:
        raise ParameterError(f"blur_width must be above 0, got {blur_width}")
    if name == "gaussian-blur":
        return lambda series, _absent, mask: blur(series, mask, blur_width)
    return fade


def fade(series: Tensor, absent: Tensor, mask: Tensor) -> Tensor:
    """Return m·x + (1 - m)·x′ for series x, absence x′ and mask m, (rows, time, features)."""
    return absent.lerp(series, mask)


def moving_average(series: Tensor, window: int) -> Tensor:
    """Return μ_{t,i}, the mean of x_{s,i} over the steps s with |s - t| ≤ window, (batch, time, features).

    A window that reaches over an end of the series holds fewer steps; window 0 stands for the whole series.

    Raises:
        ParameterError: a negative window.
    """
    if window < 0:
        raise ParameterError(f"window must be at least 0 time steps, got {window}")
    time = series.shape[1]
    if not window:
        return series.mean(1, keepdim=True).expand_as(series)
    steps = [series[:, max(0, t - window) : t + window + 1].mean(1) for t in range(time)]
    return torch.stack(steps, 1)


def blur(series: Tensor, mask: Tensor, width: float) -> Tensor:
    """Return Σ_s w_{s,t} x_s / Σ_s w_{s,t} with w = exp(-(s - t)² / 2σ²), σ = width · (1 - m), at each cell.

    Steps whose weight is below the rounding of the series' type, even at the widest blur, are left out.

    Args:
        series: x, (rows, time, features).
        mask: m, (rows, time, features), in [0, 1].
        width: σ at m = 0, in time steps.

    Returns:
        (rows, time, features).
    """
    time = series.shape[1]
    reach = min(time - 1, math.ceil(width * math.sqrt(-2 * math.log(torch.finfo(series.dtype).eps))))
    offsets = torch.arange(-reach, reach + 1, device=series.device)
    steps = torch.arange(time, device=series.device)[:, None] + offsets
    inside = (steps >= 0) & (steps < time)
    neighbours = series[:, steps.clamp(0, time - 1)].transpose(2, 3)  # (rows, time, features, offsets)
    spread = (width * ((1 + _NARROWEST) - mask)).square().mul(2).unsqueeze(3)
    weights = torch.exp(-offsets.square() / spread) * inside[:, None]
    return (weights * neighbours).sum(3) / weights.sum(3)
