"""Maps of temporal saliency rescaling: how far a method's map moves when a time step or a feature is hidden."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ...errors import ParameterError
from .arguments import check_attributions
from .passes import Passes, Piece, join, pick
from .rescaling import THRESHOLD

Method = Callable[..., Tensor]

_OWN = ("inputs", "target", "baseline", "passes")  # what the wrapper itself needs of a method that uses a model
_PER_SAMPLE = ("target", "baseline", "truth", "seeds")


def rescaled_method(method: Method, parameters: Mapping[str, Any]) -> Method:
    """Return a method under temporal saliency rescaling, as `rescaling.rescaled` defines it.

    It takes what the method takes, and inputs, baseline, and for methods that use a model, target and passes.

    Args:
        method: an attribution method as `MethodSpec` describes it.
        parameters: its own parameters and their defaults.
    """
    taken = inspect.signature(method).parameters
    asked = tuple(name for name in taken if name not in parameters)
    signature = _signature([taken[name] for name in asked], parameters)

    def rescale(*args: Any, **named: Any) -> Tensor:
        bound = signature.bind(*args, **named)
        bound.apply_defaults()
        arguments = dict(bound.arguments)
        threshold = arguments.pop("threshold")
        if not 0 <= threshold <= 1:
            raise ParameterError(f"threshold must be a quantile in [0, 1], got {threshold}")
        own = {name: arguments.pop(name) for name in parameters}
        copies = MaskedCopies(arguments["inputs"], arguments["baseline"])
        maps = _maps(functools.partial(method, **own), asked, arguments, copies)
        return _product(*copies.relevances(maps), threshold)

    rescale.__signature__ = signature  # type: ignore[attr-defined]
    rescale.__kwdefaults__ = {**parameters, "threshold": THRESHOLD}  # as of a function written out
    return rescale


def _signature(asked: Sequence[inspect.Parameter], parameters: Mapping[str, Any]) -> inspect.Signature:
    names = [parameter.name for parameter in asked]
    own = _OWN if {"model", "passes"} & set(names) else ("inputs", "baseline")
    required = {p.name: p for p in asked if p.default is p.empty or p.name in own}
    optional = [p for p in asked if p.name not in required]
    defaults = {**parameters, "threshold": THRESHOLD}
    return inspect.Signature(
        [
            *(
                inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD)
                for name in dict.fromkeys([*required, *own])
            ),
            *(p.replace(kind=inspect.Parameter.POSITIONAL_OR_KEYWORD) for p in optional),
            *(inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name]) for name in defaults),
        ]
    )


class MaskedCopies:
    """The rows of draw 0: the inputs; draws 1 … T: with one time step of the baseline; the next F: with one feature.

    Args:
        inputs: (batch, time, features).
        baseline: (batch, time, features).
    """

    def __init__(self, inputs: Tensor, baseline: Tensor) -> None:
        self.inputs = inputs
        self.baseline = baseline
        self.steps, self.features = inputs.shape[1:]
        self.draws = 1 + self.steps + self.features

    def points(self, draw: int, samples: slice) -> Tensor:
        """Return the rows (samples, time, features) of one draw."""
        if not draw:
            return self.inputs[samples]
        rows, baseline = self.inputs[samples].clone(), self.baseline[samples]
        if draw <= self.steps:
            rows[:, draw - 1] = baseline[:, draw - 1]
        else:
            rows[:, :, draw - 1 - self.steps] = baseline[:, :, draw - 1 - self.steps]
        return rows

    def relevances(self, maps: Iterator[tuple[int, slice, Tensor]]) -> tuple[Tensor, Tensor]:
        """Return Δ_t (batch, time) and Δ_i (batch, features) from the maps of all draws, in ascending order."""
        whole, difference = torch.empty_like(self.inputs), torch.empty_like(self.inputs)
        moved = self.inputs.new_empty(len(self.inputs), self.draws)
        for draw, samples, part in maps:
            if draw:
                changed = torch.sub(part, whole[samples], out=difference[samples]).abs_()
                # One axis after the other: a sum over both is split between threads where the batch is small
                moved[samples, draw] = changed.sum(2).sum(1)
            else:
                whole[samples] = part
        check_attributions(moved[:, 1:], moved[:, 1:])  # NaN or infinity of any map shows in its row
        return moved[:, 1 : 1 + self.steps], moved[:, 1 + self.steps :]


def _maps(
    method: Method, asked: Sequence[str], arguments: Mapping[str, Any], copies: MaskedCopies
) -> Iterator[tuple[int, slice, Tensor]]:
    def explain(pieces: Sequence[Piece]) -> Tensor:
        rows = _rows_of(pieces)
        given = {name: rows(arguments[name]) if name in _PER_SAMPLE else arguments[name] for name in asked}
        inputs = join(copies.points, pieces)
        if "inputs" in asked:
            given["inputs"] = inputs
        found = method(**given)
        if isinstance(found, Tensor) and found.shape == inputs.shape:
            return found.detach()
        return check_attributions(found, inputs)  # which says what is wrong

    if "model" in asked and "passes" not in asked:
        passes: Passes = arguments["passes"]
        yield from passes.each("rescaling", arguments["target"], copies.draws, explain)
    else:
        everyone = slice(0, len(copies.inputs))
        for draw in range(copies.draws):
            yield draw, everyone, explain([(draw, everyone)])


def _rows_of(pieces: Sequence[Piece]) -> Callable[[Any], Any]:
    """Return a function that gives each row of the pieces its sample's value, of a tensor, of a list or of None."""

    def rows(values: Any) -> Any:
        if values is None:
            return None
        if isinstance(values, Tensor):
            return pick(values, pieces)
        return [value for _, samples in pieces for value in values[samples]]

    return rows


def _product(by_time: Tensor, by_feature: Tensor, threshold: float) -> Tensor:
    """Return Δ_t · Δ_i, (batch, time, features), zero at steps below the quantile of Δ_t."""
    level = torch.quantile(by_time.double(), threshold, dim=1, keepdim=True)
    return torch.where(by_time >= level, by_time, 0)[:, :, None] * by_feature[:, None, :]
