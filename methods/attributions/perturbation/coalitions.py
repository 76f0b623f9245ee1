"""Outputs for coalitions of segments: those present keep the series, the others are absent."""

from collections.abc import Callable
from itertools import groupby
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor

from ..passes.passes import Passes
from ..passes.segments import Grid

_CELL_BYTES = 18  # of a segment in a coalition: whether it is present, and two numbers to draw it or to fit


class Coalitions(Protocol):
    """The coalitions of one sample."""

    def __getitem__(self, rows: slice, /) -> Tensor:
        """Return which segments are present in some of the coalitions, bool (coalitions, segments), on the CPU."""
        ...


Of = TypeVar("Of", bound=Coalitions)


def check_design(passes: Passes, coalitions: int, grid: Grid, parameter: str) -> None:
    """Raise a BudgetError unless the memory holds the coalitions of one sample, which a parameter says how many are."""
    passes.check_holds(_CELL_BYTES * coalitions * grid.size, f"lower {parameter} or the number of segments")


def endpoints(passes: Passes, inputs: Tensor, baseline: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return S_c with every segment present and with none, each (batch,), on the CPU."""

    def write(samples: slice, draws: slice, rows: Tensor) -> None:
        for draw, of_draw in zip(range(draws.start, draws.stop), rows.unbind(1), strict=True):
            of_draw.copy_((inputs, baseline)[draw][samples])

    whole, absent = passes.outputs(inputs, target, 2, write).cpu().unbind(1)
    return whole, absent


def coalition_outputs(
    passes: Passes,
    inputs: Tensor,
    baseline: Tensor,
    target: Tensor,
    grid: Grid,
    count: int,
    coalitions: Callable[[int], Of],
    take: Callable[[int, Of, Tensor], object],
) -> None:
    """Hand over each sample, its coalitions and S_c with each of them present and the rest absent, (count,).

    Args:
        passes: through the network, in bounded memory.
        inputs: x, (batch, time, features).
        baseline: x′, (batch, time, features).
        target: int64 (batch,), the explained class of each sample.
        grid: the segments, as `segments` makes them.
        count: number of coalitions of each sample.
        coalitions: the coalitions of a sample; asked for once.
        take: is given sample, coalitions and outputs, on the CPU as the coalitions are, one sample after the other.
    """
    mixture = _Mixture(inputs, baseline, grid)
    outputs = inputs.new_empty(len(inputs), count)
    begun: dict[int, Of] = {}

    def write(samples: slice, draws: slice, rows: Tensor) -> None:
        for sample, of_sample in zip(range(samples.start, samples.stop), rows, strict=True):
            if sample not in begun:
                begun[sample] = coalitions(sample)
            mixture.write(sample, begun[sample][draws], of_sample)

    def done(samples: slice, draws: slice, part: Tensor) -> None:
        outputs[samples, draws] = part
        if draws.stop == count:
            for sample in range(samples.start, samples.stop):
                take(sample, begun.pop(sample), outputs[sample].cpu())

    passes.each_output(inputs, target, count, write, done, "coalitions")
    if not count:
        for sample in range(len(inputs)):
            take(sample, coalitions(sample), outputs[sample].cpu())


def spread(values: Tensor, grid: Grid) -> Tensor:
    """Return values of segments, (samples, segments) on the CPU, at all their entries, (samples, time, features)."""
    rows = torch.tensor([span.length for span in grid.time])
    columns = torch.tensor([span.length for span in grid.features])
    entries: Tensor = values.unflatten(1, (len(grid.time), len(grid.features)))
    return entries.repeat_interleave(rows, 1).repeat_interleave(columns, 2)


def share(values: Tensor, grid: Grid, fixed: Tensor | None = None) -> Tensor:
    """Return values of segments shared equally among their entries, (samples, time, features), but for fixed ones.

    Args:
        values: (samples, segments) on the CPU.
        grid: the segments.
        fixed: bool (samples, time, features), entries that get 0; None for none. What a segment of these alone has, as
            by a fit, all others share.
    """
    sizes = [rows.length * columns.length for rows in grid.time for columns in grid.features]
    if fixed is None:
        return spread(values / torch.tensor(sizes), grid)
    free = (~fixed).cpu().to(values)
    segment = spread(torch.arange(grid.size)[None], grid).flatten().expand(len(values), -1)
    counts = torch.zeros_like(values).scatter_add_(1, segment, free.flatten(1))
    lost = torch.where(counts == 0, values, 0).sum(1, keepdim=True) / counts.sum(1, keepdim=True).clamp_min(1)
    own = torch.where(counts == 0, 0, values / counts.clamp_min(1)) + lost
    return spread(own, grid) * free


def generator(seed: int) -> np.random.Generator:
    """Return NumPy's generator of a seed; it permutes and sorts many short rows faster than PyTorch."""
    return np.random.default_rng(seed % (1 << 64))


class _Mixture:
    """Series made of two, by segment."""

    def __init__(self, inputs: Tensor, baseline: Tensor, grid: Grid) -> None:
        self._inputs = inputs
        self._baseline = baseline
        self._grid = grid
        self._columns = inputs.new_zeros(len(grid.features), inputs.shape[2])
        for index, span in enumerate(grid.features):
            self._columns[index, span.start : span.stop] = 1
        # Segments of one length are written by one call; there are two lengths at most
        runs = groupby(enumerate(grid.time), key=lambda item: item[1].length)
        self._runs = [[index for index, _ in run] for _, run in runs]

    def write(self, sample: int, present: Tensor, rows: Tensor) -> None:
        """Fill rows (rows, time, features) with the sample where these segments, bool (rows, segments), are present."""
        # Both factors hold 0 and 1 only, with a single 1 a column
        weights = present.to(rows).unflatten(1, (len(self._grid.time), -1)) @ self._columns
        for run in self._runs:
            segments = slice(run[0], run[-1] + 1)
            steps = slice(self._grid.time[run[0]].start, self._grid.time[run[-1]].stop)
            series, absent, out = (
                part[..., steps, :].unflatten(-2, (len(run), -1))
                for part in (self._inputs[sample], self._baseline[sample], rows)
            )
            # Exact at weights 0 and 1, and three times as fast as torch.where
            torch.lerp(absent, series, weights[:, segments, None, :], out=out)
