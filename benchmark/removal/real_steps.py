"""Curves of samples with padding, which is neither ranked nor replaced, nor counted: those of one length at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...datasets.spec import Split
from ...errors import ParameterError
from ..execution.explaining import Explained
from ..execution.unpadded import first_steps
from ..metrics.arrays import Floats
from ..metrics.faithfulness.masking import removal_order
from ..metrics.faithfulness.removal import answer_after_removal, draw_replacement
from ..metrics.maps import Maps
from ..metrics.needs import Model, Series
from ..metrics.truth.on_task import reported_on_task


@dataclass(frozen=True)
class RankedSteps:
    """The real steps of samples of one length, in the order in which they are removed.

    Attributes:
        rows: numbers of the samples.
        length: steps of each that are no padding.
        order: of removal, (rows, length, features), see `removal_order`.
    """

    rows: list[int]
    length: int
    order: NDArray[np.int32]


@dataclass(frozen=True)
class RealSteps:
    """A network as it is asked about the real steps of samples of one length; it sees their padding as it is.

    Attributes:
        asked: about whole samples.
        rows: numbers of the samples.
        length: steps of each that are no padding.
    """

    asked: Model
    rows: list[int]
    length: int

    @property
    def inputs(self) -> Series:
        """The series without padding, (rows, length, features)."""
        return first_steps(self.asked.inputs, self.rows, self.length)

    @property
    def labels(self) -> NDArray[np.int64]:
        """The true class of each sample, (rows,)."""
        return self.asked.labels[self.rows]

    @property
    def target(self) -> NDArray[np.int64]:
        """The explained class of each sample, (rows,)."""
        return self.asked.target[self.rows]

    @property
    def seeds(self) -> Sequence[int]:
        """One a sample."""
        return [self.asked.seeds[row] for row in self.rows]

    def logits(self, inputs: Series) -> NDArray[np.float64]:
        """Return the logits of other series (rows, length, features) of these samples, (rows, classes)."""
        return self.asked.logits(self._padded(inputs))

    def probabilities(self, inputs: Series) -> NDArray[np.float64]:
        """Return the probabilities for other series (rows, length, features) of these samples, (rows, classes)."""
        return self.asked.probabilities(self._padded(inputs))

    def _padded(self, inputs: Series) -> Series:
        return np.concatenate([inputs, self.asked.inputs[self.rows, self.length :]], axis=1)


def report_on_task(explained: Explained, maps: Maps, shares: Sequence[float]) -> Floats:
    """Return `reported_on_task` of the real steps of each sample, (shares, batch)."""
    found = np.empty((len(shares), len(maps.truth)))
    for rows, length in explained.by_length():
        parts: list[NDArray[Any]] = [first_steps(values, rows, length) for values in (maps.attributions, maps.truth)]
        found[:, rows] = reported_on_task(Maps(*parts), shares)
    return found


def rank_real_steps(explained: Explained, maps: Maps, seeds: Sequence[int]) -> Iterator[RankedSteps]:
    """Yield the order of removal of the real steps of samples of each length.

    Args:
        explained: the samples.
        maps: of them.
        seeds: one a sample, which break ties.
    """
    for rows, length in explained.by_length():
        magnitude = first_steps(maps.magnitude, rows, length)
        yield RankedSteps(rows, length, removal_order(magnitude, [seeds[row] for row in rows]))


def answer_by_length(
    model: Model, ranked: Sequence[RankedSteps], training: Split, replacement: str, shares: Sequence[float]
) -> NDArray[np.bool_]:
    """Return `answer_after_removal` of the real steps of each sample, (shares, batch).

    Args:
        model: the network that is asked about the samples.
        ranked: their real steps.
        training: of whose samples that are as long replacements are made.
        replacement: what takes the place of an entry, see `draw_replacement`.
        shares: of the real entries, each in [0, 1].

    Raises:
        ParameterError: no training sample is as long.
        UnknownNameError: another replacement.
    """
    found = np.empty((len(shares), len(model.inputs)), dtype=bool)
    for steps in ranked:
        asked = RealSteps(model, steps.rows, steps.length)
        series = _as_long(training, steps.length)
        filling = draw_replacement(replacement, asked.inputs, series, asked.seeds)
        found[:, steps.rows] = answer_after_removal(asked, steps.order, filling, shares)
    return found


def _as_long(training: Split, length: int) -> Series:
    """Return the first steps of the training samples that have as many which are no padding."""
    if training.lengths is None:
        return training.inputs[:, :length]
    as_long = training.lengths >= length
    if not as_long.any():
        raise ParameterError(
            f"removal needs training samples as long as those that are explained, {length} steps, got at most "
            f"{training.lengths.max()}; draw the splits so that the longest series are in training, too"
        )
    return training.inputs[as_long, :length]
