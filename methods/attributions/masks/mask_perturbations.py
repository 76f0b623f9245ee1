"""Perturb series by masks: 1 keeps an entry, 0 replaces it."""

import math
from typing import Protocol

import torch
from torch import Tensor

from ..validation.parameter_checks import check_perturbation, check_window

_NARROWEST = 1e-7  # width of the blur at m = 1, as a share of the widest; the weight of a neighbour is then 0


class Perturbation(Protocol):
    """Π_m of the samples of a chunk. It works entry by entry: a point depends on m in its own entry alone."""

    slopes: Tensor
    """∂(Π_m x)/∂m at the points of each sample that were asked for last, (batch, time, features)."""

    def write(self, mask: Tensor, samples: slice, points: Tensor) -> None:
        """Fill points with Π_m x for masks of some samples, all (samples, time, features)."""
        ...


def choose_perturbation(name: str, series: Tensor, baseline: Tensor, window: int, blur_width: float) -> Perturbation:
    """Return the perturbation of series (batch, time, features).

    Args:
        name: one of `parameter_checks.PERTURBATIONS`.
        series: x, (batch, time, features).
        baseline: what fade-to-baseline fades to, (batch, time, features).
        window: steps on either side in the moving average; 0 for the mean over the whole series.
        blur_width: σ_max of gaussian-blur, in time steps, above 0.

    Raises:
        ParameterError: an unknown name, a negative window or a width that is not above 0.
    """
    check_perturbation(name, window, blur_width)
    if name == "gaussian-blur":
        return Blur(series, blur_width)
    return Fade(series, baseline if name == "fade-to-baseline" else moving_average(series, window))


class Fade:
    """m·x + (1 - m)·x′ for series x and absence x′, (batch, time, features)."""

    def __init__(self, series: Tensor, absent: Tensor) -> None:
        self._series, self._absent = series, absent
        self.slopes = series - absent

    def write(self, mask: Tensor, samples: slice, points: Tensor) -> None:
        """Fill points with m·x + (1 - m)·x′ for masks of some samples, all (samples, time, features)."""
        torch.lerp(self._absent[samples], self._series[samples], mask, out=points)


class Blur:
    """Series x, (batch, time, features), blurred in time by a Gaussian of σ = width · (1 - m), see `blur`."""

    def __init__(self, series: Tensor, width: float) -> None:
        self._series, self._width = series, width
        self.slopes = torch.empty_like(series)

    def write(self, mask: Tensor, samples: slice, points: Tensor) -> None:
        """Fill points with blurred series for masks of some samples, all (samples, time, features)."""
        blurred, self.slopes[samples] = blur(self._series[samples], mask, self._width)
        points.copy_(blurred)


def moving_average(series: Tensor, window: int) -> Tensor:
    """Return μ_{t,i}, the mean of x_{s,i} over the steps s with |s - t| ≤ window, (batch, time, features).

    A window that reaches over an end of the series holds fewer steps; window 0 stands for the whole series.

    Raises:
        ParameterError: a negative window.
    """
    check_window(window)
    time = series.shape[1]
    if not window:
        return series.mean(1, keepdim=True).expand_as(series)
    steps = [series[:, max(0, t - window) : t + window + 1].mean(1) for t in range(time)]
    return torch.stack(steps, 1)


def blur(series: Tensor, mask: Tensor, width: float) -> tuple[Tensor, Tensor]:
    """Return Σ_s w_{s,t} x_s / Σ_s w_{s,t} with w = exp(-(s - t)² / 2σ²), σ = width · (1 - m), and its derivative.

    The derivative by m is -width / σ³ · Σ_s w_{s,t} (s - t)² (x_s - y_t) / Σ_s w_{s,t}, with y the blurred series.
    Steps whose weight is below the rounding of the series' type, even at the widest blur, are left out.

    Args:
        series: x, (rows, time, features).
        mask: m, (rows, time, features), in [0, 1].
        width: σ at m = 0, in time steps.

    Returns:
        y and ∂y/∂m, both (rows, time, features).
    """
    time = series.shape[1]
    reach = min(time - 1, math.ceil(width * math.sqrt(-2 * math.log(torch.finfo(series.dtype).eps))))
    offsets = torch.arange(-reach, reach + 1, device=series.device)
    steps = torch.arange(time, device=series.device)[:, None] + offsets
    inside = (steps >= 0) & (steps < time)
    neighbours = series[:, steps.clamp(0, time - 1)].transpose(2, 3)  # (rows, time, features, offsets)
    sigma = (width * ((1 + _NARROWEST) - mask)).unsqueeze(3)
    weights = torch.exp(-offsets.square() / sigma.square().mul(2)) * inside[:, None]
    total = weights.sum(3)
    blurred = (weights * neighbours).sum(3) / total
    pull = (weights * offsets.square() * (neighbours - blurred.unsqueeze(3))).sum(3) / total
    return blurred, -width * pull / sigma.squeeze(3) ** 3
