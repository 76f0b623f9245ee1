"""Batched passes through a network over samples and draws, in bounded memory."""

from collections.abc import Callable, Hashable, Iterator, Sequence

import torch
from torch import Tensor, nn

from ....errors import ParameterError, UnsupportedOperationError, described, is_out_of_memory
from ..gradient_failures import INSTEAD
from ..validation.arguments import check_finite
from .budget import FEW, GRAIN, PROBE, Budget
from .peak_memory import PeakMemory
from .saved_tensors import with_saved_copies

Piece = tuple[slice, slice]
Write = Callable[[slice, slice, Tensor], object]
Compute = Callable[[Sequence[Piece]], Tensor]
Take = Callable[[slice, slice, Tensor], object]


class Passes:
    """The passes that a method makes for the samples of one chunk.

    A method that needs many passes a sample asks for *draws*: each is one row for each sample. Rows come sample by
    sample, all draws of the first, then those of the next, so that what belongs to one sample stays in the cache. A
    *piece* is several draws of one sample, or several samples that have a single draw, as two slices; one pass may end
    one sample and begin the next.
    Results are handed to a function and not yielded: whoever keeps one while the next is computed makes both slower by
    a fifth, since the memory of one is no longer that of the other.

    Args:
        model: (batch, time, features) to (batch, classes), in evaluation mode with frozen parameters.
        budget: memory and what is known of the model's passes.
    """

    def __init__(self, model: nn.Module, budget: Budget) -> None:
        self.model = model
        self._budget = budget
        self._is_probing = False

    def gradients(self, inputs: Tensor, target: Tensor, draws: int, write: Write, take: Take) -> None:
        """Hand over ∂S_c/∂x at what is written for samples and draws.

        Args:
            inputs: (batch, time, features), what rows are like.
            target: int64 (batch,), the explained class c of each sample of the chunk.
            draws: how many rows each sample gets.
            write: fills the rows (samples, draws, time, features) of some draws of some samples.
            take: is given samples, draws and the gradients, (samples, draws, time, features).

        Raises:
            ParameterError: a model whose output has no gradient with respect to its input.
            BudgetError: the memory does not hold one row.
        """

        def compute(pieces: Sequence[Piece]) -> Tensor:
            rows = self.rows(inputs, pieces, write).requires_grad_()
            return with_saved_copies(lambda: gradient(self.explained(rows, pick(target, pieces)), rows))

        self.each("gradient", target, draws, compute, take)

    def outputs(self, inputs: Tensor, target: Tensor, draws: int, write: Write, kind: Hashable = "output") -> Tensor:
        """Return S_c at what is written for each sample and draw, (batch, draws), computed without gradients.

        Args:
            inputs: (batch, time, features), what rows are like.
            target: int64 (batch,), the explained class c of each sample of the chunk.
            draws: how many rows each sample gets.
            write: fills the rows (samples, draws, time, features) of some draws of some samples.
            kind: names passes that take other memory or time than plain ones.

        Raises:
            BudgetError: the memory does not hold one row.
        """
        found = inputs.new_empty(len(target), draws)

        def take(samples: slice, several: slice, part: Tensor) -> None:
            found[samples, several] = part

        self.each_output(inputs, target, draws, write, take, kind)
        return found

    def each_output(
        self, inputs: Tensor, target: Tensor, draws: int, write: Write, take: Take, kind: Hashable = "output"
    ) -> None:
        """Hand over S_c, (samples, draws), at what is written for samples and draws; arguments as in `outputs`.

        Raises:
            BudgetError: the memory does not hold one row.
        """

        def compute(pieces: Sequence[Piece]) -> Tensor:
            with torch.no_grad():
                return self.explained(self.rows(inputs, pieces, write), pick(target, pieces))

        self.each(kind, target, draws, compute, take)

    def together(self, like: Tensor) -> int:
        """Return how many samples like these, (any, time, features), a method may hold its tensors of at once."""
        return self._budget.samples(like[0].numel() * like.element_size())

    def check_holds(self, sample_bytes: int, remedy: str) -> None:
        """Raise a BudgetError unless the memory for what a method holds of one sample suffices; see `Budget.holds`."""
        self._budget.check_holds(sample_bytes, remedy)

    def check_memory(self, kind: Hashable, work: Callable[[], object], device: torch.device) -> None:
        """Run work, unless some of its kind has run before, to see that the memory holds what it takes for a sample.

        For methods that leave their passes to another library.

        Args:
            kind: names what work does.
            work: takes as much memory as it will for any sample.
            device: where it computes.

        Raises:
            BudgetError: the memory does not hold it.
        """
        if not self._budget.knows(kind):
            with PeakMemory(device) as peak:
                work()
            self._budget.learn(kind, peak.bytes)

    def rows(self, like: Tensor, pieces: Sequence[Piece], write: Write) -> Tensor:
        """Return the rows (rows, time, features) of all pieces as they are written, one behind the other in memory.

        Args:
            like: (any, time, features), of the type and place of the rows.
            pieces: samples and their draws.
            write: fills the rows (samples, draws, time, features) of a piece in place.

        Raises:
            ParameterError: rows that write left unwritten, looked for in the first pass of a kind.
        """
        rows = like.new_empty(sum(map(_count, pieces)), *like.shape[1:])
        if self._is_probing:
            rows.fill_(torch.nan)
        fill(rows, pieces, write)
        if self._is_probing and bool(rows.isnan().any()):
            raise ParameterError(
                "write must fill all of its rows in place, got rows that are NaN; write to them by index, copy_ or out="
            )
        return rows

    def explained(self, rows: Tensor, target: Tensor) -> Tensor:
        """Return S_c of rows (rows, time, features) for their classes, (rows,).

        Raises:
            NonFiniteError: NaN or infinity in an output.
        """
        return check_finite(self.model(rows)).gather(1, target[:, None]).squeeze(1)

    def each(self, kind: Hashable, target: Tensor, draws: int, compute: Compute, take: Take) -> None:
        """Hand over compute's rows for all samples and draws, in passes that the budget allows.

        The pieces of a last, smaller pass are followed by copies of its last row, so that it holds a multiple of 32,
        or of 8 where there are fewer rows than that in all.

        Args:
            kind: names what compute does; passes of one kind and size take the same memory and time.
            target: int64 (batch,), as many as there are samples.
            draws: how many rows each sample gets.
            compute: the results of the pieces of one pass, concatenated, (rows, …).
            take: is given samples, draws and their results, (samples, draws, …); the samples come in ascending order,
                and so do the draws of each.

        Raises:
            BudgetError: the memory does not hold one row.
        """
        start, total = 0, len(target) * draws
        is_known = self._budget.knows(kind)
        if total and not is_known and not self._budget.holds_at_once(kind, total):
            self._probe(kind, list(pieces_of(0, min(PROBE, total), draws)), compute, target.device)
            is_known = True
        size = self._budget.size(kind) if total and is_known else GRAIN
        grain = min(size, GRAIN if total > GRAIN else FEW)
        while start < total:
            stop = min(start + size, total)
            pieces = list(pieces_of(start, stop, draws))
            hand_over(compute([*pieces, *_padding(pieces, grain)]), pieces, take)
            start = stop

    def _probe(self, kind: Hashable, pieces: Sequence[Piece], compute: Compute, device: torch.device) -> None:
        if device.type == "cuda":
            compute(pieces)  # libraries take workspaces in the first pass that later ones share
        self._is_probing = True
        try:
            with PeakMemory(device) as peak:
                rows = compute(pieces)
        finally:
            self._is_probing = False
        self._budget.learn(kind, -(-peak.bytes // len(rows)))


def fill(rows: Tensor, pieces: Sequence[Piece], write: Write) -> None:
    """Write rows (rows, time, features) piece by piece."""
    for (samples, draws), part in zip(pieces, rows.split([_count(piece) for piece in pieces]), strict=True):
        write(samples, draws, part.view(-1, draws.stop - draws.start, *rows.shape[1:]))


def copies(series: Tensor) -> Write:
    """Return what writes each sample's series, (batch, time, features), in every draw."""
    return lambda samples, _draws, rows: rows.copy_(series[samples, None])


def pick(values: Tensor, pieces: Sequence[Piece]) -> Tensor:
    """Return the values (batch, …) of each row's sample, (rows, …)."""
    # A piece has several samples or several draws, not both
    return torch.cat([values[piece[0]].expand(_count(piece), *values.shape[1:]) for piece in pieces])


def gradient(explained: Tensor, rows: Tensor) -> Tensor:
    """Return the gradient of the sum of explained, (rows,), with respect to rows (rows, time, features).

    Raises:
        ParameterError: explained has no gradient with respect to rows.
        UnsupportedOperationError: PyTorch fails on the way back.
    """
    found = _backward(explained, rows) if explained.requires_grad else None
    if found is None:
        raise ParameterError(
            "the model's output must depend on its input through operations with gradients, got one without (rounding, "
            f"thresholds, integer codes or numbers that leave PyTorch); {INSTEAD}"
        )
    return found


def _backward(explained: Tensor, rows: Tensor) -> Tensor | None:
    try:
        return torch.autograd.grad(explained.sum(), rows, allow_unused=True)[0]
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        raise UnsupportedOperationError(
            f"gradients must pass back through the network, got {described(error)}; {INSTEAD}"
        ) from error


def pieces_of(start: int, stop: int, draws: int) -> Iterator[Piece]:
    """Yield the pieces of rows start … stop: samples of a single draw, or draws of a single sample."""
    if draws == 1:
        yield slice(start, stop), slice(0, 1)
        return
    while start < stop:
        sample, draw = divmod(start, draws)
        piece = slice(sample, sample + 1), slice(draw, min(draws, draw + stop - start))
        yield piece
        start += _count(piece)


def _count(piece: Piece) -> int:
    samples, draws = piece
    count: int = (samples.stop - samples.start) * (draws.stop - draws.start)
    return count


def hand_over(rows: Tensor, pieces: Sequence[Piece], take: Take) -> None:
    """Hand over the results (rows, …) of each piece; those of further rows are left out."""
    first = 0
    for samples, draws in pieces:
        several = draws.stop - draws.start
        part = rows[first : first + (samples.stop - samples.start) * several]
        take(samples, draws, part.view(-1, several, *rows.shape[1:]))
        first += len(part)


def _padding(pieces: Sequence[Piece], grain: int) -> list[Piece]:
    samples, draws = pieces[-1]
    last = slice(samples.stop - 1, samples.stop), slice(draws.stop - 1, draws.stop)
    return [last] * (-sum(map(_count, pieces)) % grain)
