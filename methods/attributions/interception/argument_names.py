"""Look up arguments of PyTorch functions, given by position or by name."""

from collections.abc import Callable
from typing import Any

# PyTorch takes NumPy's names too
_NAMES = {"x": "input", "a": "input", "x1": "input", "x2": "other", "axis": "dim", "keepdims": "keepdim"}

# In the order in which PyTorch's functions take them, after what is given by place
_OPERANDS = ("condition", "self", "input", "other")

# The same of functions that name theirs otherwise
_SIGNATURES: dict[str, tuple[str, ...]] = {
    name: tuple(operands.split())
    for names, operands in {
        "linear conv1d conv2d conv3d": "input weight bias",
        "conv_transpose1d conv_transpose2d conv_transpose3d": "input weight bias",
        "embedding prelu": "input weight",
        "bilinear": "input1 input2 weight bias",
        "mm bmm": "input mat2",
        "mv": "input vec",
        "dot": "input tensor",
        "outer": "input vec2",
        "addmm": "input mat1 mat2",
        "addbmm baddbmm": "input batch1 batch2",
        "addmv": "input mat vec",
        "addcmul addcdiv": "input tensor1 tensor2",
        "lerp": "input end weight",
        "masked_fill": "input mask value",
        "gather index_select": "input dim index",
        "take_along_dim": "input indices dim",
        "scatter": "input dim index src",
        "scatter_add index_copy": "input dim index source src",
        "index_add": "input dim index source",
        "tensordot": "input b",
    }.items()
    for name in names.split()
}


def by_place(
    function: Callable[..., Any], args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return a call's arguments with the operands that were given by name where a call by place has them.

    Args:
        function: of PyTorch.
        args: the arguments given by place.
        options: those given by name; NumPy's names become PyTorch's.
    """
    if not options:
        return args, options
    named = {_NAMES.get(name, name): value for name, value in options.items() if (name, value) != ("out", None)}
    order = _SIGNATURES.get(getattr(function, "__name__", ""), _OPERANDS)
    operands = [named.pop(name) for name in order if name in named]
    return (*args, *operands), named


def is_divisor(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Return whether a power, whose arguments these are, has a negative number as exponent."""
    exponent = options["exponent"] if "exponent" in options else args[1]
    return isinstance(exponent, (int, float)) and exponent < 0
