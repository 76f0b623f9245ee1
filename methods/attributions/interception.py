"""A forward pass in which every tensor that depends on the input carries its value for the baseline."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ...errors import UnsupportedOperationError

Function = Callable[..., Any]

_INSTEAD = "rewrite it with an operation that has a rule or choose another method, such as integrated-gradients"


class PairedPass(TorchFunctionMode):
    """Runs a network on inputs and baseline at once, each PyTorch call by the rule that stands for it.

    A tensor *varies* if it depends on the input; its *twin* is the same tensor's value for the baseline. A
    call without varying arguments runs as it is. A call with varying arguments needs a rule: the rule
    computes the result, so that autograd finds the rule's multiplier in place of the derivative, and pairs it
    with its twin.

    Args:
        rules: the rule of each PyTorch function.
        metadata: functions that read only the shape, type or place of tensors, never their values.
    """

    def __init__(self, rules: Mapping[Function, Rule], metadata: frozenset[Function]) -> None:
        super().__init__()
        self._rules = rules
        self._metadata = metadata
        # Holding the tensor beside its twin keeps its id from being given to another
        self._twins: dict[int, tuple[Tensor, Tensor]] = {}

    def pair(self, tensor: Tensor, twin: Tensor) -> None:
        """Remember twin as the tensor's value for the baseline."""
        self._twins[id(tensor)] = (tensor, twin)

    def varies(self, value: object) -> bool:
        """Return whether value is a tensor that depends on the input."""
        return id(value) in self._twins

    def twin(self, tensor: Tensor) -> Tensor:
        """Return a tensor's value for the baseline: its twin, or itself if it does not vary."""
        return self._twins[id(tensor)][1] if self.varies(tensor) else tensor

    def varying(self, arguments: Any) -> list[Tensor]:
        """Return the varying tensors among nested arguments, in order."""
        return [tensor for tensor in _tensors(arguments) if self.varies(tensor)]

    def check_escape(self, arguments: Any, function: Function | None = None) -> None:
        """Refuse a tensor with a gradient but without a twin: an operation that no rule saw made it.

        Raises:
            UnsupportedOperationError: such a tensor is among the nested arguments.
        """
        if any(tensor.grad_fn is not None and not self.varies(tensor) for tensor in _tensors(arguments)):
            raise unsupported(function, "on a tensor that was computed out of PyTorch's sight or before the model")

    def __torch_function__(
        self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        self.check_escape((args, options), func)
        if func in self._metadata or not self.varying((args, options)):
            return func(*args, **options)
        if func not in self._rules and getattr(func, "__name__", "") == "__get__":
            return _property(func, args)
        call = Call(self, func, args, options)
        return self._rule(call)(call)

    def _rule(self, call: Call) -> Rule:
        if not torch.is_grad_enabled():
            raise call.unsupported("under torch.no_grad or in a custom autograd.Function")
        if call.options.get("inplace") or call.options.get("out") is not None:
            raise call.unsupported("in place")
        if hasattr(call.function, "elementary"):
            return _elementary
        if call.function not in self._rules:
            raise call.unsupported()
        return self._rules[call.function]


@dataclass(frozen=True)
class Call:
    """A call of a PyTorch function with at least one varying argument."""

    pairs: PairedPass
    function: Function
    args: tuple[Any, ...]
    options: dict[str, Any]

    def run(self) -> Any:
        """Return the function's result."""
        return self.function(*self.args, **self.options)

    def run_with(self, replacement: Callable[[Tensor], Tensor]) -> Any:
        """Return the function's result with every tensor among the arguments replaced."""
        return self.function(*substitute(self.args, replacement), **substitute(self.options, replacement))

    def varying(self) -> list[Tensor]:
        """Return the varying tensors among the arguments, in order."""
        return self.pairs.varying((self.args, self.options))

    def paired(self, result: Any, twin: Any) -> Any:
        """Remember twin as the value of result for the baseline, tensor by tensor, and return result.

        Raises:
            UnsupportedOperationError: a result that is not floating point: no difference can follow it.
        """
        if isinstance(result, Tensor):
            if not result.is_floating_point():
                raise self.unsupported(f"with a result of type {result.dtype}")
            self.pairs.pair(result, twin)
        else:
            for part, part_twin in zip(result, twin, strict=True):
                self.paired(part, part_twin)
        return result

    def unsupported(self, detail: str = "") -> UnsupportedOperationError:
        """Return the error for this call."""
        return unsupported(self.function, detail)


Rule = Callable[[Call], Any]


def substitute(arguments: Any, replacement: Callable[[Tensor], Tensor]) -> Any:
    """Return nested tuples, lists and dictionaries with each tensor replaced."""
    if isinstance(arguments, Tensor):
        return replacement(arguments)
    if isinstance(arguments, (tuple, list)):
        return type(arguments)([substitute(value, replacement) for value in arguments])
    if isinstance(arguments, dict):
        return {name: substitute(value, replacement) for name, value in arguments.items()}
    return arguments


def unsupported(function: Function | None, detail: str = "") -> UnsupportedOperationError:
    """Return the error for an operation without a rule, naming the module and the line that called it."""
    words = [word for word in (operation_name(function), detail, _place()) if word]
    return UnsupportedOperationError(f"DeepLIFT has no rule for {' '.join(words)}; {_INSTEAD}")


def operation_name(function: Function | None) -> str:
    """Return an operation's name as a user would write it."""
    if function is None:
        return "the model's output"
    name = getattr(function, "__name__", str(function))
    owner = getattr(function, "__self__", None)
    return f"property {getattr(owner, '__name__', '?')}" if name == "__get__" else name


def _tensors(arguments: Any) -> Iterator[Tensor]:
    if isinstance(arguments, Tensor):
        yield arguments
    elif isinstance(arguments, (tuple, list)):
        for value in arguments:
            yield from _tensors(value)
    elif isinstance(arguments, dict):
        yield from _tensors(list(arguments.values()))


def _elementary(call: Call) -> Any:
    with call.pairs:
        return call.function.elementary(*call.args, **call.options)  # type: ignore[attr-defined]


def _property(function: Function, args: tuple[Any, ...]) -> Any:
    value = function(*args)
    if isinstance(value, Tensor):
        raise unsupported(function)
    return value


def _place() -> str:
    for frame, line in traceback.walk_stack(None):
        module = frame.f_locals.get("self")
        if isinstance(module, nn.Module) and frame.f_code.co_name == "forward":
            return f"(in forward of {type(module).__name__}, {Path(frame.f_code.co_filename).name} line {line})"
    return ""
