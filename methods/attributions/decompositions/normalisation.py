"""Normalisation layers in evaluation mode, decomposed into sums, products and a reciprocal root.

DeepLIFT takes a product with a reciprocal root for the quotient it is: `difference_rules` has that rule.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..interception.interception import Call, Interception, Mode, Rule
from .statistics import norm

Standardise = Callable[[Tensor, tuple[int, ...], float], Tensor]


def standardised(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """Return (x - mean) / sqrt(variance + eps) over axes, (…)."""
    centred = x - x.mean(axes, keepdim=True)
    return centred * torch.rsqrt(centred.square().mean(axes, keepdim=True) + eps)


def standardised_by_constant(x: Tensor, axes: tuple[int, ...], eps: float) -> Tensor:
    """Return the same with the gradient of an affine map: the variance counts as a constant, (…)."""
    variance = x.detach().var(axes, correction=0, keepdim=True)
    return (x - x.mean(axes, keepdim=True)) * torch.rsqrt(variance + eps)


def layer_norm(
    mode: AbstractContextManager[Any],
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    standardise: Standardise = standardised,
) -> Tensor:
    """Standardise x (…, *normalized_shape) over the last axes, then weigh and shift."""
    axes = tuple(range(-len(normalized_shape), 0))
    with mode:
        return _affine(standardise(x, axes, eps), weight, bias)


def group_norm(
    mode: AbstractContextManager[Any],
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    standardise: Standardise = standardised,
) -> Tensor:
    """Standardise groups of channels of (batch, channels, …) jointly, then weigh and shift each channel."""
    with mode:
        groups = x.reshape(x.shape[0], num_groups, -1)
        scaled = standardise(groups, (-1,), eps).reshape(x.shape)
        return _affine(scaled, *_channelwise(x, weight, bias))


def instance_norm(batch_norm: Rule[Mode], group_norm: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of instance_norm: by running statistics as batch_norm, else a group_norm of single channels."""

    def rule(call: Call[Mode]) -> Any:
        x, mean, variance, weight, bias, of_input, momentum, eps = _instance_norm_arguments(*call.args, **call.options)
        if of_input:
            return group_norm(Call(call.mode, functional.group_norm, (x, x.shape[1], weight, bias, eps), {}))
        arguments = (x, mean, variance, weight, bias, False, momentum, eps)
        return batch_norm(Call(call.mode, functional.batch_norm, arguments, {}))

    return rule


def rms_norm(
    mode: Interception,
    x: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    eps: float | None = None,
) -> Tensor:
    """Compute x / sqrt(mean x² + eps) over the last axes, times weight: (…, *normalized_shape)."""
    axes = tuple(range(-len(normalized_shape), 0))
    with mode:
        tiny = torch.finfo(x.dtype).eps if eps is None else eps
        return _affine(x * torch.rsqrt(x.square().mean(axes, keepdim=True) + tiny), weight, None)


def normalize(mode: Interception, x: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12) -> Tensor:
    """Compute x / max(‖x‖, eps) over dim, (…), by max(‖x‖₂², eps²) where p = 2, so that it has no kink at x = 0."""
    if p != 2.0:
        sizes = norm(mode, x, p, dim, keepdim=True)
        with mode:
            return x / sizes.clamp_min(eps)
    with mode:
        return x * torch.rsqrt(x.square().sum(dim, keepdim=True).clamp_min(eps**2))


def _affine(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> Tensor:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _channelwise(x: Tensor, *parameters: Tensor | None) -> list[Tensor | None]:
    shape = (-1, *[1] * (x.ndim - 2))
    return [None if parameter is None else parameter.reshape(shape) for parameter in parameters]


def _instance_norm_arguments(
    x: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> tuple[Any, ...]:
    return x, running_mean, running_var, weight, bias, use_input_stats, momentum, eps
