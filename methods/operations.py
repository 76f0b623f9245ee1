"""Fused operations with an elementary definition beside them, for attribution rules."""

import functools
from collections.abc import Callable
from typing import Any, Protocol

from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function


class Composite(Protocol):
    """A fused function of tensors whose `elementary` computes the same from operations with known rules."""

    elementary: Callable[..., Tensor]

    def __call__(self, *tensors: Tensor, **options: Any) -> Tensor:
        """Compute the fused form, unless a TorchFunctionMode or tensor subclass takes the call."""
        ...


def composite(elementary: Callable[..., Tensor]) -> Callable[[Callable[..., Tensor]], Composite]:
    """Make a fast function visible to `torch.overrides` as one call, with its elementary definition beside it.

    A fused kernel may subtract maxima or split time into blocks; these cancel in value and in gradient but not
    in difference rules such as DeepLIFT's, which therefore use `elementary(*tensors, **options)` instead.
    """

    def decorate(fused: Callable[..., Tensor]) -> Composite:
        @functools.wraps(fused)
        def call(*tensors: Tensor, **options: Any) -> Tensor:
            if has_torch_function(tensors):
                result: Tensor = handle_torch_function(call, tensors, *tensors, **options)
                return result
            return fused(*tensors, **options)

        call.elementary = elementary  # type: ignore[attr-defined]
        return call  # type: ignore[return-value]

    return decorate
