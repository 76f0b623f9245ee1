"""Specification of an attribution method."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ...entry import Entry, Factory, resolve


class Cost(NamedTuple):
    """Rows that pass through the network to explain one sample, forward and backward."""

    forward: int
    backward: int


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
