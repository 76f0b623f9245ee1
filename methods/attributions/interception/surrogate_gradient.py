"""Substitute the gradient of a surrogate for a value's own."""

from typing import Any

import torch
from torch import Tensor


def substitute_gradient(value: Tensor, surrogate: Tensor) -> Tensor:
    """Return value, of surrogate's shape (…), through which autograd propagates as through surrogate."""
    result: Tensor = _Substitute.apply(surrogate, value)  # type: ignore[no-untyped-call]
    return result


class _Substitute(torch.autograd.Function):
    @staticmethod
    def forward(_ctx: Any, _surrogate: Tensor, value: Tensor) -> Tensor:
        return value.detach()

    @staticmethod
    def backward(_ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return gradients[0], None
