"""Rule for functions that map several tensors to as many, each by itself."""

from typing import Any

import torch
from torch import Tensor

from .interception import Call, Mode


def separately(call: Call[Mode]) -> Any:
    """Apply broadcast_tensors or atleast_nd to one tensor at a time, as what moves its values alone."""
    alone = isinstance(call.args[0], Tensor) and len(call.args) == 1
    tensors = call.args if isinstance(call.args[0], Tensor) else call.args[0]
    moved = _broadcast(call.mode, tensors) if call.function is torch.broadcast_tensors else _raised(call, tensors)
    return moved[0] if alone and call.function is not torch.broadcast_tensors else moved


def _broadcast(mode: Mode, tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    shape = torch.broadcast_shapes(*(tensor.shape for tensor in tensors))
    with mode:
        return tuple(tensor.broadcast_to(shape) for tensor in tensors)


def _raised(call: Call[Mode], tensors: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    shapes = [call.function(tensor.detach()).shape for tensor in tensors]
    with call.mode:
        return tuple(tensor.reshape(shape) for tensor, shape in zip(tensors, shapes, strict=True))
