"""Read which of a network's outputs are explained."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ...errors import ParameterError, ShapeError
from ...methods.attributions.adapters import tells_classes
from ..execution.tensors import classes_of

Target = Tensor | ArrayLike | int | tuple[Any, ...] | None
Predict = Callable[[], Tensor]  # the classes that are predicted at each step, int64 (batch, steps)


def chosen_targets(target: Target, targets: Sequence[Target] | None) -> list[Target]:
    """Return the targets that are asked for: one, or the several.

    Raises:
        ParameterError: both are given, or no several.
    """
    if targets is None:
        return [target]
    chosen = [] if isinstance(targets, (str, Mapping)) or not isinstance(targets, Iterable) else list(targets)
    if target is not None or not chosen:
        raise ParameterError(
            f"targets must be several targets, in place of target, got {targets!r} and target={target!r}; give a list"
        )
    return chosen


@dataclass(frozen=True)
class Outputs:
    """What a network answers a batch of series with.

    Attributes:
        batch: how many series.
        sizes: of its outputs behind the batch, such as steps and classes.
        predict: gives the classes that are predicted, where there are some for each step.
    """

    batch: int
    sizes: tuple[int, ...]
    predict: Predict | None

    def number(self, target: Target) -> Tensor | None:
        """Return which output is explained, counted in a row, int64 (batch,); None for the class that is predicted.

        Args:
            target: a class, for all samples or one each, (batch,); of outputs of more sizes a tuple of as many such.

        Raises:
            ParameterError: a target of another form, or out of range.
        """
        if len(self.sizes) < 2:
            return classes_of(target, self.batch)
        if not isinstance(target, (tuple, list)) or len(target) != len(self.sizes):
            raise ParameterError(
                f"target must be a tuple of {len(self.sizes)}, such as (step, class), since the network's outputs are "
                f"(batch, {', '.join(map(str, self.sizes))}), got {_told(target)}"
            )
        *steps, last = target
        places = [self._place(value, size) for value, size in zip(steps, self.sizes, strict=False)]
        places.append(self._predicted(places) if last is None else self._place(last, self.sizes[-1]))
        found = torch.zeros(self.batch, dtype=torch.int64)
        for place, size in zip(places, self.sizes, strict=True):
            found = found * size + place
        return found

    def places(self, number: Tensor | None) -> Tensor | None:
        """Return outputs counted in a row, int64 (batch,), as positions in each size, (batch, sizes), if several."""
        if number is None or len(self.sizes) < 2:
            return number
        return torch.stack(torch.unravel_index(number, self.sizes), -1)

    def _predicted(self, places: Sequence[Tensor]) -> Tensor:
        if self.predict is None or len(places) > 1:
            raise ParameterError(_NAMED.format("target", self.sizes))
        return self.predict().cpu()[torch.arange(self.batch), places[0]]

    def _place(self, value: Any, size: int) -> Tensor:
        """Return positions along one size, int64 (batch,), of those that may be counted from the end."""
        place = classes_of(value, self.batch)
        if place is None or place.dtype != torch.int64 or bool(((place < -size) | (place >= size)).any()):
            got = "None" if place is None else _told(value)
            raise ParameterError(
                f"target must hold whole numbers within {self.sizes}, the sizes of the outputs behind the batch, "
                f"got {got}"
            )
        if place.shape != (self.batch,):
            raise ShapeError(
                f"target must hold numbers, or ({self.batch},) of them, one a sample, got {tuple(place.shape)}"
            )
        return place.cpu() % size


_NAMED = "{} must name one of the outputs, since none of them is predicted in place of the others, got None for {}"


def check_named(model: nn.Module, count: int, target: Tensor | None) -> None:
    """Raise where no target, (batch,), says which of several values or labels is explained.

    Args:
        model: (batch, time, features) to (batch, count).
        count: how many outputs it has.
        target: None for the class that is predicted.

    Raises:
        ParameterError: none is predicted.
    """
    if target is None and count > 1 and not tells_classes(model):
        raise ParameterError(_NAMED.format("target", f"{count} of them"))


def _told(target: Any) -> str:
    return f"a tensor {tuple(target.shape)}" if isinstance(target, Tensor) else repr(target)
