"""Find in which kinds the inputs of a network are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from torch import Tensor

from ....errors import ParameterError
from ....methods.attributions.validation.axes import ORDER, axes_order
from ..explanation import Explanation
from .frames import Frame
from .kind import Kind, Plain


@dataclass(frozen=True)
class Kinds:
    """The kinds of a network's inputs.

    Attributes:
        of_inputs: the kind of each.
        structure: in which they are given: None for one input, else tuple, list or dict.
        names: of those of a dictionary.
    """

    of_inputs: Sequence[Kind]
    structure: type | None
    names: Sequence[Any]

    @classmethod
    def of(cls, inputs: Any, axes: Any) -> "Kinds":
        """Return the kinds of one input, or of several in a tuple, list or dictionary.

        Raises:
            ParameterError: axes that do not fit.
        """
        if isinstance(inputs, Mapping):
            return cls([_kind(value, axes) for value in inputs.values()], dict, list(inputs))
        if isinstance(inputs, (tuple, list)) and any(_is_series(value) for value in inputs):
            return cls([_kind(value, axes) for value in inputs], type(inputs), [])
        return cls([_kind(inputs, axes)], None, [])

    @classmethod
    def of_tensors(cls, count: int) -> "Kinds":
        """Return the kinds of so many tensors that are not the inputs."""
        return cls([Plain(False)] * count, None, [])

    def read(self, values: Any) -> Any:
        """Return inputs, or baselines and backgrounds in their structure, as a network takes them, (batch, time, …)."""
        if values is None or self.structure is None:
            return None if values is None else self.of_inputs[0].read(values)
        if isinstance(values, Mapping) and self.structure is dict:
            kinds = dict(zip(self.names, self.of_inputs, strict=True))
            return {name: kinds[name].read(value) if name in kinds else value for name, value in values.items()}
        if isinstance(values, (tuple, list)) and len(values) == len(self.of_inputs) and self.structure is not dict:
            return type(values)(kind.read(value) for kind, value in zip(self.of_inputs, values, strict=True))
        return values

    def give(self, explanations: Sequence[Explanation], are_several: bool) -> list[Any]:
        """Return the map of each input in its kind."""
        return [kind.give(own, are_several) for kind, own in zip(self.of_inputs, explanations, strict=True)]


def _kind(value: Any, axes: Any) -> Kind:
    if isinstance(value, pd.DataFrame):
        if axes is not None and (isinstance(axes, str) or not isinstance(axes, Sequence)):
            raise ParameterError(
                f"axes of a data frame must be a tuple of its columns, such as ('case', 'time'), got {axes!r}"
            )
        return Frame(None if axes is None else tuple(axes), value)
    is_array = isinstance(value, np.ndarray)
    is_series = (is_array or isinstance(value, Tensor)) and value.ndim == 3
    return Plain(is_array, axes_order(axes) if is_series else ORDER)


def _is_series(value: Any) -> bool:
    return isinstance(value, pd.DataFrame) or (isinstance(value, (Tensor, np.ndarray)) and value.ndim == 3)
