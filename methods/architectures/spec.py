"""Specification of an architecture."""

from dataclasses import dataclass

from ...entry import Entry


@dataclass(frozen=True, kw_only=True)
class ArchitectureSpec(Entry):
    """An architecture; its factory is `(*, features, classes, **parameters) -> nn.Module`.

    The module maps float (batch, time, features), of any number of time steps, to logits (batch, classes). It
    draws its initial weights from PyTorch's default generator, which training seeds inside a fork.

    Attributes:
        per_step: whether it answers at every step, with logits (batch, time, classes); it is trained on the tasks that
            have a label at every step, and on no other.
    """

    per_step: bool = False
