"""Hold some inputs of a network at each sample's own values while the others are explained."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from ..adapters import SameOutputs


class Conditioned(SameOutputs):
    """A model(rows, *held) as a model of rows alone, (batch, time, features), the held tensors being one sample's.

    So whatever rows a method makes of a sample, copies, noise or mixtures, the model gets with them what belongs to the
    sample, unchanged, also from methods that know nothing of it.

    Args:
        model: takes rows, and after them as many values of each held tensor.
        held: of any type, each (batch, …), one value a sample; at first those of sample 0 are given.
        shapes: what the model gets, in words, for messages.
    """

    def __init__(self, model: nn.Module, held: Sequence[Tensor], shapes: str) -> None:
        super().__init__(model)
        self.shapes = shapes
        self._held = tuple(held)
        self.give(0)

    @property
    def holds(self) -> bool:
        """Return whether anything is held."""
        return bool(self._held)

    def give(self, sample: int) -> None:
        """Let the rows to come be those of a sample, or of others with the same held values."""
        self._given = tuple(values[sample : sample + 1] for values in self._held)

    def groups(self, count: int) -> list[list[int]]:
        """Return the numbers of the first samples, 0 … count - 1, those with the same held values together."""
        found: dict[tuple[bytes, ...], list[int]] = {}
        held = [values[:count].cpu().contiguous().flatten().view(torch.uint8).view(count, -1) for values in self._held]
        for sample in range(count):
            found.setdefault(tuple(values[sample].numpy().tobytes() for values in held), []).append(sample)
        return list(found.values())

    def together(self, rows: Tensor) -> Tensor:
        """Return the outputs (batch, classes) of rows that are the first samples' own, each with its held values."""
        outputs: Tensor = self.model(rows, *(values[: len(rows)].clone() for values in self._held))
        return outputs

    def forward(self, rows: Tensor) -> Tensor:
        """Return the outputs (batch, classes) of rows of the current sample."""
        # copies, since a model may work in place
        held = (values.expand(len(rows), *values.shape[1:]).clone() for values in self._given)
        outputs: Tensor = self.model(rows, *held)
        return outputs


def find_conditioned(model: nn.Module) -> Conditioned | None:
    """Return the model, or the one that it wraps, which is conditioned on a sample; None where there is none."""
    return next((module for module in model.modules() if isinstance(module, Conditioned) and module.holds), None)


def each_condition(model: nn.Module, count: int) -> Iterator[Sequence[int]]:
    """Yield the numbers of the samples 0 … count - 1 in groups, each with its held values in the model."""
    condition = find_conditioned(model)
    if condition is None:
        yield range(count)
        return
    for rows in condition.groups(count):
        condition.give(rows[0])
        yield rows
