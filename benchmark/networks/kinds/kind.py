"""A kind in which series are given: tensors, arrays and lists, their axes in any order."""

import html
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from ....methods.attributions.validation.axes import ORDER
from ..explanation import Explanation


class Kind(Protocol):
    """How one input is given, and its map given back."""

    def read(self, values: Any) -> Any:
        """Return values of this kind, or of their absence, as a model has them, (batch, time, features)."""
        ...

    def give(self, explanation: Explanation, are_several: bool) -> Any:
        """Return a map, (batch, time, features), or several behind each other, in this kind."""
        ...


class ArrayExplanation(np.ndarray[Any, Any]):
    """A map as an array, (batch, time, features) or of its input's shape; `explanation` knows what it is of.

    The attributes of an `Explanation` are its own, too; what is computed from it is a plain array.
    """

    explanation: Explanation

    def __new__(cls, explanation: Explanation) -> "ArrayExplanation":
        """Return the numbers of an explanation, (batch, time, features), as an array."""
        found = explanation.map.detach().cpu()
        array = (found.float() if found.dtype == torch.bfloat16 else found).numpy().view(cls)
        array.explanation = explanation
        return array

    def __getattr__(self, name: str) -> Any:
        """Return what the explanation knows."""
        if name.startswith("_") or name == "explanation":
            raise AttributeError(name)
        return getattr(self.explanation, name)

    def __getitem__(self, key: Any) -> Any:
        return np.asarray(self)[key]

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [np.asarray(value) if isinstance(value, ArrayExplanation) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __repr__(self) -> str:
        return repr(self.explanation) if "explanation" in vars(self) else repr(np.asarray(self))

    def _repr_html_(self) -> str:
        """Return a small table, for notebooks."""
        return self.explanation._repr_html_() if "explanation" in vars(self) else html.escape(repr(self))

    def __reduce__(self) -> Any:
        return np.asarray(self).__reduce__()


@dataclass(frozen=True)
class Plain:
    """Tensors, arrays and nested lists.

    Attributes:
        is_array: maps are arrays.
        order: at which axes batch, time and features stand.
    """

    is_array: bool
    order: tuple[int, int, int] = ORDER

    def read(self, values: Any) -> Any:
        """Return values as they are, series (batch, time, features) and (time, features) in the order of their axes."""
        if self.order == ORDER or not isinstance(values, (Tensor, np.ndarray)):
            return values
        if values.ndim == 3:
            return _permuted(values, self.order)
        return _permuted(values, self._of_one()) if values.ndim == 2 else values

    def give(self, explanation: Explanation, are_several: bool) -> Any:
        """Return a map, (batch, time, features), or several behind each other, in the order that it was given in."""
        own = explanation
        if self.order != ORDER and explanation.ndim == 3 + are_several:
            order = tuple(np.argsort(self.order).tolist())
            absent = None if explanation.baseline is None else _of_last(explanation.baseline, order)
            own = explanation.of(_of_last(explanation.map, order), absent)
        return ArrayExplanation(own) if self.is_array else own

    def _of_one(self) -> tuple[int, ...]:
        _, time, features = self.order
        return (0, 1) if time < features else (1, 0)


def _permuted(values: Any, order: tuple[int, ...]) -> Any:
    return values.permute(order) if isinstance(values, Tensor) else values.transpose(order)


def _of_last(values: Tensor, order: tuple[int, ...]) -> Tensor:
    """Return the last three axes of values, (…, batch, time, features), in another order."""
    before = values.ndim - 3
    return values.permute(*range(before), *(before + axis for axis in order)).contiguous()
