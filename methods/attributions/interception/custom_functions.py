"""Functions that PyTorch does not know: what they compute, said in operations that have rules."""

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor, nn
from torch.autograd import Function

from ....errors import ParameterError
from ...operations import composite

_APPLY = Function.apply.__func__  # type: ignore[attr-defined]


def register_rule(
    function: type[Function] | Callable[..., Tensor], elementary: Callable[..., Tensor]
) -> Callable[..., Tensor]:
    """Let DeepLIFT and LRP compute a function by operations that have rules, where they meet it in a network.

    A `torch.autograd.Function`, or a kernel of one's own, is out of their sight. Its values and its gradient stay as
    they are, for networks and for methods of gradients.

    Args:
        function: a subclass of torch.autograd.Function, whose `apply` is replaced, also under names of the modules that
            define the network's layers, such as `scan = Scan.apply`; or any function of tensors, which the network has
            to call by what is returned.
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
        if frame.f_code is _APPLY.__code__:
            return str(frame.f_locals["cls"].__name__)
    return ""


@contextmanager
def written_in_operations(model: nn.Module) -> Iterator[None]:
    """Let a network inside the block call functions that are registered, or known, by what methods see.

    It finds them in the modules that define its layers, whatever name they have there.
    """
    with ExitStack() as stack:
        for name in {type(module).__module__ for module in model.modules()}:
            namespace = sys.modules.get(name)
            if namespace is None or name.startswith("torch."):
                continue
            for attribute, value in list(vars(namespace).items()):
                owner, place = (value, "apply") if isinstance(value, type) else (namespace, attribute)
                seen = _seen(getattr(value, "apply", None) if isinstance(value, type) else value)
                if seen is not None:
                    stack.enter_context(patch.object(owner, place, seen))
        yield


def linear_scan(decays: Tensor, added: Tensor) -> Tensor:
    """Return h with h_t = a_t·h_{t-1} + x_t and h_0 = x_0 of decays a and added x, (batch, time, …) each."""
    found: list[Tensor] = []
    for decay, entering in zip(decays.unbind(1), added.unbind(1), strict=True):
        found.append(decay * found[-1] + entering if found else entering)
    return torch.stack(found, 1)


# By their full names: the packages need not be there
_KNOWN: dict[str, Callable[..., Tensor]] = {
    "mambapy.pscan.PScan": linear_scan,
    "transformers.models.recurrent_gemma.modeling_recurrent_gemma.SqrtBoundDerivative": torch.sqrt,
}


def _seen(function: Any) -> Any:
    """Return what methods see in place of an `apply` that they would not, or None of anything else."""
    if getattr(function, "__func__", None) is not _APPLY:
        return None
    owner = function.__self__
    if hasattr(owner.apply, "elementary"):  # registered after this name was bound
        return owner.apply
    elementary = _KNOWN.get(f"{owner.__module__}.{owner.__qualname__}")
    return None if elementary is None else staticmethod(composite(elementary)(function))
