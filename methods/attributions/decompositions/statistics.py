"""Variances, norms and distances, decomposed into sums, squares and roots."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..interception.interception import Interception

_Axes = int | Sequence[int] | None


def variance(
    x: Tensor,
    dim: _Axes | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """Compute Σ (x - mean)² / (count - correction) over dim, (…)."""
    return _moments(x, dim, unbiased, keepdim, correction)[0]


def deviation(x: Tensor, *args: Any, **options: Any) -> Tensor:
    """Compute the root of `variance`, (…)."""
    return variance(x, *args, **options).sqrt()


def variance_and_mean(
    x: Tensor,
    dim: _Axes | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Compute `variance` and the mean over dim, (…) each."""
    return _moments(x, dim, unbiased, keepdim, correction)


def deviation_and_mean(x: Tensor, *args: Any, **options: Any) -> tuple[Tensor, Tensor]:
    """Compute `deviation` and the mean over dim, (…) each."""
    found, mean = variance_and_mean(x, *args, **options)
    return found.sqrt(), mean


def norm(
    mode: Interception,
    x: Tensor,
    p: float | str | None = "fro",
    dim: _Axes = None,
    keepdim: bool = False,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Compute (Σ |x|^p)^(1/p) over dim, (…), as torch.norm does.

    Raises:
        UnsupportedOperationError: the nuclear norm, or p = 0, which counts.
    """
    order = 2.0 if p in ("fro", None) else p
    if isinstance(order, str) or order == 0:
        raise mode.unsupported(torch.norm, f"with p={p!r}")
    with mode:
        return _norm(x if dtype is None else x.to(dtype), float(order), dim, keepdim)


def vector_norm(
    mode: Interception,
    x: Tensor,
    ord: float = 2.0,  # noqa: A002 - PyTorch's name
    dim: _Axes = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Compute the norm of torch.linalg.vector_norm over dim, (…).

    Raises:
        UnsupportedOperationError: ord = 0, which counts.
    """
    return norm(mode, x, ord, dim, keepdim, dtype)


def linalg_norm(
    mode: Interception,
    x: Tensor,
    ord: float | str | None = None,  # noqa: A002 - PyTorch's name
    dim: _Axes = None,
    keepdim: bool = False,
    *,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Compute the norm of torch.linalg.norm over dim, (…).

    Raises:
        UnsupportedOperationError: a norm of matrices but the Frobenius norm.
    """
    of_matrices = ord is not None and (len(dim) == 2 if isinstance(dim, Sequence) else dim is None and x.ndim == 2)
    if of_matrices and ord != "fro":
        raise mode.unsupported(torch.linalg.norm, f"of matrices with ord={ord!r}")
    return norm(mode, x, ord, dim, keepdim, dtype)


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Compute x1 · x2 / (max(‖x1‖, eps) · max(‖x2‖, eps)) over dim, (…)."""
    scaled = [x * torch.rsqrt(x.square().sum(dim, keepdim=True).clamp_min(eps**2)) for x in (x1, x2)]
    return (scaled[0] * scaled[1]).sum(dim)


def pairwise_distance(
    mode: Interception, x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
) -> Tensor:
    """Compute ‖x1 - x2 + eps‖ over the last axis, (…)."""
    with mode:
        difference = x1 - x2 + eps
    return norm(mode, difference, p, -1, keepdim)


def cdist(mode: Interception, x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = None) -> Tensor:  # noqa: ARG001
    """Compute the distances of all rows of x1, (…, rows, width), from those of x2, (…, others, width)."""
    with mode:
        difference = x1.unsqueeze(-2) - x2.unsqueeze(-3)
    return norm(mode, difference, p, -1)


def mse_loss(x: Tensor, other: Tensor, reduction: str = "mean", **_: Any) -> Tensor:
    """Compute (x - other)², (…), its mean or its sum."""
    found = (x - other).square()
    return found if reduction == "none" else getattr(found, reduction)()


def count_nonzero(x: Tensor, dim: _Axes = None) -> Tensor:
    """Count what is not 0 over dim, (…)."""
    return (x != 0).sum(_axes(x, dim))


def lp_pool1d(
    x: Tensor, norm_type: float, kernel_size: int, stride: int | None = None, ceil_mode: bool = False
) -> Tensor:
    """Compute (Σ x^p)^(1/p) over windows of the last axis, (…)."""
    mean = functional.avg_pool1d(x**norm_type, kernel_size, stride or kernel_size, 0, ceil_mode)
    return (torch.relu(mean) * kernel_size) ** (1 / norm_type)


def _moments(
    x: Tensor, dim: _Axes | bool, unbiased: bool, keepdim: bool, correction: float | None
) -> tuple[Tensor, Tensor]:
    is_flag = isinstance(dim, bool)  # torch.var takes it in this place too
    axes = _axes(x, None if is_flag else dim)
    fewer = float(dim if is_flag else unbiased) if correction is None else correction  # type: ignore[arg-type]
    count = math.prod(x.shape[axis] for axis in axes)
    mean = x.mean(axes, keepdim=True)
    found = (x - mean).square().sum(axes, keepdim=keepdim) / max(count - fewer, 0)
    return found, mean if keepdim else x.mean(axes)


def _norm(x: Tensor, p: float, dim: _Axes, keepdim: bool) -> Tensor:
    axes = _axes(x, dim)
    x = x.abs() if x.is_complex() else x
    if p == 2.0:
        return x.square().sum(axes, keepdim=keepdim).sqrt()
    sizes = x.abs()
    if math.isinf(p):
        return sizes.amax(axes, keepdim) if p > 0 else sizes.amin(axes, keepdim)
    total = (sizes if p == 1.0 else sizes**p).sum(axes, keepdim=keepdim)
    return total if p == 1.0 else total ** (1 / p)


def _axes(x: Tensor, dim: _Axes) -> list[int]:
    given = range(x.ndim) if dim is None else [dim] if isinstance(dim, int) else dim
    return [axis % x.ndim for axis in given] or list(range(x.ndim))
