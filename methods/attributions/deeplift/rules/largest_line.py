"""The largest of straight lines, followed from one crossing to the next."""

from collections.abc import Iterator

import torch
from torch import Tensor


class LargestLine:
    """The largest of lines twin + α·(value - twin), followed for α from 0 to 1, from one crossing to the next.

    It is left for a steeper line at the earliest crossing that lies ahead.

    Attributes:
        slopes: (…, operands).
        current: int64 (…, 1), which of them is the largest now.

    Args:
        values: (…, operands); -inf in both takes no part.
        twins: (…, operands), the values for the baseline.
        first: int64 (…, 1), the largest of twins.
    """

    def __init__(self, values: Tensor, twins: Tensor, first: Tensor) -> None:
        self.slopes = torch.where(values == twins, 0.0, values - twins)
        self.current = first
        self._twins = twins

    def links(self) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
        """Yield which was the largest, int64 (…, 1), which is next, or the same, and for what share of the way."""
        place = torch.zeros_like(self.slopes[..., :1])
        while bool((place < 1).any()):
            last = self.current
            height, slope = self._twins.gather(-1, last), self.slopes.gather(-1, last)
            ahead = self.slopes - slope
            crossings = torch.where(ahead > 0, (height - self._twins) / torch.where(ahead > 0, ahead, 1.0), torch.inf)
            following, index = crossings.min(-1, keepdim=True)
            end = torch.maximum(following, place).clamp(max=1.0)
            self.current = torch.where(following < 1, index, last)
            yield last, self.current, end - place
            place = end
