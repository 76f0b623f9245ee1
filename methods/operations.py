"""Fused operations with an elementary definition beside them, for attribution rules."""

import functools
from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol

from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function


class Kind(Enum):
    """What a fused function computes, by which rule sets know it that have a rule of their own for it.

    PREFIX_ATTENTION: of scores (batch, time, hops) and values (batch, time, features), the mean over hops of the sums
    over s <= t of softmax(score_s, s <= t) value_s, (batch, time, features). PREFIX_ATTENTION_PER_HOP: each of these,
    (batch, time, hops, features).
    """

    PREFIX_ATTENTION = "prefix attention"
    PREFIX_ATTENTION_PER_HOP = "prefix attention per hop"


class Composite(Protocol):
    """A fused function of tensors whose `elementary` computes the same from operations with known rules."""

    elementary: Callable[..., Tensor]
    kind: Kind | None

    def __call__(self, *tensors: Tensor, **options: Any) -> Tensor:
        """Compute the fused form, unless a TorchFunctionMode or tensor subclass takes the call."""
        ...


def composite(
    elementary: Callable[..., Tensor], kind: Kind | None = None
) -> Callable[[Callable[..., Tensor]], Composite]:
    """Make a fast function visible to `torch.overrides` as one call, with its elementary definition beside it.

    A fused kernel may subtract maxima or split time into blocks; these cancel in value and in gradient but not
    in difference rules such as DeepLIFT's, which therefore use `elementary(*tensors, **options)` instead, unless they
    have a rule for the kind.
    """

    def decorate(fused: Callable[..., Tensor]) -> Composite:
        @functools.wraps(fused)
        def call(*tensors: Tensor, **options: Any) -> Tensor:
            if has_torch_function(tensors):
                result: Tensor = handle_torch_function(call, tensors, *tensors, **options)
                return result
            return fused(*tensors, **options)

        call.elementary, call.kind = elementary, kind  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate
