"""Passes through a network over any number of samples and draws, in chunks that fit the memory and the cache."""

import time
from collections.abc import Callable, Hashable, Iterator, Sequence

import torch
from torch import Tensor, nn

from ...errors import ParameterError
from .budget import GRAIN, PROBE, Budget
from .peak_memory import PeakMemory

Piece = tuple[int, slice]
Points = Callable[[int, slice], Tensor]
Compute = Callable[[Sequence[Piece]], Tensor]


class Passes:
    """The passes that a method makes for the samples of one chunk.

    A method that needs many passes a sample asks for *draws*: draw k of the samples in a slice is one row for each
    of them. Draws come in ascending order and, within each, the samples; one pass may end one draw and begin the
    next, so that a single sample fills it too.

    Args:
        model: (batch, time, features) to (batch, classes), in evaluation mode with frozen parameters.
        budget: memory and what is known of the model's passes.
    """

    def __init__(self, model: nn.Module, budget: Budget) -> None:
        self.model = model
        self._budget = budget

    def gradients(self, target: Tensor, draws: int, points: Points) -> Iterator[tuple[int, slice, Tensor]]:
        """Yield draw, samples and ∂S_c/∂x at points(draw, samples), (samples, time, features).

        Args:
            target: int64 (batch,), the explained class c of each sample of the chunk.
            draws: how many rows each sample gets.
            points: the rows (samples, time, features) of one draw of a slice of the samples.

        Raises:
            ParameterError: a model whose output has no gradient with respect to its input.
            BudgetError: the memory does not hold one row.
        """

        def compute(pieces: Sequence[Piece]) -> Tensor:
            rows = join(points, pieces).detach().requires_grad_()
            return gradient(self.explained(rows, pick(target, pieces)), rows)

        return self.each("gradient", target, draws, compute)

    def outputs(
        self, target: Tensor, draws: int, points: Points, kind: Hashable = "output"
    ) -> Iterator[tuple[int, slice, Tensor]]:
        """Yield draw, samples and S_c at points(draw, samples), (samples,), computed without gradients.

        Args:
            target: int64 (batch,), the explained class c of each sample of the chunk.
            draws: how many rows each sample gets.
            points: the rows (samples, time, features) of one draw of a slice of the samples.
            kind: names passes that take other memory or time than plain ones.

        Raises:
            BudgetError: the memory does not hold one row.
        """

        def compute(pieces: Sequence[Piece]) -> Tensor:
            with torch.no_grad():
                return self.explained(join(points, pieces), pick(target, pieces))

        return self.each(kind, target, draws, compute)

    def explained(self, rows: Tensor, target: Tensor) -> Tensor:
        """Return S_c of rows (rows, time, features) for their classes, (rows,)."""
        outputs: Tensor = self.model(rows)
        return outputs.gather(1, target[:, None]).squeeze(1)

    def each(self, kind: Hashable, target: Tensor, draws: int, compute: Compute) -> Iterator[tuple[int, slice, Tensor]]:
        """Yield draw, samples and compute's rows for them, in passes that the budget allows.

        The pieces of a last, smaller pass are followed by copies of its last row, so that it holds a multiple of 32.

        Args:
            kind: names what compute does; passes of one kind and size take the same memory and time.
            target: int64 (batch,), as many as there are samples.
            draws: how many rows each sample gets.
            compute: the results of the pieces of one pass, concatenated, (rows, …).

        Raises:
            BudgetError: the memory does not hold one row.
        """
        start, total = 0, len(target) * draws
        if total and not self._budget.knows(kind):
            self._probe(kind, list(_pieces(0, min(PROBE, total), len(target))), compute, target.device)
        while start < total:
            size = self._budget.size(kind)
            stop = min(start + size, total)
            pieces = list(_pieces(start, stop, len(target)))
            rows = self._run(kind, size, pieces, compute, target.device)
            lengths = [samples.stop - samples.start for _, samples in pieces]
            for (draw, samples), part in zip(pieces, rows[: stop - start].split(lengths), strict=True):
                yield draw, samples, part
            start = stop

    def _probe(self, kind: Hashable, pieces: Sequence[Piece], compute: Compute, device: torch.device) -> None:
        with PeakMemory(device) as peak:
            rows = compute(pieces)
        self._budget.learn(kind, -(-peak.bytes // len(rows)))

    def _run(
        self, kind: Hashable, size: int, pieces: Sequence[Piece], compute: Compute, device: torch.device
    ) -> Tensor:
        started = _now(device)
        rows = compute([*pieces, *_padding(pieces, size)])
        if len(rows) == size:  # what is left at the end says nothing of a full pass
            self._budget.note(kind, size, (_now(device) - started) / size)
        return rows


def join(points: Points, pieces: Sequence[Piece]) -> Tensor:
    """Return the rows of all pieces, (rows, time, features)."""
    parts = [points(draw, samples) for draw, samples in pieces]
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def pick(values: Tensor, pieces: Sequence[Piece]) -> Tensor:
    """Return the values (batch, …) of each row's sample, (rows, …)."""
    return join(lambda _draw, samples: values[samples], pieces)


def gradient(explained: Tensor, rows: Tensor) -> Tensor:
    """Return the gradient of the sum of explained, (rows,), with respect to rows (rows, time, features).

    Raises:
        ParameterError: explained has no gradient with respect to rows.
    """
    found = torch.autograd.grad(explained.sum(), rows, allow_unused=True)[0] if explained.requires_grad else None
    if found is None:
        raise ParameterError(
            "the model's output must depend on its input through operations with gradients, got one without; "
            "remove detach, no_grad and rounding from the model, or choose a method that needs no gradients, "
            "such as feature-ablation"
        )
    return found


def _pieces(start: int, stop: int, samples: int) -> Iterator[Piece]:
    while start < stop:
        draw, first = divmod(start, samples)
        last = min(samples, first + stop - start)
        yield draw, slice(first, last)
        start += last - first


def _padding(pieces: Sequence[Piece], size: int) -> list[Piece]:
    count = sum(samples.stop - samples.start for _, samples in pieces)
    draw, samples = pieces[-1]
    return [(draw, slice(samples.stop - 1, samples.stop))] * (-count % min(size, GRAIN))


def _now(device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()
