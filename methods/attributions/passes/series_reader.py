"""Whether a network reads its series step by step, and so had better find them in that order in memory."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..interception.interception import tensors_in
from ..interception.operation_names import DROPOUTS, METADATA, named
from .prefix_states import RECURRENT_LAYERS

# What these tell of a tensor does not depend on the order of its cells in memory, which zeros_like and others copy
_LOOKS = METADATA - frozenset(named("stride is_contiguous zeros_like ones_like empty_like full_like")) | {
    getattr(Tensor, name).__get__ for name in ("shape", "ndim", "dtype", "device")
}
# These give back the tensor itself where they have nothing to do
_IDLE = frozenset(named(f"{DROPOUTS} to type_as float double half bfloat16 cpu cuda"))
_TURNS = frozenset(named("transpose permute movedim moveaxis swapaxes swapdims"))


class SeriesReader(TorchFunctionMode):
    """Notes, inside the block, whether recurrent layers read the series that pass, and whether anything else does.

    Recurrent layers put series into the order (time, batch, features) before they read them, which takes a fifth of a
    forward pass of a small LSTM, unless they lie in memory like that. Other layers may be slower then, or, like
    `view`, refuse them.

    Args:
        series: what will pass, (batch, time, features).
    """

    def __init__(self, series: Tensor) -> None:
        super().__init__()
        self._by_step = series.transpose(0, 1)
        self._views = [series]
        self._readers: set[bool] = set()

    @property
    def is_recurrent(self) -> bool:
        """Return whether recurrent layers read the series, and nothing else that PyTorch's Python functions show."""
        return self._readers == {True}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        results = func(*args, **(kwargs or {}))
        if func not in _LOOKS and any(map(self._is_view, tensors_in((args, kwargs)))):
            if func in _TURNS:
                self._views.append(results)
            elif not (func in _IDLE and self._is_view(results)):
                self._readers.add(func in RECURRENT_LAYERS and not kwargs and self._is_in_order(*args))
        return results

    def _is_view(self, value: object) -> bool:
        return any(value is view for view in self._views)

    def _is_in_order(self, inputs: Tensor, *options: Any) -> bool:
        """Return whether a recurrent layer's input is the series, time and batch being where the layer has them."""
        by_step = inputs.transpose(0, 1) if options[-1] is True else inputs
        return by_step.shape == self._by_step.shape and by_step.stride() == self._by_step.stride()


def takes_step_by_step(model: nn.Module, series: Tensor) -> bool:
    """Return whether a model takes series that lie in memory step by step.

    TorchScript and vmap hide from a `SeriesReader` what is done inside, such as a view.

    Args:
        model: (batch, time, features) to (batch, classes).
        series: (batch, time, features), which the model answers.
    """
    try:
        with torch.no_grad():
            model(series.transpose(0, 1).contiguous().transpose(0, 1))
    except RuntimeError:
        return False
    return True
