"""Intercept every PyTorch call of a forward pass that involves a tensor that depends on the input."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import torch
from torch import Tensor, nn
from torch.autograd.graph import disable_saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from ....errors import UnsupportedOperationError
from ..gradient_failures import INSTEAD
from .argument_names import by_place
from .checkpointing import same_calls
from .custom_functions import running_function
from .in_place import Write, write_of
from .operation_names import FILLED, FLAT, LIKENESSES
from .written_memory import WrittenMemory

Function = Callable[..., Any]
Operation = Any  # a PyTorch function or a `Kind`, in what a union could not be: the keys of a dictionary

DISCRETE = "truth values and whole numbers that vary"  # whose rule takes every call with one

_TORCHSCRIPT_FAILED = "failed in the TorchScript interpreter"
_REWRITE = "rewrite it with an operation that has a rule or"
_INSTEAD = f"{_REWRITE} choose another method, such as integrated-gradients"
_WITHOUT_GRADIENTS = f"{_REWRITE} {INSTEAD}"
_REGISTER = f"say what it computes with saltbench.register_rule, or {INSTEAD}"
_FLAT_DETAILS = ("with a result of type", "which takes numbers", "with rounding_mode", "under torch.no_grad")


class Interception(TorchFunctionMode):
    """Runs a network with each PyTorch call on what depends on the input replaced by the rule that stands for it.

    A tensor *varies* if it depends on the input; a rule set notes something about every varying tensor. A call
    without varying arguments runs as it is. A call with varying arguments needs a rule: the rule computes the
    result, so that autograd finds what the method propagates in place of the derivative, and notes it.

    Args:
        method: what an error calls the method.
        rules: the rule of each PyTorch function, and of kinds of fused functions.
        metadata: functions that read only the shape, type or place of tensors, never their values.
    """

    def __init__(self, method: str, rules: Mapping[Operation, Rule[Self]], metadata: frozenset[Function]) -> None:
        super().__init__()
        self._method = method
        self._rules = rules
        self._metadata = metadata
        # Holding the tensor beside its note keeps its id from being given to another
        self._notes: dict[int, tuple[Tensor, Any]] = {}
        self._memory = WrittenMemory(self)
        self.has_discrete = False

    def outputs(self, model: nn.Module, inputs: Tensor) -> Tensor:
        """Return what a network makes of inputs, (batch, time, features), every call of it intercepted.

        Raises:
            UnsupportedOperationError: an operation without a rule, TorchScript, or hooks on saved tensors.
        """
        for module in model.modules():
            if isinstance(module, torch.jit.ScriptModule):
                raise self._unsupported(f"TorchScript ({type(module).__name__} {module.original_name})")
        repeated = self._unsupported("hooks on saved tensors (torch.autograd.graph.saved_tensors_hooks)")
        try:
            with disable_saved_tensors_hooks(str(repeated)), same_calls(model, inputs.device), self:
                outputs: Tensor = model(inputs)
        except RuntimeError as error:
            if str(error) == str(repeated):
                raise repeated from error
            if _TORCHSCRIPT_FAILED in str(error):
                raise self._unsupported("TorchScript (a function made by torch.jit)") from error
            raise
        ((outputs,), _) = self._as_written(None, (outputs,), {})
        self.check_escape(outputs)
        return outputs

    def note(self, tensor: Tensor, note: Any) -> None:
        """Remember that a tensor varies, and what the rule set notes about it."""
        self._notes[id(tensor)] = (tensor, note)

    def forget(self, tensor: Tensor) -> None:
        """Drop what is noted about a tensor, (…), if it varies: nothing will ask for it any more."""
        self._notes.pop(id(tensor), None)

    def noted(self, tensor: Tensor) -> Any:
        """Return what was noted about a varying tensor."""
        return self._notes[id(tensor)][1]

    def as_varying(self, tensor: Tensor) -> Tensor:
        """Return a tensor, even a constant, as one that varies, for operations that treat both alike."""
        if not self.varies(tensor):
            tensor = tensor.detach()
            self.note(tensor, self.note_of_constant(tensor))
        return tensor

    def note_of_constant(self, _tensor: Tensor) -> Any:
        """Return what would be noted about a tensor if it varied.

        Raises:
            NotImplementedError: the rule set does not say.
        """
        raise NotImplementedError

    def varies(self, value: object) -> bool:
        """Return whether value is a tensor that depends on the input."""
        return id(value) in self._notes

    def varying(self, arguments: Any) -> list[Tensor]:
        """Return the varying tensors among nested arguments, in order."""
        return [tensor for tensor in tensors_in(arguments) if self.varies(tensor)]

    def check_escape(self, arguments: Any, function: Function | None = None) -> None:
        """Refuse a tensor with a gradient that does not vary: an operation that no rule saw made it.

        Raises:
            UnsupportedOperationError: such a tensor is among the nested arguments.
        """
        for tensor in tensors_in(arguments):
            self._check_one(tensor, function)

    def _check_one(self, tensor: Tensor, function: Function | None) -> None:
        if tensor.grad_fn is not None and not self.varies(tensor):
            raise self.unsupported(function, "on a tensor that was computed out of PyTorch's sight or before the model")

    def unsupported(self, function: Function | None, detail: str = "") -> UnsupportedOperationError:
        """Return the error for an operation without a rule, naming the module and the line that called it."""
        words = [word for word in (operation_name(function), detail, place_of_call()) if word]
        has_gradient = function not in FLAT and not detail.startswith(_FLAT_DETAILS)
        return self._unsupported(" ".join(words), _INSTEAD if has_gradient else _WITHOUT_GRADIENTS)

    def _unsupported(self, what: str, instead: str = _INSTEAD) -> UnsupportedOperationError:
        return UnsupportedOperationError(f"{self._method} has no rule for {what}; {instead}")

    def __torch_function__(
        self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        options = kwargs or {}
        if torch._C._are_functorch_transforms_active():
            raise self.unsupported(func, "in torch.vmap or another transform of torch.func")
        if self._memory and func not in self._metadata:
            args, options = self._as_written(func, args, options)
        if func in LIKENESSES:
            args, options = _of_the_first(func, args, options)
        is_constant = True
        for tensor in tensors_in((args, options)):
            if self.varies(tensor):
                is_constant = False
            else:
                self._check_one(tensor, func)
        if is_constant or func in self._metadata or self._reads_no_values(func, args, options):
            return func(*args, **options)
        if func not in self._rules and getattr(func, "__name__", "") == "__get__":
            return self._property(func, args)
        return self._apply(Call(self, func, args, options))

    def _reads_no_values(self, function: Function, args: tuple[Any, ...], options: dict[str, Any]) -> bool:
        """Return whether it is a call that reads no values of what varies, of a function that otherwise may."""
        if function in FILLED:
            args, options = by_place(function, args, options)
            return not self.varying((args[1:], options))
        return function is Tensor.type and len(args) == 1 and not options

    def _as_written(
        self, function: Function | None, args: tuple[Any, ...], options: dict[str, Any]
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments with each tensor as operations in place have left it."""
        try:
            return substitute(args, self._memory.current), substitute(options, self._memory.current)
        except LookupError as error:
            raise self.unsupported(function, f"on memory that was written in place {error}") from error

    def _without_gradients(self, call: Call[Self]) -> UnsupportedOperationError:
        name = running_function()
        if not name:
            return call.unsupported("under torch.no_grad")
        where = " ".join(filter(None, ("the torch.autograd.Function", name, place_of_call())))
        return self._unsupported(where, _REGISTER)

    def _written(self, function: Function, write: Write) -> Tensor:
        with self:
            values = write.compute()
        try:
            if write.index is None:
                self._memory.write(write.target, values)
            else:
                self._memory.assign(write.target, write.index[0], values)
        except LookupError as error:
            raise self.unsupported(function, f"to memory {error}") from error
        return write.target

    def _apply(self, call: Call[Self]) -> Any:
        if not torch.is_grad_enabled():
            raise self._without_gradients(call)
        write = write_of(call.function, call.args, call.options)
        if write is not None:
            return self._written(call.function, write)
        if call.options.get("out") is not None:
            raise call.unsupported("into several tensors")
        rule: Rule[Self] | None
        if hasattr(call.function, "elementary"):
            rule = self._rules.get(getattr(call.function, "kind", None), elementary)
            return rule(call)
        rule = self._rules.get(call.function)
        if self.has_discrete and not all(map(is_propagated, call.varying())):
            rule = self._rules.get(DISCRETE)
        if rule is None:
            raise call.unsupported()
        args, options = by_place(call.function, call.args, call.options)
        return rule(Call(self, call.function, args, options))

    def _property(self, function: Function, args: tuple[Any, ...]) -> Any:
        value = function(*args)
        if isinstance(value, Tensor):
            raise self.unsupported(function)
        return value


Mode = TypeVar("Mode", bound=Interception)


@dataclass(frozen=True)
class Call(Generic[Mode]):
    """A call of a PyTorch function with at least one varying argument."""

    mode: Mode
    function: Function
    args: tuple[Any, ...]
    options: dict[str, Any]

    def run(self) -> Any:
        """Return the function's result."""
        return self.function(*self.args, **self.options)

    def run_with_gradients(self) -> Any:
        """Return the function's result, through which autograd has to propagate.

        Raises:
            UnsupportedOperationError: it takes numbers out of tensors, so that nothing is propagated.
        """
        result = self.run()
        first = result if isinstance(result, Tensor) else result[0]
        is_cut = is_propagated(first) and not first.requires_grad
        if is_cut and any(tensor.requires_grad for tensor in self.varying()):
            raise self.unsupported("which takes numbers out of gradients")
        return result

    def run_with(self, replacement: Callable[[Tensor], Tensor]) -> Any:
        """Return the function's result with every tensor among the arguments replaced."""
        return self.function(*substitute(self.args, replacement), **substitute(self.options, replacement))

    def varying(self) -> list[Tensor]:
        """Return the varying tensors among the arguments, in order."""
        return self.mode.varying((self.args, self.options))

    def noted(self, result: Any, notes: Any) -> Any:
        """Note the result of the call, tensor by tensor, and return it.

        Raises:
            UnsupportedOperationError: a result that is not floating point: nothing can be propagated through it.
        """
        if isinstance(result, Tensor):
            if not is_propagated(result):
                raise self.unsupported(f"with a result of type {result.dtype}")
            self.mode.note(result, notes)
        else:
            for part, note in zip(result, notes, strict=True):
                self.noted(part, note)
        return result

    def unsupported(self, detail: str = "") -> UnsupportedOperationError:
        """Return the error for this call."""
        return self.mode.unsupported(self.function, detail)


Rule = Callable[[Call[Mode]], Any]


def is_propagated(tensor: Tensor) -> bool:
    """Return whether a tensor, (…), is of a type through which autograd propagates."""
    return tensor.is_floating_point() or tensor.is_complex()


def substitute(arguments: Any, replacement: Callable[[Tensor], Tensor]) -> Any:
    """Return nested tuples, lists and dictionaries with each tensor replaced."""
    if isinstance(arguments, Tensor):
        return replacement(arguments)
    if isinstance(arguments, (tuple, list)):
        return type(arguments)([substitute(value, replacement) for value in arguments])
    if isinstance(arguments, dict):
        return {name: substitute(value, replacement) for name, value in arguments.items()}
    return arguments


def _of_the_first(
    function: Function, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of a function whose result depends on its first alone, the others as constants."""
    (first, *others), options = by_place(function, args, options)
    return (first, *substitute(others, Tensor.detach)), substitute(options, Tensor.detach)


def operation_name(function: Function | None) -> str:
    """Return an operation's name as a user would write it."""
    if function is None:
        return "the model's output"
    name = getattr(function, "__name__", str(function))
    owner = getattr(function, "__self__", None)
    return f"property {getattr(owner, '__name__', '?')}" if name == "__get__" else name


def tensors_in(arguments: Any) -> list[Tensor]:
    """Return the tensors among nested tuples, lists and dictionaries, in order."""
    found: list[Tensor] = []
    _collect(arguments, found)
    return found


def _collect(arguments: Any, found: list[Tensor]) -> None:
    # no generator: every call of a network passes here, and generators within generators took a third of its time
    if isinstance(arguments, Tensor):
        found.append(arguments)
    elif isinstance(arguments, (tuple, list)):
        for value in arguments:
            _collect(value, found)
    elif isinstance(arguments, dict):
        for value in arguments.values():
            _collect(value, found)


def elementary(call: Call[Any]) -> Any:
    """Apply a fused function by the operations that define it."""
    with call.mode:
        return call.function.elementary(*call.args, **call.options)  # type: ignore[attr-defined]


def place_of_call() -> str:
    """Return the module and the line whose call of PyTorch runs, in words, or nothing where no module made it."""
    for frame, line in traceback.walk_stack(None):
        own = frame.f_code.co_varnames[: frame.f_code.co_argcount]
        module = frame.f_locals.get(own[0]) if own else None  # self, whatever a user calls it
        if isinstance(module, nn.Module) and frame.f_code.co_name == "forward":
            return f"(in forward of {type(module).__name__}, {Path(frame.f_code.co_filename).name} line {line})"
    return ""
