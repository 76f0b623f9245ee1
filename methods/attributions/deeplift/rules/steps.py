"""DeepLIFT's rule for what only jumps, and for the truth values and whole numbers that come of it.

A comparison is a step of the difference of its operands, and a step is a function like any other: by the rescale rule
its multiplier is Δm/Δx, which is finite, as nothing jumps where nothing changes. So a mask's change is owed to what the
mask was made of, and a choice by it, where(m, a, b) = m·a + (1 - m)·b, is split as the products that it is.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ...interception.interception import Call, Rule, is_propagated, substitute, tensors_in
from ...interception.operation_names import LOGIC, POSITIONS, named
from ..paired_pass import PairedPass
from .difference_rules import with_gradient_of
from .selections import OTHERWISE, by_places, one_hot, settled, takes_places

PairedCall = Call[PairedPass]


def step(call: PairedCall) -> Any:
    """Apply a function of one operand that only jumps, such as rounding: multiplier Δy/Δx, 0 where x stays.

    Raises:
        UnsupportedOperationError: several varying operands.
    """
    x, *others = call.varying()
    if others or x.is_complex():
        raise call.unsupported("of complex numbers" if x.is_complex() else f"of {1 + len(others)} varying operands")
    return _jump_of(call, x)


def comparison(call: PairedCall) -> Any:
    """Apply a comparison of two operands, (…), a step of their difference."""
    with call.mode:
        difference = torch.sub(*(_as_numbers(operand) for operand in call.args[:2]))
    return _jump_of(call, difference)


def logical(call: PairedCall) -> Any:
    """Apply and, or, xor to numbers, (…): to whether they are 0."""
    with call.mode:
        return call.function(*(operand != 0 for operand in call.args))


def cast(otherwise: Rule[PairedPass]) -> Rule[PairedPass]:
    """Return the rule of a change of type: to whole numbers or truth values a step, else as what moves values."""

    def rule(call: PairedCall) -> Any:
        with torch.no_grad():
            is_step = not is_propagated(call.run())
        return step(call) if is_step else otherwise(call)

    return rule


def position(call: PairedCall) -> Any:
    """Apply a function that tells places, such as argmax: what changes with them is owed to nothing.

    Raises:
        UnsupportedOperationError: it tells more or fewer for the baseline.
    """
    with torch.no_grad():
        value, twin = call.run(), call.run_with(call.mode.twin)
    for places, others in zip(tensors_in([value]), tensors_in([twin]), strict=True):
        if places.shape != others.shape:
            raise call.unsupported(OTHERWISE)
        call.mode.note_discrete(places, others)
    return value


def search(call: PairedCall) -> Any:
    """Apply searchsorted, int64 (…): steps of what is searched for in sorted constants, else places."""
    is_step = len(call.varying()) == 1 and len(call.args) > 1 and call.mode.varies(call.args[1])
    return step(call) if is_step else position(call)


def branch(call: PairedCall) -> bool:
    """Return the truth value of a tensor of one number, (), that is the same for the baseline.

    Raises:
        UnsupportedOperationError: it is not.
    """
    with torch.no_grad():
        value = bool(call.run())
        if value != bool(call.run_with(call.mode.twin)):
            raise call.unsupported(OTHERWISE)
    return value


def constant(call: PairedCall) -> Tensor:
    """Apply detach: a constant, (…), which is another one for the baseline, and whose change is owed to nothing."""
    result: Tensor = call.run().detach()
    with torch.no_grad():
        twin = call.run_with(call.mode.twin).detach()
    return settled(call, result, twin, None)


def discrete(call: PairedCall) -> Any:
    """Apply a function to truth values or whole numbers that vary, by what it does to their shadows.

    Raises:
        UnsupportedOperationError: a number leaves PyTorch that is another one for the baseline, or what is selected has
            another shape.
    """
    if takes_places(call):
        return by_places(call)
    if call.function in _CHOICES:
        return _CHOICES[call.function](call)
    if call.function in _OF_NUMBERS and any(map(is_propagated, call.varying())):
        return logical(call)
    with torch.no_grad():
        value, twin = call.run(), call.run_with(call.mode.twin)
    if not tensors_in([value]):
        if value != twin:
            raise call.unsupported(OTHERWISE)
        return value
    shadow = _of_shadows(call, value)
    if isinstance(value, Tensor):
        return settled(call, value, twin, shadow)
    shadows = [None] * len(value) if shadow is None else shadow
    parts = [settled(call, *each) for each in zip(value, twin, shadows, strict=True)]
    return type(value)(parts)


def _jump_of(call: PairedCall, x: Tensor) -> Any:
    """Return the call's result, noted, with its change over that of x, (…), as multiplier."""
    twin = call.mode.twin
    with torch.no_grad():
        value, reference = call.run(), call.run_with(twin)
        if value.shape != x.shape:
            raise call.unsupported(f"from shape {tuple(x.shape)} to {tuple(value.shape)}")
        as_numbers = value.to(x.dtype), reference.to(x.dtype)
        change = x - twin(x)
        jump = as_numbers[0] - as_numbers[1]
        multiplier = torch.where(jump == 0, 0.0, jump / torch.where(jump == 0, 1.0, change))
    return settled(call, value, reference, with_gradient_of(call, multiplier * x, *as_numbers))


def _as_numbers(operand: Any) -> Any:
    return operand.to(torch.uint8) if isinstance(operand, Tensor) and operand.dtype == torch.bool else operand


def _unowed(mode: PairedPass, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    """Return truth values or whole numbers, (…), in floating point, whose change is owed to nothing."""
    numbers = tensor.to(dtype)
    mode.note(numbers, mode.twin(tensor).to(dtype))
    return numbers


def _of_shadows(call: PairedCall, value: Any) -> Any:
    """Return what a function makes of the shadows, in place of truth values and whole numbers; None for none."""
    mode = call.mode
    known = [mode.shadow(tensor) for tensor in call.varying() if not is_propagated(tensor)]
    numbers = [tensor for tensor in (*known, *call.varying()) if tensor is not None and is_propagated(tensor)]
    if not numbers:
        return None
    dtype = numbers[0].dtype

    def replaced(tensor: Tensor) -> Tensor:
        if mode.varies(tensor) and not is_propagated(tensor):
            shadow = mode.shadow(tensor)
            return _unowed(mode, tensor, dtype) if shadow is None else shadow
        return tensor.to(dtype) if tensor.dtype == torch.bool else tensor

    args, options = substitute(call.args, replaced), substitute(call.options, replaced)
    if call.function in _CASTS and not is_propagated(value):
        return args[0] if value.dtype != torch.bool or call.args[0].dtype == torch.bool else None
    logical = _LOGIC.get(call.function)
    if logical is not None and value.dtype != torch.bool:
        return None
    try:
        with mode:
            found = (logical or call.function)(*args, **options)
    except (RuntimeError, TypeError, IndexError):  # it takes no floating-point numbers: what it makes owes nothing
        return None
    return found if not isinstance(found, Tensor) or is_propagated(found) else mode.shadow(found)


def _chosen(call: PairedCall) -> Any:
    """Apply where(m, a, b) as m·a + (1 - m)·b.

    Raises:
        UnsupportedOperationError: infinity is chosen for the input alone, or for the baseline alone.
    """
    if len(call.args) == 1:
        return position(call)
    if call.function is Tensor.where:
        return _choose(call, call.args[1], call.args[0], *call.args[2:])
    return _choose(call, *call.args)


def _filled(call: PairedCall) -> Tensor:
    x, mask, value = (*call.args, *call.options.values())
    return _choose(call, mask, value, x)


def _choose(call: PairedCall, condition: Tensor, first: Any, second: Any) -> Tensor:
    mode = call.mode
    shadow, twins = mode.shadow(condition), mode.twin(condition)
    with torch.no_grad():
        value, reference = call.run(), call.run_with(mode.twin)
    a, b = (_shadowed(mode, operand, value) for operand in (first, second))
    with torch.no_grad():
        gap = ((a + mode.twin(a)) - (b + mode.twin(b))) / 2
        gap = torch.where(condition == twins, 0.0, gap)
    if not bool(gap.isfinite().all()):
        raise call.unsupported(f"with infinity in place {OTHERWISE}")
    none = a.new_zeros(())
    parts = [torch.where(m, a, none) + torch.where(m, none, b) for m in (condition, twins)]
    surrogate = (parts[0] + parts[1]) / 2
    surrogate = surrogate if shadow is None else surrogate + shadow * gap
    numbers = value.to(surrogate.dtype), reference.to(surrogate.dtype)
    return settled(call, value, reference, with_gradient_of(call, surrogate, *numbers))


def _shadowed(mode: PairedPass, operand: Any, like: Tensor) -> Tensor:
    """Return one of two operands of a choice, (…), in floating point."""
    if not isinstance(operand, Tensor):
        dtype = like.dtype if is_propagated(like) else torch.get_default_dtype()
        return torch.as_tensor(operand, dtype=dtype, device=like.device)
    if is_propagated(operand):
        return operand
    shadow = mode.shadow(operand)
    return operand.to(torch.get_default_dtype()) if shadow is None else shadow


def _table(entries: dict[str, Any]) -> dict[Callable[..., Any], Any]:
    return {function: rule for names, rule in entries.items() for function in named(names)}


_OF_NUMBERS = frozenset(named(LOGIC))

_CASTS = frozenset(named("to type type_as long int short char byte bool"))

_CHOICES: dict[Callable[..., Any], Rule[PairedPass]] = _table(
    {
        "where": _chosen,
        "masked_fill": _filled,
        POSITIONS: position,
        "one_hot": one_hot,
    }
)

# In floating point, of truth values
_LOGIC: dict[Callable[..., Any], Callable[..., Tensor]] = _table(
    {
        "logical_not bitwise_not __invert__": lambda m: 1 - m,
        "logical_and bitwise_and __and__ __rand__": lambda m, other: m * other,
        "logical_or bitwise_or __or__ __ror__": lambda m, other: m + other - m * other,
        "logical_xor bitwise_xor __xor__ __rxor__": lambda m, other: m + other - 2 * (m * other),
        "any": lambda m, dim=(), keepdim=False: m.amax(dim, keepdim),
        "all": lambda m, dim=(), keepdim=False: m.amin(dim, keepdim),
    }
)
