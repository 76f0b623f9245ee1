"""Look up arguments of PyTorch functions, given by position or by name."""

from typing import Any

# PyTorch takes NumPy's names too
_NAMES = {"x": "input", "a": "input", "x1": "input", "x2": "other", "axis": "dim", "keepdims": "keepdim"}

# In the order in which PyTorch's functions take them, after what is given by place
_OPERANDS = ("condition", "self", "input", "other")


def by_place(args: tuple[Any, ...], options: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a call's arguments with the operands that were given by name where a call by place has them.

    Args:
        args: the arguments given by place.
        options: those given by name; NumPy's names become PyTorch's.
    """
    if not options:
        return args, options
    named = {_NAMES.get(name, name): value for name, value in options.items()}
    operands = [named.pop(name) for name in _OPERANDS if name in named]
    return (*args, *operands), named


def is_divisor(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Return whether a power, whose arguments these are, has a negative number as exponent."""
    exponent = options["exponent"] if "exponent" in options else args[1]
    return isinstance(exponent, (int, float)) and exponent < 0
