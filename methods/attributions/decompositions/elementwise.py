"""Functions of several operands, entry by entry, decomposed into univariate functions, sums and products."""

import torch
from torch import Tensor


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """Compute a · σ(b) of the halves a and b of x along dim, (…)."""
    signal, gate = x.chunk(2, dim)
    return signal * torch.sigmoid(gate)


def lerp(start: Tensor, end: Tensor, weight: Tensor | float) -> Tensor:
    """Compute start + weight · (end - start), (…); a constant weight makes the sum of both that it is."""
    return start + weight * (end - start) if isinstance(weight, Tensor) else (1 - weight) * start + weight * end


def addcmul(x: Tensor, first: Tensor, second: Tensor, *, value: float = 1) -> Tensor:
    """Compute x + value · first · second, (…)."""
    return x + value * (first * second)


def addcdiv(x: Tensor, numerator: Tensor, denominator: Tensor, *, value: float = 1) -> Tensor:
    """Compute x + value · numerator / denominator, (…)."""
    return x + value * (numerator / denominator)


def hypot(x: Tensor, y: Tensor) -> Tensor:
    """Compute √(x² + y²), (…)."""
    return (x.square() + y.square()).sqrt()


def nan_to_num(x: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Tensor:
    """Replace NaN and infinity in x, (…)."""
    limits = torch.finfo(x.dtype)
    known = torch.where(x.isnan(), 0.0 if nan is None else nan, x)
    below = torch.where(known == torch.inf, limits.max if posinf is None else posinf, known)
    return torch.where(below == -torch.inf, limits.min if neginf is None else neginf, below)


def clamp(x: Tensor, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:  # noqa: A002
    """Compute x, (…), between two bounds, either of which may be missing."""
    above = x if min is None else torch.maximum(x, _like(min, x))
    return above if max is None else torch.minimum(above, _like(max, x))


def rounded_quotient(x: Tensor, divisor: Tensor | float, mode: str) -> Tensor:
    """Compute x / divisor, (…), rounded as torch.div's rounding_mode says."""
    quotient = x / divisor
    return quotient.floor() if mode == "floor" else quotient.trunc()


def softmin(x: Tensor, dim: int | None = None, dtype: torch.dtype | None = None, **_: int) -> Tensor:
    """Compute softmax(-x) over dim, (…)."""
    return torch.softmax(-x, dim, dtype)  # type: ignore[arg-type]


def _like(bound: Tensor | float, x: Tensor) -> Tensor:
    return bound if isinstance(bound, Tensor) else torch.as_tensor(bound, dtype=x.dtype, device=x.device)
