"""What the output loses when one window of a series is replaced."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from .budget import GRAIN
from .passes import Passes, Piece, Points, join, pick
from .prefix import Recording
from .segments import Grid, Span

_WORTH = 16  # series that begin to differ at one step, from which on they are passed by themselves
_PACES = 4  # kinds of passes that are told apart by how late they begin


def replacement_effects(
    passes: Passes, inputs: Tensor, target: Tensor, grid: Grid, draws: int, replacement: Points
) -> Tensor:
    """Return S_c(x) - mean over draws of S_c(x with window k replaced), (samples, time windows, feature windows).

    Recurrent layers begin at the first step of a window where that gives the same (see `Recording`), provided that
    at least 16 windows of the grid begin together.

    Args:
        passes: through the network, in bounded memory.
        inputs: x, (samples, time, features).
        target: int64 (samples,).
        grid: the windows.
        draws: how many replacements are averaged, at least 1.
        replacement: the series (samples, time, features) from which draw k takes a window.
    """
    effects = inputs.new_zeros(len(inputs), grid.size)
    # So few at once that what is remembered of them takes no more memory than one pass
    for start in range(0, len(inputs), GRAIN):
        samples = slice(start, min(start + GRAIN, len(inputs)))
        for part, whole, recording in _recorded(passes, inputs, target, samples):
            group = _Group(inputs[part], target[part], grid)
            for windows in group.together(recording):
                for draw in range(draws):
                    replaced = group.outputs(passes, recording, windows, replacement(draw, part))
                    effects[part, windows] += whole[:, None] - replaced
    by_window: Tensor = effects.div_(draws).unflatten(1, (len(grid.time), len(grid.features)))
    return by_window


def average(effects: Tensor, grid: Grid, time: int, features: int) -> Tensor:
    """Return at each cell the mean of the effects of the windows that it is in, (samples, time, features).

    Args:
        effects: (samples, time windows, feature windows).
        grid: windows that cover every cell.
        time: steps of the series.
        features: features of the series.
    """
    rows = effects.new_zeros(len(effects), len(grid.time), features)
    for index, span in enumerate(grid.features):
        rows[:, :, span.start : span.stop] += effects[:, :, index, None]
    sums = effects.new_zeros(len(effects), time, features)
    for index, span in enumerate(grid.time):
        sums[:, span.start : span.stop] += rows[:, index, None]
    return sums.div_(_covers(grid.time, time, sums)[:, None] * _covers(grid.features, features, sums))


def _covers(spans: Sequence[Span], length: int, like: Tensor) -> Tensor:
    """Return how many of the spans each position of an axis is in, (length,)."""
    counts = like.new_zeros(length)
    for span in spans:
        counts[span.start : span.stop] += 1
    return counts


def _recorded(
    passes: Passes, inputs: Tensor, target: Tensor, samples: slice
) -> Iterator[tuple[slice, Tensor, Recording]]:
    """Yield samples, their S_c(x), and what the network's recurrent layers made of them."""
    latest: list[Recording] = []

    def compute(pieces: Sequence[Piece]) -> Tensor:
        rows = join(lambda _draw, part: inputs[samples][part], pieces)
        recording = Recording(rows)
        with torch.no_grad(), recording:
            outputs = passes.explained(rows, pick(target[samples], pieces))
        latest[:] = [recording]
        return outputs

    for _, part, whole in passes.each("recording", target[samples], 1, compute):
        yield slice(samples.start + part.start, samples.start + part.stop), whole, latest.pop()


class _Group:
    """The samples whose windows are replaced, and the networks' passes over them.

    Row r of the passes over some windows is window r % windows of sample r // windows: the changed cells are then
    written by one call a sample, whatever the number of windows.
    """

    def __init__(self, inputs: Tensor, target: Tensor, grid: Grid) -> None:
        self._inputs = inputs
        self._target = target
        self._grid = grid
        index = torch.arange(grid.size, device=inputs.device)
        width = len(grid.features)
        self._time = (_positions(grid.time, inputs.device) * inputs.shape[2])[index // width, :, None]
        self._features = _positions(grid.features, inputs.device)[index % width, None, :]
        self._buffer = inputs.new_empty(0, *inputs.shape[1:])

    def together(self, recording: Recording) -> list[slice]:
        """Return which windows are passed together: all, or those that begin at one step."""
        width, count = len(self._grid.features), self._grid.size
        if not recording or width < _WORTH:
            return [slice(0, count)]
        return [slice(start, start + width) for start in range(0, count, width)]

    def outputs(self, passes: Passes, recording: Recording, windows: slice, source: Tensor) -> Tensor:
        """Return S_c of the samples with each of the windows taken from source, (samples, windows)."""
        count = windows.stop - windows.start
        target = self._target.repeat_interleave(count)
        samples = torch.arange(len(self._target), device=target.device).repeat_interleave(count)
        found = torch.empty(len(target), dtype=source.dtype, device=source.device)
        step = self._step(windows)
        flat = source.flatten(1)

        def compute(pieces: Sequence[Piece]) -> Tensor:
            spans = list(_spans(pieces, count))
            rows = self._rows(spans[-1][2].stop)
            for sample, first, part in spans:
                start = windows.start + first
                self._write(rows[part], sample, slice(start, start + part.stop - part.start), flat[sample])
            with torch.no_grad(), recording.from_step(step, rows, pick(samples, pieces)):
                return passes.explained(rows, pick(target, pieces))

        kind = ("replacement", step * _PACES // self._inputs.shape[1])
        for _, rows, part in passes.each(kind, target, 1, compute):
            found[rows] = part
        by_sample: Tensor = found.unflatten(0, (-1, count))
        return by_sample

    def _step(self, windows: slice) -> int:
        width = len(self._grid.features)
        return self._grid.time[windows.start // width].start if windows.stop - windows.start <= width else 0

    def _rows(self, count: int) -> Tensor:
        """Return the memory of the pass before where it is as large: fresh memory costs more than writing to it."""
        if len(self._buffer) != count:
            self._buffer = self._inputs.new_empty(count, *self._inputs.shape[1:])
        return self._buffer

    def _write(self, rows: Tensor, sample: int, windows: slice, source: Tensor) -> None:
        rows.copy_(self._inputs[sample])
        cells = (self._time[windows] + self._features[windows]).flatten(1)
        rows.flatten(1).scatter_(1, cells, source[cells])


def _positions(spans: Sequence[Span], device: torch.device) -> Tensor:
    """Return the positions in each span, int64 (spans, longest); shorter ones repeat their last."""
    longest = max(span.length for span in spans)
    rows = [[min(span.start + offset, span.stop - 1) for offset in range(longest)] for span in spans]
    return torch.tensor(rows, device=device)


def _spans(pieces: Sequence[Piece], count: int) -> Iterator[tuple[int, int, slice]]:
    """Yield sample, its first window and the rows of the pass, for rows numbered through samples of count windows."""
    row = 0
    for _, numbers in pieces:
        start = numbers.start
        while start < numbers.stop:
            sample, first = divmod(start, count)
            stop = min(numbers.stop, (sample + 1) * count)
            yield sample, first, slice(row, row + stop - start)
            row += stop - start
            start = stop
