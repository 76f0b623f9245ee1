"""Calls that write, and what computes what they write without writing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from .argument_names import by_place
from .operation_names import SPACES

Function = Callable[..., Any]

_ARITHMETIC = ("add", "sub", "mul", "truediv", "div", "pow", "floordiv", "mod", "and", "or", "xor")
_OPERATORS = {f"__i{name}__": f"__{name}__" for name in _ARITHMETIC}
# They change what a tensor is, or draw random numbers
_WITHOUT = (
    *("squeeze_", "unsqueeze_", "t_", "transpose_", "swapaxes_", "swapdims_", "as_strided_", "resize_", "resize_as_"),
    *("detach_", "normal_", "bernoulli_"),
)


_VALUES: dict[Function, Function] = {
    Tensor.__setitem__: lambda _tensor, _index, values: values,
    Tensor.copy_: lambda _tensor, values, *_: values,
    Tensor.fill_: lambda _tensor, value: value,
    Tensor.zero_: lambda _tensor: 0,
    torch.zero_: lambda _tensor: 0,
}


@dataclass(frozen=True)
class Write:
    """A call that writes.

    Attributes:
        target: what it writes to, (…).
        compute: returns what it writes there, numbers or a tensor.
        index: where in the target it writes; None for all of it.
    """

    target: Tensor
    compute: Callable[[], Any]
    index: tuple[Any, ...] | None = None


def write_of(function: Function, args: tuple[Any, ...], options: dict[str, Any]) -> Write | None:
    """Return what a call writes and where, or None where it writes nothing, or what is not known to be written.

    Args:
        function: of PyTorch.
        args: the arguments given by place.
        options: those given by name.
    """
    if isinstance(options.get("out"), Tensor):
        rest = {key: value for key, value in options.items() if key != "out"}
        return Write(options["out"], partial(function, *args, **rest))
    beside = function if options.get("inplace") else _beside(function)
    if beside is None:
        return None
    args, options = by_place(function, args, options)
    if function is Tensor.__setitem__:
        return Write(args[0], lambda: args[2], index=(args[1],))
    options.pop("inplace", None)
    return Write(args[0], partial(beside, *args, **options))


def masked(tensor: Tensor, index: Any, values: Any) -> Tensor | None:
    """Return a tensor, (…), with one number where a tensor of truth values says so; None of other indices or values."""
    is_number = not isinstance(values, Tensor) or values.numel() == 1
    if not (is_number and isinstance(index, Tensor) and index.dtype == torch.bool):
        return None
    mask = index.reshape(*index.shape, *[1] * (tensor.ndim - index.ndim))
    return torch.where(mask, fitted(values, tensor, ()), tensor)


def indexed(tensor: Tensor, index: Any, values: Any, varies: Callable[[Tensor], bool]) -> Tensor:
    """Return a tensor, (…), with values where tensors of places or truth values point; of several for a place, one.

    Args:
        tensor: (…).
        index: one of it.
        values: numbers or a tensor.
        varies: whether a tensor depends on the input, by which a rule has to see where places point.
    """
    places = torch.arange(tensor.numel(), device=tensor.device).reshape(tensor.shape)[index]
    spread = fitted(values, tensor, places.shape).reshape(-1)
    if varies(places):
        return tensor.reshape(-1).index_put((places.reshape(-1),), spread).reshape(tensor.shape)
    winners = places.new_full((tensor.numel(),), -1)
    winners[places.reshape(-1)] = torch.arange(len(spread), device=tensor.device)
    (written,) = torch.nonzero(winners >= 0, as_tuple=True)
    return tensor.reshape(-1).index_put((written,), spread[winners[written]]).reshape(tensor.shape)


def fitted(values: Any, tensor: Tensor, shape: Sequence[int] | None = None) -> Tensor:
    """Return values in the type of a tensor, (…), and spread to its shape, or to another one.

    Leading axes of size 1 that are too many are left out, as PyTorch does where it writes.
    """
    shape = tensor.shape if shape is None else shape
    given = values if isinstance(values, Tensor) else torch.as_tensor(values, device=tensor.device)
    surplus = max(given.ndim - len(shape), 0)
    return given.to(tensor).reshape(given.shape[surplus:]).expand(shape)


@cache
def _beside(function: Function) -> Function | None:
    """Return what computes elsewhere what a function of PyTorch writes in place, or None where it writes nothing."""
    if function in _VALUES:
        return _VALUES[function]
    name: str = getattr(function, "__name__", "")
    if name in _OPERATORS:
        return getattr(Tensor, _OPERATORS[name], None)
    if not name.endswith("_") or name.endswith("__") or name in _WITHOUT:
        return None
    return next((getattr(space, name[:-1]) for space in SPACES if hasattr(space, name[:-1])), None)
