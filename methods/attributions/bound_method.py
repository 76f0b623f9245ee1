"""Attribution methods with their own parameters set, and what they take of the arguments of `attribute`."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .spec import MethodSpec, Taken, taken_by

Method = Callable[..., Tensor]


@dataclass(frozen=True)
class BoundMethod:
    """A method that takes the arguments of `attribute` alone.

    Attributes:
        function: takes them by name, and its own parameters.
        parameters: these, all of them.
        takes: the arguments that it asks for.
    """

    function: Method
    parameters: Mapping[str, Any]
    takes: Taken

    def __call__(self, *given: Any, **named: Any) -> Tensor:
        """Return the method's attributions, (batch, time, features)."""
        return self.function(*given, **named, **self.parameters)


def bind(spec: MethodSpec, overrides: Mapping[str, Any] | None = None) -> BoundMethod:
    """Return a method with its own parameters set to the entry's defaults updated with overrides.

    Raises:
        UnknownNameError: a parameter that the method does not have.
        ParameterError: a value of another type than the default's.
    """
    return BoundMethod(spec.load(), spec.configure(overrides or {}), spec.takes())


def bound(method: Method) -> BoundMethod:
    """Return a method as it is bound, or a function of one's own with the arguments that its signature names.

    Raises:
        ParameterError: a parameter that is no argument of `attribute` and has no value.
    """
    if isinstance(method, BoundMethod):
        return method
    takes = taken_by(method)
    parameters = inspect.signature(method).parameters
    return BoundMethod(method, {name: p.default for name, p in parameters.items() if name not in takes.names}, takes)
