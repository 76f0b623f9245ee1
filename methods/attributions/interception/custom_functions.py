"""Functions that PyTorch does not know: what they compute, said in operations that have rules."""

import traceback
from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.autograd import Function

from ....errors import ParameterError
from ...operations import composite

_APPLY = Function.apply.__func__.__code__  # type: ignore[attr-defined]


def register_rule(
    function: type[Function] | Callable[..., Tensor], elementary: Callable[..., Tensor]
) -> Callable[..., Tensor]:
    """Let DeepLIFT and LRP compute a function by operations that have rules, where they meet it in a network.

    A `torch.autograd.Function`, or a kernel of one's own, is out of their sight. Its values and its gradient stay as
    they are, for networks and for methods of gradients.

    Args:
        function: a subclass of torch.autograd.Function, whose `apply` is replaced; or any function of tensors, which
            the network has to call by what is returned. A name that was bound to `apply` before, such as
            `scan = Scan.apply`, has to be bound anew.
        elementary: function of the same arguments, which computes the same, (…), with operations that have rules.

    Returns:
        The function that methods see.

    Raises:
        ParameterError: function or elementary cannot be called.
    """
    target: Any = function
    is_class = isinstance(target, type)
    if not (callable(elementary) and (issubclass(target, Function) if is_class else callable(target))):
        raise ParameterError(
            f"register_rule needs two functions, got {function!r} and {elementary!r}; pass the function, and "
            "one of the same arguments that computes it with operations that have rules"
        )
    if not is_class:
        return composite(elementary)(target)
    made = composite(elementary)(getattr(target.apply, "__wrapped__", target.apply))
    target.apply = staticmethod(made)
    return made


def running_function() -> str:
    """Return the name of the torch.autograd.Function whose forward runs, or nothing where none does."""
    for frame, _ in traceback.walk_stack(None):
        if frame.f_code is _APPLY:
            return str(frame.f_locals["cls"].__name__)
    return ""
