"""Indices of the windows of max pooling."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Windows:
    """For each output of a pooling, the input positions of its window, and which of these exist.

    Attributes:
        positions: int64 (outputs, window), into the flattened pooled axes.
        exists: bool (outputs, window); False for padding.
    """

    positions: Tensor
    exists: Tensor

    def of(self, x: Tensor, axes: int) -> Tensor:
        """Return the values in each window, (…, outputs, window), -inf where there are none."""
        values = x.flatten(-axes)[..., self.positions]
        return values.masked_fill(~self.exists, -torch.inf)


def sliding(
    sizes: Sequence[int],
    outputs: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    device: torch.device,
) -> Windows:
    """Return the windows of a sliding kernel; every argument has one number a pooled axis."""
    starts = [
        [output * step - pad for output in range(count)]
        for count, step, pad in zip(outputs, stride, padding, strict=True)
    ]
    rows = [
        [[start + width * tap for tap in range(taps)] for start in of_axis]
        for of_axis, width, taps in zip(starts, dilation, kernel, strict=True)
    ]
    return _joined(rows, sizes, device)


def adaptive(sizes: Sequence[int], outputs: Sequence[int], device: torch.device) -> Windows:
    """Return the windows from ⌊o·size/outputs⌋ to ⌈(o + 1)·size/outputs⌉ of each output o, axis by axis."""
    rows = []
    for size, count in zip(sizes, outputs, strict=True):
        bounds = [(o * size // count, math.ceil((o + 1) * size / count)) for o in range(count)]
        longest = max(end - start for start, end in bounds)
        rows.append([[*range(start, end), *[-1] * (longest - end + start)] for start, end in bounds])
    return _joined(rows, sizes, device)


def _joined(rows: Sequence[Sequence[Sequence[int]]], sizes: Sequence[int], device: torch.device) -> Windows:
    positions = torch.zeros(1, 1, dtype=torch.int64, device=device)
    exists = torch.ones(1, 1, dtype=torch.bool, device=device)
    for of_axis, size in zip(rows, sizes, strict=True):
        axis = torch.tensor(of_axis, device=device)
        inside = (axis >= 0) & (axis < size)
        outer = (len(positions) * len(axis), positions.shape[1] * axis.shape[1])
        joined = positions[:, None, :, None] * size + axis.clamp(0, size - 1)[None, :, None, :]
        positions = joined.reshape(outer)
        exists = (exists[:, None, :, None] & inside[None, :, None, :]).reshape(outer)
    return Windows(positions, exists)
