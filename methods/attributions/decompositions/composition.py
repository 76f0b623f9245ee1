"""Make rules of functions that write one operation in others."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from ..interception.interception import Call, Mode, Rule

# PyTorch hands these over without meaning: `out` is None here, `_stacklevel` belongs to a warning
_MEANINGLESS = {"out", "_stacklevel"}


def composition(operation: Callable[..., Any]) -> Rule[Mode]:
    """Return the rule of a function that `operation(mode, *args, **options)` writes in other operations."""

    def rule(call: Call[Mode]) -> Any:
        return operation(call.mode, *call.args, **_meaningful(call))

    return rule


def in_operations(operation: Callable[..., Any]) -> Rule[Mode]:
    """Return the rule of a function that `operation(*args, **options)` writes in other operations alone."""

    def rule(call: Call[Mode]) -> Any:
        with call.mode:
            return operation(*call.args, **_meaningful(call))

    return rule


def of_complex(operation: Callable[..., Any], otherwise: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of a function that other operations write for complex numbers alone."""
    written: Rule[Mode] = in_operations(operation)

    def rule(call: Call[Mode]) -> Any:
        is_complex = any(tensor.is_complex() for tensor in call.varying())
        return written(call) if is_complex else otherwise(call)

    return rule


def of_tensors(operation: Callable[..., Any], otherwise: Rule[Mode]) -> Rule[Mode]:
    """Return the rule of a function that is written in other operations where further operands are tensors."""
    written: Rule[Mode] = in_operations(operation)

    def rule(call: Call[Mode]) -> Any:
        has_tensors = any(isinstance(value, Tensor) for value in (*call.args[1:], *call.options.values()))
        return written(call) if has_tensors else otherwise(call)

    return rule


def _meaningful(call: Call[Mode]) -> dict[str, Any]:
    return {name: value for name, value in call.options.items() if name not in _MEANINGLESS}
