"""Gradient descent with momentum on learned masks, a few samples at a time."""

import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ..validation.parameter_checks import check_descent
from .mask_regularisers import SizeSlopes, jump_slopes

# Takes samples, slopes of their errors by the points, and of the points by the masks, (samples, time, features)
TakeSlopes = Callable[[slice, Tensor, Tensor], object]

_BLOCK = 1 << 20  # most bytes of a tensor that a step on a CPU works on: what follows finds them in the cache


@dataclass(frozen=True)
class Descent:
    """Gradient descent with momentum on error and regularisers, while the weight of the mask's size grows.

    Raises:
        ParameterError: a setting out of its range.
    """

    epochs: int
    size_weight: float
    size_growth: float
    time_weight: float
    learning_rate: float
    momentum: float

    def __post_init__(self) -> None:
        check_descent(**vars(self))

    def fit(self, mask: Tensor, area: float, each_slope: Callable[[Tensor, TakeSlopes], None]) -> None:
        """Let masks descend from where they are.

        Args:
            mask: m, (batch, time, features), changed in place.
            area: share of the entries that each mask is to keep.
            each_slope: hands over the slopes of all samples' errors at given masks, some samples after the others;
                their masks change meanwhile.
        """
        steps = _Steps(self, mask, kept_entries(area, mask[0].numel()))
        for epoch in range(self.epochs):
            size_weight = self.size_weight * self.size_growth ** (epoch / self.epochs)
            each_slope(mask, functools.partial(steps.step, size_weight))


class _Steps:
    """Masks, their velocities and the room to compute a step of a block of them."""

    def __init__(self, descent: Descent, mask: Tensor, kept: int) -> None:
        self.block = _block(mask)
        self._descent = descent
        self._mask, self._velocity = mask, torch.zeros_like(mask)
        self._room = torch.empty_like(mask[: self.block])
        self._size_slopes = SizeSlopes(mask, kept)

    def step(self, size_weight: float, samples: slice, outer: Tensor, inner: Tensor) -> None:
        for rows in _blocks(len(outer), self.block):
            own = slice(samples.start + rows.start, samples.start + rows.stop)
            self._step(size_weight, own, outer[rows], inner[rows])

    def _step(self, size_weight: float, samples: slice, outer: Tensor, inner: Tensor) -> None:
        mask, velocity, room = self._mask[samples], self._velocity[samples], self._room[: len(outer)]
        torch.mul(outer, inner, out=room)
        torch.add(room, velocity, alpha=self._descent.momentum, out=velocity)
        velocity.add_(self._size_slopes.of(mask, samples, out=room), alpha=2 * size_weight)
        if self._descent.time_weight:
            velocity.add_(jump_slopes(mask), alpha=self._descent.time_weight)
        mask.sub_(velocity, alpha=self._descent.learning_rate).clamp_(0, 1)


def kept_entries(area: float, entries: int) -> int:
    """Return how many entries an area is: as published, a part of one counts as one; but .1 · 30 is 3, not 4."""
    return min(entries, math.ceil(area * entries * (1 - 1e-12)))


def _block(mask: Tensor) -> int:
    if mask.device.type != "cpu":
        return len(mask)
    fitting = max(1, _BLOCK // (mask[0].numel() * mask.element_size()))
    return min(len(mask), 1 << (fitting.bit_length() - 1))  # passes hold 32 times a power of two


def _blocks(rows: int, block: int) -> Iterator[slice]:
    for start in range(0, rows, block):
        yield slice(start, min(start + block, rows))
