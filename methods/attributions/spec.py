"""Specification of an attribution method."""

import inspect
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from ...entry import Entry, Factory, resolve
from ...errors import ParameterError

PER_SAMPLE = ("inputs", "target", "baseline", "truth", "seeds", "fixed")
ARGUMENTS = ("model", *PER_SAMPLE, "background", "passes", "parts")

_PARAMETERS: WeakKeyDictionary[Callable[..., Any], tuple[inspect.Parameter, ...]] = WeakKeyDictionary()


class Cost(NamedTuple):
    """Rows that pass through the network to explain one sample, forward and backward."""

    forward: int
    backward: int


class Taken(NamedTuple):
    """The arguments of `attribute` that a method asks for: those that it needs, and those that may be None."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Return all of them."""
        return (*self.required, *self.optional)


@dataclass(frozen=True, kw_only=True)
class MethodSpec(Entry):
    """An attribution method; its factory is the method itself, a function that returns attributions.

    The function names what it needs as its leading parameters, out of

    - `model`: nn.Module in evaluation mode, (batch, time, features) to logits (batch, classes);
    - `inputs`: (batch, time, features);
    - `target`: int64 (batch,), the explained class of each sample;
    - `baseline`: (batch, time, features), what absence of the input means;
    - `background`: (any, time, features), series from which absence is drawn, such as training samples;
    - `truth`: (batch, time, features) in [0, 1] (reference methods only);
    - `seeds`: one integer a sample, so that random numbers do not depend on how samples are chunked;
    - `passes`: `Passes`, for methods that need many passes a sample, in bounded memory;
    - `parts`: the features of each of several inputs that make up the series, or None;
    - `fixed`: bool (batch, time, features), entries that the model sees as they are, whatever a row says, or None;

    (those with the default None are optional), followed by its own parameters, and returns
    (batch, time, features). Each sample's attributions depend on that sample alone.

    Attributes:
        assumptions: one sentence: what has to hold for the map to mean what it says.
        passes: the cost in words, such as "steps forward and backward".
        cost: function (time, features, **parameters) -> Cost, the rows of a sample.
        is_reference: a map that needs no model (oracle, random, ones, …); it gets rows of its own.
        makes: the series that it makes of a sample, such as "noise of {noise_level} times its range" (with the
            parameters' values in braces), for the message where the network refuses one.
        is_complete: promises that attributions sum to output(inputs) - output(absence), where absence is the
            baseline or, for a method with a parameter `against`, what `baselines.absence` makes of it; the
            residual is then reported.
    """

    assumptions: str = ""
    passes: str = ""
    cost: Factory | None = None
    makes: str = "a series of its own"
    is_reference: bool = False
    is_complete: bool = False

    def cost_of(self, time: int, features: int, parameters: Mapping[str, Any]) -> Cost | None:
        """Return the rows that explaining one sample takes, or None where the entry does not say."""
        return None if self.cost is None else Cost(*resolve(self.cost)(time, features, **parameters))

    def takes(self) -> Taken:
        """Return the arguments that the method asks for.

        Raises:
            ParameterError: its function has a parameter that is neither an argument of `attribute` nor the entry's.
        """
        return taken_by(self.load(), self.parameters)

    def function_defaults(self) -> dict[str, Any]:
        """Return the keyword parameters of the method's function, with their defaults."""
        return dict(self.load().__kwdefaults__ or {})


def taken_by(function: Callable[..., Any], own: Container[str] = ()) -> Taken:
    """Return the arguments of `attribute` that the signature of a method's function names.

    Args:
        function: the function.
        own: names of its own parameters that get values later.

    Raises:
        ParameterError: another parameter without a value.
    """
    found = [parameter for parameter in _parameters(function) if parameter.name not in own]
    unbound = [p.name for p in found if p.default is p.empty and p.name not in ARGUMENTS]
    if unbound:
        raise ParameterError(
            f"an attribution method takes {', '.join(ARGUMENTS)} and bound parameters, got the unbound "
            f"{', '.join(unbound)}; bind them with functools.partial"
        )
    asked = [parameter for parameter in found if parameter.name in ARGUMENTS]
    required = tuple(parameter.name for parameter in asked if parameter.default is parameter.empty)
    return Taken(required, tuple(parameter.name for parameter in asked if parameter.name not in required))


def _parameters(function: Callable[..., Any]) -> tuple[inspect.Parameter, ...]:
    if function not in _PARAMETERS:
        _PARAMETERS[function] = tuple(inspect.signature(function).parameters.values())
    return _PARAMETERS[function]
