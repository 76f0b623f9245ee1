"""Series of which a coalition of segments is present and the rest absent, and what the network makes of them."""

from collections.abc import Callable
from itertools import groupby

import numpy as np
import torch
from torch import Tensor

from .passes import Passes
from .segments import Grid

Coalitions = Callable[[slice], Tensor]


def endpoints(passes: Passes, inputs: Tensor, baseline: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Return S_c with every segment present and with none, each (batch,)."""
    outputs = inputs.new_empty(2, len(inputs))
    for draw, samples, part in passes.outputs(target, 2, lambda draw, rows: (inputs, baseline)[draw][rows]):
        outputs[draw, samples] = part
    return outputs[0], outputs[1]


def coalition_outputs(
    passes: Passes, series: Tensor, absent: Tensor, target: Tensor, grid: Grid, count: int, coalitions: Coalitions
) -> Tensor:
    """Return S_c of one sample with each of its coalitions present and the rest absent, (count,).

    Args:
        passes: through the network, in bounded memory.
        series: x, (time, features).
        absent: x′, (time, features).
        target: int64 (1,), the explained class.
        grid: the segments, as `segments` makes them.
        count: number of coalitions.
        coalitions: what is present in a slice of the coalitions, bool (coalitions, segments).
    """
    mixture = _Mixture(series, absent, grid)
    outputs = series.new_empty(count)
    for _, rows, part in passes.outputs(
        target.expand(count), 1, lambda _draw, rows: mixture.of(coalitions(rows)), "coalitions"
    ):
        outputs[rows] = part
    return outputs


def spread(values: Tensor, grid: Grid) -> Tensor:
    """Return values of segments, (samples, segments), at each of their cells, (samples, time, features)."""
    rows = torch.tensor([span.length for span in grid.time], device=values.device)
    columns = torch.tensor([span.length for span in grid.features], device=values.device)
    cells: Tensor = values.unflatten(1, (len(grid.time), len(grid.features)))
    return cells.repeat_interleave(rows, 1).repeat_interleave(columns, 2)


def share(values: Tensor, grid: Grid) -> Tensor:
    """Return values of segments, (samples, segments), shared equally among their cells, (samples, time, features)."""
    sizes = [rows.length * columns.length for rows in grid.time for columns in grid.features]
    return spread(values / torch.tensor(sizes, device=values.device), grid)


def generator(seed: int) -> np.random.Generator:
    """Return NumPy's generator of a seed; it permutes and sorts many short rows faster than PyTorch."""
    return np.random.default_rng(seed % (1 << 64))


class _Mixture:
    """Series made of two, by segment."""

    def __init__(self, series: Tensor, absent: Tensor, grid: Grid) -> None:
        self._series = series
        self._absent = absent
        self._grid = grid
        self._rows = series.new_empty(0, *series.shape)
        self._columns = series.new_zeros(len(grid.features), series.shape[1])
        for index, span in enumerate(grid.features):
            self._columns[index, span.start : span.stop] = 1
        # Segments of one length are written by one call; there are two lengths at most
        runs = groupby(enumerate(grid.time), key=lambda item: item[1].length)
        self._runs = [[index for index, _ in run] for _, run in runs]

    def of(self, present: Tensor) -> Tensor:
        """Return the series with these segments present, (rows, time, features)."""
        # Fresh memory costs more than writing to it; of one pass, only copies of its last row come in several calls
        if len(self._rows) != len(present):
            self._rows = self._series.new_empty(len(present), *self._series.shape)
        rows = self._rows
        # Both factors hold 0 and 1 only, with a single 1 a column
        weights = present.to(rows.dtype).unflatten(1, (len(self._grid.time), -1)) @ self._columns
        for run in self._runs:
            segments = slice(run[0], run[-1] + 1)
            steps = slice(self._grid.time[run[0]].start, self._grid.time[run[-1]].stop)
            series, absent, out = (
                part[..., steps, :].unflatten(-2, (len(run), -1)) for part in (self._series, self._absent, rows)
            )
            # Exact at weights 0 and 1, and three times as fast as torch.where
            torch.lerp(absent, series, weights[:, segments, None, :], out=out)
        return rows
