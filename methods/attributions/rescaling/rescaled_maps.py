"""Temporal saliency rescaling: how far a method's map moves when a step or a feature is masked."""

import functools
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from ..bound_method import Method
from ..passes.passes import Passes, Piece, Take, fill, hand_over, pick, pieces_of
from ..spec import PER_SAMPLE
from ..validation.arguments import check_attributions
from ..validation.parameter_checks import check_threshold

_PER_SAMPLE = tuple(name for name in PER_SAMPLE if name != "inputs")
_COPIES = 128  # that a method which makes its passes itself gets at once: what it adds up should stay in the cache
_BLOCK = 16  # maps that are compared at once: their differences should stay in the cache


def rescaled_method(method: Method, asked: Sequence[str], parameters: Collection[str]) -> Method:
    """Return a method under temporal saliency rescaling, as `rescaling.rescaled` defines it.

    It takes by name what `RescaledSpec.takes` says, the method's own parameters, and threshold.

    Args:
        method: an attribution method as `MethodSpec` describes it.
        asked: the arguments of `attribute` that it asks for.
        parameters: names of its own parameters.
    """

    def rescale(*, threshold: float, **arguments: Any) -> Tensor:
        check_threshold(threshold)
        own = {name: arguments.pop(name) for name in parameters}
        copies = MaskedCopies(arguments["inputs"], arguments["baseline"])
        each_map = functools.partial(_each_map, functools.partial(method, **own), asked, arguments, copies)
        return _product(*copies.relevances(each_map), threshold)

    return rescale


class MaskedCopies:
    """The rows of draw 0: the inputs; draws 1 … T: with one time step of the baseline; the next F: with one feature.

    Args:
        inputs: (batch, time, features).
        baseline: (batch, time, features).
    """

    def __init__(self, inputs: Tensor, baseline: Tensor) -> None:
        self.inputs = inputs
        self.baseline = baseline
        self.steps, self.features = inputs.shape[1:]
        self.draws = 1 + self.steps + self.features

    def write(self, samples: slice, draws: slice, rows: Tensor) -> None:
        """Fill the rows (samples, draws, time, features) of some draws of some samples."""
        rows.copy_(self.inputs[samples, None])
        for axis, first in ((1, 1), (2, 1 + self.steps)):  # position p of the axis is hidden in draw first + p
            start, stop = max(draws.start, first), min(draws.stop, first + self.inputs.shape[axis])
            if start < stop:
                hiding = rows[:, start - draws.start : stop - draws.start].narrow(axis + 1, start - first, stop - start)
                hidden = self.baseline[samples].narrow(axis, start - first, stop - start)
                hiding.diagonal(dim1=1, dim2=axis + 1).copy_(hidden.movedim(axis, -1))

    def relevances(self, each_map: Callable[[Take], None]) -> tuple[Tensor, Tensor]:
        """Return Δ_t (batch, time) and Δ_i (batch, features) from the maps of all draws, sample by sample."""
        moved = self.inputs.new_empty(len(self.inputs), self.draws)
        whole = torch.empty_like(self.inputs)
        memory = self.inputs.new_empty(_BLOCK, self.steps, self.features)

        def take(samples: slice, draws: slice, maps: Tensor) -> None:
            for sample, of_sample in zip(range(samples.start, samples.stop), maps, strict=True):
                if not draws.start:
                    whole[sample] = of_sample[0]
                moved[sample, draws] = _distances(of_sample, whole[sample], memory)

        each_map(take)
        check_attributions(moved[:, 1:], moved[:, 1:])  # NaN or infinity of any map shows in its row
        return moved[:, 1 : 1 + self.steps], moved[:, 1 + self.steps :]


def _distances(maps: Tensor, whole: Tensor, memory: Tensor) -> Tensor:
    """Return Σ |R - R(x)| of each of several maps, (maps,)."""
    differences = (torch.sub(part, whole, out=memory[: len(part)]).abs_() for part in maps.split(len(memory)))
    # One axis after the other: a sum over both is split between threads where the batch is small
    return torch.cat([part.sum(2).sum(1) for part in differences])


def _each_map(
    method: Method, asked: Sequence[str], arguments: Mapping[str, Any], copies: MaskedCopies, take: Take
) -> None:
    def explain(pieces: Sequence[Piece], inputs: Tensor) -> Tensor:
        rows = _rows_of(pieces)
        given = {name: rows(arguments[name]) if name in _PER_SAMPLE else arguments[name] for name in asked}
        if "inputs" in asked:
            given["inputs"] = inputs
        found = method(**given)
        if isinstance(found, Tensor) and found.shape == inputs.shape:
            return found.detach()
        return check_attributions(found, inputs)  # which says what is wrong

    passes: Passes | None = arguments.get("passes")
    if passes is None or "passes" in asked:
        most = len(copies.inputs) if passes is None else min(_COPIES, passes.together(copies.inputs))
        _in_blocks(explain, copies, most, take)
    else:

        def compute(pieces: Sequence[Piece]) -> Tensor:
            return explain(pieces, passes.rows(copies.inputs, pieces, copies.write))

        passes.each("rescaling", arguments["target"], copies.draws, compute, take)


def _in_blocks(
    explain: Callable[[Sequence[Piece], Tensor], Tensor], copies: MaskedCopies, most: int, take: Take
) -> None:
    """Hand over the maps of a method that makes its passes itself, or none, for at most so many copies at once."""
    total = len(copies.inputs) * copies.draws
    rows = copies.inputs.new_empty(min(most, total), copies.steps, copies.features)
    for start in range(0, total, most):
        pieces = list(pieces_of(start, min(start + most, total), copies.draws))
        block = rows[: total - start]
        fill(block, pieces, copies.write)
        hand_over(explain(pieces, block), pieces, take)


def _rows_of(pieces: Sequence[Piece]) -> Callable[[Any], Any]:
    """Return a function that gives each row of the pieces its sample's value, of a tensor, of a list or of None."""

    def rows(values: Any) -> Any:
        if values is None:
            return None
        if isinstance(values, Tensor):
            return pick(values, pieces)
        return [value for samples, draws in pieces for value in values[samples] for _ in range(draws.start, draws.stop)]

    return rows


def _product(by_time: Tensor, by_feature: Tensor, threshold: float) -> Tensor:
    """Return Δ_t · Δ_i, (batch, time, features), zero at steps below the quantile of Δ_t."""
    level = torch.quantile(by_time.double(), threshold, dim=1, keepdim=True)
    return torch.where(by_time >= level, by_time, 0)[:, :, None] * by_feature[:, None, :]
