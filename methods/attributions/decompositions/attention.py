"""Attention layers, decomposed into linear maps, a softmax and products."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ..interception.interception import Interception


def scaled_dot_product_attention(
    mode: Interception,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    *,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Compute softmax(q kᵀ · scale + mask) v; a query whose keys are all masked gets 0, as from PyTorch.

    Args:
        mode: takes the calls.
        query: (…, queries, width).
        key: (…, keys, width).
        value: (…, keys, value width).
        attn_mask: (…, queries, keys), truth values or what is added to the scores.
        dropout_p: 0.
        is_causal: whether later keys are masked.
        scale: of the scores; 1/√width by default.
        enable_gqa: whether several heads of queries, (…, heads, queries, width), share one of keys and values.

    Raises:
        UnsupportedOperationError: dropout that is switched on.
    """
    if dropout_p > 0:
        raise mode.unsupported(functional.scaled_dot_product_attention, "with dropout_p")
    if enable_gqa:
        with mode:
            key, value = (part.repeat_interleave(query.shape[-3] // part.shape[-3], -3) for part in (key, value))
    if is_causal:
        attn_mask = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        attn_mask = _additive(~attn_mask, query.dtype)
    without_keys = _without_keys(attn_mask)
    with mode:
        return torch.matmul(_weights(query, key, attn_mask, without_keys, scale), value)


def multi_head_attention(
    mode: Interception,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    _embed_dim: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    *,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    average_attn_weights: bool = True,
    **others: Any,
) -> tuple[Tensor, Tensor | None]:
    """Compute torch.nn.functional.multi_head_attention_forward: (time, batch, width), with or without batch.

    A query whose keys are all masked gets 0 if need_weights is False and NaN otherwise, as from PyTorch.

    Raises:
        UnsupportedOperationError: keys or values beside those of the sequence, or dropout that is switched on.
    """
    extra = (bias_k, bias_v, others.get("static_k"), others.get("static_v"))
    if add_zero_attn or any(tensor is not None for tensor in extra):
        raise mode.unsupported(functional.multi_head_attention_forward, "with added keys and values")
    if training and dropout_p > 0:
        raise mode.unsupported(functional.multi_head_attention_forward, "with dropout in training mode")
    if mode.varying((in_proj_weight, in_proj_bias, others)):
        raise mode.unsupported(functional.multi_head_attention_forward, "with weights that depend on the input")
    is_batched = query.ndim == 3
    project = _projections(in_proj_weight, in_proj_bias, others)
    with mode:
        if not is_batched:
            query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        heads = [_heads(apply(x), num_heads) for apply, x in zip(project, (query, key, value), strict=True)]
        mask = _merged(attn_mask, key_padding_mask, heads[0])
    without_keys = None if need_weights else _without_keys(mask)
    with mode:
        weights = _weights(heads[0], heads[1], mask, without_keys, None)
        joined = torch.matmul(weights, heads[2]).permute(2, 0, 1, 3).flatten(2)
        attended = functional.linear(joined, out_proj_weight, out_proj_bias)
        attended = attended if is_batched else attended.squeeze(1)
        if not need_weights:
            return attended, None
        weights = weights.mean(1) if average_attn_weights else weights
        return attended, weights if is_batched else weights.squeeze(0)


def _without_keys(mask: Tensor | None) -> Tensor | None:
    """Return which queries, (…, time, 1), an additive mask leaves no key; None where each has one."""
    if mask is None:
        return None
    without_keys = mask.isneginf().all(-1, keepdim=True)
    return without_keys if bool(without_keys.any()) else None


def _weights(
    query: Tensor, key: Tensor, mask: Tensor | None, without_keys: Tensor | None, scale: float | None
) -> Tensor:
    scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
    scores = torch.matmul(query * scale, key.transpose(-2, -1))
    if mask is None or without_keys is None:
        return torch.softmax(scores if mask is None else scores + mask, dim=-1)
    # a softmax of nothing but -inf would be NaN
    return torch.softmax(scores + mask.masked_fill(without_keys, 0.0), dim=-1).masked_fill(without_keys, 0.0)


def _projections(
    packed: Tensor | None, bias: Tensor | None, others: dict[str, Any]
) -> list[Callable[[Tensor], Tensor]]:
    if packed is None or others.get("use_separate_proj_weight"):
        weights = [others[f"{name}_proj_weight"] for name in "qkv"]
    else:
        weights = list(packed.detach().chunk(3))
    biases = [None] * 3 if bias is None else bias.detach().chunk(3)

    def projection(weight: Tensor, bias: Tensor | None) -> Callable[[Tensor], Tensor]:
        return lambda x: functional.linear(x, weight, bias)

    return [projection(weight, bias) for weight, bias in zip(weights, biases, strict=True)]


def _heads(x: Tensor, count: int) -> Tensor:
    """Return (time, batch, width) as (batch, heads, time, width / heads)."""
    heads: Tensor = x.unflatten(-1, (count, -1))
    return heads.permute(1, 2, 0, 3)


def _merged(mask: Tensor | None, padding: Tensor | None, query: Tensor) -> Tensor | None:
    """Return what is added to the scores (batch, heads, time, source): masked where boolean masks are True."""
    batch, heads = query.shape[:2]
    if mask is not None:
        mask = _additive(mask, query.dtype)
        mask = mask.unflatten(0, (batch, heads)) if mask.ndim == 3 else mask
    if padding is None:
        return mask
    padding = _additive(padding, query.dtype)[..., None, None, :]
    return padding if mask is None else mask + padding


def _additive(mask: Tensor, dtype: torch.dtype) -> Tensor:
    if mask.dtype != torch.bool:
        return mask.to(dtype)
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill(mask, -torch.inf)
