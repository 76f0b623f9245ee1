"""Restore gradients that a forward pass hides from autograd."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ....errors import UnsupportedOperationError
from ..adapters import SameOutputs
from ..gradient_failures import INSTEAD
from .interception import operation_name, place_of_call, substitute, tensors_in
from .operation_names import named

Function = Callable[..., Any]
Leave = Callable[[Function, Any], Any]  # what a function gives for positional and named arguments

_HIDES = frozenset(named("detach detach_")) | {Tensor.data.__get__}  # type: ignore[attr-defined]
_SWITCH = torch._C._set_grad_enabled
_LEAVES = frozenset(named("numpy __array__ __dlpack__ item tolist __float__ tensor asarray as_tensor new_tensor"))
_SHIFT = 1e-3  # of numbers that leave PyTorch, to see whether the outputs follow


class HiddenCalls(TorchFunctionMode):
    """Notes, inside the block, whether calls are made that hide a part of the function from autograd.

    Attributes:
        hides: `detach`, `data`, `torch.no_grad` and their like were called.
        leaves: floating-point numbers were taken out of PyTorch, as by `numpy` or `item`.
    """

    def __init__(self) -> None:
        super().__init__()
        self.hides = False
        self.leaves = False

    def __torch_function__(
        self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.hides |= func in _HIDES or (func is _SWITCH and not args[0]) or torch.is_inference_mode_enabled()
        if func in _LEAVES:
            self.leaves |= any(tensor.is_floating_point() for tensor in tensors_in(args))
        return func(*args, **(kwargs or {}))


class TrueGradients(SameOutputs):
    """A network whose outputs, where gradients are on, are differentiated as the function of its inputs that it is.

    `detach` and `data` are the identity to a function, and `torch.no_grad` and `torch.inference_mode` are nothing: so
    they are here. Outputs are the network's own. What has no derivative, such as rounding, still has none.

    Args:
        model: (batch, time, features) to (batch, classes).
        needs_left: its outputs depend on numbers that leave PyTorch; see `needs_left_numbers`.
    """

    def __init__(self, model: nn.Module, needs_left: bool) -> None:
        super().__init__(model)
        self._leave: Leave = _refused if needs_left else _as_they_are

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, classes).

        Raises:
            UnsupportedOperationError: the outputs depend on numbers that leave PyTorch, and gradients are on.
        """
        outputs: Tensor
        if not torch.is_grad_enabled():
            outputs = self.model(inputs)
            return outputs
        before = set(map(id, self.model.buffers()))
        with _Transparency(self._leave):
            outputs = self.model(inputs)
        _detach_buffers(self.model, before)
        return outputs


def _detach_buffers(model: nn.Module, before: set[int]) -> None:
    """Detach the statistics that a model kept in a block without gradients; those before have one of these ids."""
    for module in model.modules():
        for name, buffer in module._buffers.items():
            if buffer is None or not buffer.requires_grad:
                continue
            if id(buffer) in before:
                buffer.detach_()
            else:  # maybe a view, or the outputs themselves
                module._buffers[name] = buffer.detach()


def needs_left_numbers(model: nn.Module, series: Tensor) -> bool:
    """Return whether a model's outputs follow small shifts of the numbers that it takes out of PyTorch.

    Those that are only looked at, printed or stored are not needed.

    Args:
        model: (batch, time, features) to (batch, classes).
        series: (batch, time, features), which the model answers.
    """
    try:
        outputs, shifted = (_outputs(model, series, leave) for leave in (_as_they_are, _shifted))
    except Exception:  # noqa: BLE001 - a network that only checks these numbers may raise anything
        return False
    rounding = torch.finfo(outputs.dtype).eps ** 0.75 * outputs.abs().max()
    return bool(((shifted - outputs).abs() > rounding).any())


def _outputs(model: nn.Module, series: Tensor, leave: Leave) -> Tensor:
    with torch.enable_grad(), _Transparency(leave):
        outputs: Tensor = model(series.detach().clone().requires_grad_())
    return outputs.detach()


class _Transparency(TorchFunctionMode):
    """Lets gradients pass what hides them from autograd, and hands what leaves PyTorch to a function."""

    def __init__(self, leave: Leave) -> None:
        super().__init__()
        self._leave = leave

    def __torch_function__(
        self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if func is _SWITCH:
            return None
        if func in _HIDES and args[0].requires_grad:
            return args[0]
        if func in _LEAVES and any(tensor.requires_grad for tensor in tensors_in(args)):
            return self._leave(func, (args, options))
        if torch.is_inference_mode_enabled():
            with torch.inference_mode(False):
                return func(*args, **options)
        return func(*args, **options)


def _as_they_are(function: Function, given: Any) -> Any:
    with torch._C.DisableTorchFunction():  # out of sight of methods that take every call
        args, options = substitute(given, torch.Tensor.detach)
        return function(*args, **options)


def _shifted(function: Function, given: Any) -> Any:
    return _as_they_are(function, substitute(given, lambda tensor: tensor.detach() * (1 + _SHIFT) + _SHIFT))


def _refused(function: Function, _given: Any) -> Any:
    where = " ".join(filter(None, (operation_name(function), place_of_call())))
    raise UnsupportedOperationError(
        f"gradients need a network that computes its outputs with PyTorch alone, got numbers that leave it by {where}; "
        f"{INSTEAD}"
    )
