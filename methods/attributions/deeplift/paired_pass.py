"""Paired forward pass: every tensor that depends on the input carries its value for the baseline."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..interception.interception import Function, Interception, Operation, Rule


class PairedPass(Interception):
    """Runs a network on inputs and baseline at once: what is noted of a varying tensor is its *twin*.

    The twin is the same tensor's value for the baseline. Truth values and whole numbers vary only where twin and value
    differ; then they have a *shadow*, the same numbers in floating point, to which multipliers go, unless nothing says
    what they owe to the input.

    Args:
        method: what an error calls the method.
        rules: the rule of each PyTorch function, and of kinds of fused functions.
        metadata: functions that read only the shape, type or place of tensors.
    """

    def __init__(
        self, method: str, rules: Mapping[Operation, Rule["PairedPass"]], metadata: frozenset[Function]
    ) -> None:
        super().__init__(method, rules, metadata)
        self._reciprocals: set[int] = set()
        self._shadows: dict[int, Tensor | Callable[[], Tensor]] = {}

    def note_reciprocal(self, tensor: Tensor) -> None:
        """Remember that a varying tensor is a reciprocal: a product with it is a quotient."""
        self._reciprocals.add(id(tensor))

    def is_reciprocal(self, tensor: Tensor) -> bool:
        """Return whether a tensor was noted as a reciprocal."""
        return id(tensor) in self._reciprocals

    def twin(self, tensor: Tensor) -> Tensor:
        """Return a tensor's value for the baseline: its twin, or itself if it does not vary."""
        twin: Tensor = self.noted(tensor) if self.varies(tensor) else tensor
        return twin

    def note_of_constant(self, tensor: Tensor) -> Tensor:
        """Return the tensor: a constant is its own twin."""
        return tensor

    def note_discrete(self, tensor: Tensor, note: Tensor, shadow: Tensor | Callable[[], Tensor] | None = None) -> None:
        """Note truth values or whole numbers, (…), and their twin, unless twin and value are the same.

        Args:
            tensor: (…).
            note: (…), its twin.
            shadow: (…), or what makes it once it is asked for.
        """
        if torch.equal(tensor, note):
            return
        self.has_discrete = True
        self.note(tensor, note)
        if shadow is not None:
            self._shadows[id(tensor)] = shadow

    def shadow(self, tensor: Tensor) -> Tensor | None:
        """Return the shadow of varying truth values or whole numbers, (…), or None where they have none."""
        shadow = self._shadows.get(id(tensor))
        if callable(shadow) and not isinstance(shadow, Tensor):
            shadow = self._shadows[id(tensor)] = shadow()
        return shadow
