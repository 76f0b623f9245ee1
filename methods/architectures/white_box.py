"""White boxes: networks that are a task's own function, given which entries of each series are salient."""

from collections.abc import Callable

from torch import Tensor, nn


class WhiteBox(nn.Module):
    """A function of series and their salient entries as a network of both, without weights."""

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self._function = function

    def forward(self, inputs: Tensor, salient: Tensor) -> Tensor:
        """Return the function's outputs (batch, classes) of series and salient entries, (batch, time, features) each.

        Each column is what the samples with this label are explained for.
        """
        return self._function(inputs, salient)
