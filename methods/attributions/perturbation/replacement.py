"""Effect on the output of replacing one window at a time."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..passes.budget import GRAIN
from ..passes.passes import Passes, Piece, Write, copies, pick
from ..passes.prefix_caching import Recording
from ..passes.segments import Grid, Span

_WORTH = 16  # series that begin to differ at one step, from which on they are passed by themselves
_PACES = 4  # kinds of passes that are told apart by how late they begin


def replacement_effects(
    passes: Passes, inputs: Tensor, target: Tensor, grid: Grid, draws: int, replacement: Write
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
        replacement: writes the series from which draw k takes a window, (samples, draws, time, features).
    """
    effects = inputs.new_zeros(len(inputs), grid.size)

    def take(part: slice, whole: Tensor, recording: Recording) -> None:
        group, source = _Group(inputs[part], target[part], grid), torch.empty_like(inputs[part])
        for windows in group.together(recording):
            for draw in range(draws):
                replacement(part, slice(draw, draw + 1), source[:, None])
                effects[part, windows] += whole - group.outputs(passes, recording, windows, source)

    # So few at once that what is remembered of them takes no more memory than one pass
    for start in range(0, len(inputs), GRAIN):
        _each_recorded(passes, inputs, target, slice(start, min(start + GRAIN, len(inputs))), take)
    by_window: Tensor = effects.div_(draws).unflatten(1, (len(grid.time), len(grid.features)))
    return by_window


def average(effects: Tensor, grid: Grid, time: int, features: int) -> Tensor:
    """Return at each entry the mean of the effects of the windows that it is in, (samples, time, features).

    Args:
        effects: (samples, time windows, feature windows).
        grid: windows that cover every entry.
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


def _each_recorded(
    passes: Passes,
    inputs: Tensor,
    target: Tensor,
    samples: slice,
    take: Callable[[slice, Tensor, Recording], object],
) -> None:
    """Hand over samples, their S_c(x), (samples, 1), and what the network's recurrent layers made of them."""
    latest: list[Recording] = []
    series = inputs[samples]

    def compute(pieces: Sequence[Piece]) -> Tensor:
        rows = passes.rows(series, pieces, copies(series))
        recording = Recording(rows)
        with torch.no_grad(), recording:
            outputs = passes.explained(rows, pick(target[samples], pieces))
        latest[:] = [recording]
        return outputs

    def done(part: slice, _draws: slice, whole: Tensor) -> None:
        take(slice(samples.start + part.start, samples.start + part.stop), whole, latest.pop())

    passes.each("recording", target[samples], 1, compute, done)


class _Group:
    """The samples whose windows are replaced, and the networks' passes over them: a draw is a window."""

    def __init__(self, inputs: Tensor, target: Tensor, grid: Grid) -> None:
        self._inputs = inputs
        self._target = target
        self._grid = grid
        index = torch.arange(grid.size, device=inputs.device)
        width = len(grid.features)
        self._steps = _positions(grid.time, inputs.device)[index // width, :, None]
        self._features = _positions(grid.features, inputs.device)[index % width, None, :]

    def together(self, recording: Recording) -> list[slice]:
        """Return which windows are passed together: all, or those that begin at one step."""
        width, count = len(self._grid.features), self._grid.size
        if not recording or width < _WORTH:
            return [slice(0, count)]
        return [slice(start, start + width) for start in range(0, count, width)]

    def outputs(self, passes: Passes, recording: Recording, windows: slice, source: Tensor) -> Tensor:
        """Return S_c of the samples with each of the windows taken from source, (samples, windows)."""
        found = source.new_empty(len(source), windows.stop - windows.start)
        numbers = torch.arange(len(source), device=source.device)
        step = self._step(windows)

        def write(samples: slice, draws: slice, rows: Tensor) -> None:
            these = slice(windows.start + draws.start, windows.start + draws.stop)
            for sample, of_sample in zip(range(samples.start, samples.stop), rows, strict=True):
                self._write(of_sample, sample, these, source[sample])

        def compute(pieces: Sequence[Piece]) -> Tensor:
            rows = passes.rows(source, pieces, write)
            with torch.no_grad(), recording.from_step(step, rows, pick(numbers, pieces)):
                return passes.explained(rows, pick(self._target, pieces))

        kind = ("replacement", step * _PACES // self._inputs.shape[1])

        def take(samples: slice, draws: slice, part: Tensor) -> None:
            found[samples, draws] = part

        passes.each(kind, self._target, found.shape[1], compute, take)
        return found

    def _step(self, windows: slice) -> int:
        width = len(self._grid.features)
        return self._grid.time[windows.start // width].start if windows.stop - windows.start <= width else 0

    def _write(self, rows: Tensor, sample: int, windows: slice, source: Tensor) -> None:
        rows.copy_(self._inputs[sample])
        steps, features = self._steps[windows], self._features[windows]
        rows[torch.arange(len(rows), device=rows.device)[:, None, None], steps, features] = source[steps, features]


def _positions(spans: Sequence[Span], device: torch.device) -> Tensor:
    """Return the positions in each span, int64 (spans, longest); shorter ones repeat their last."""
    longest = max(span.length for span in spans)
    rows = [[min(span.start + offset, span.stop - 1) for offset in range(longest)] for span in spans]
    return torch.tensor(rows, device=device)
