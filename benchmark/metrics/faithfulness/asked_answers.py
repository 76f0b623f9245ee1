"""Which entries are removed, in which order, and whose answer counts: what metrics of faithfulness share."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....datasets.spec import TaskData
from ....entry import unknown
from ....errors import ParameterError, UnknownNameError
from ..arrays import Floats
from ..maps import Maps
from ..needs import Model
from ..signs import check_sign, signed_map
from .masking import removal_order
from .replacement import Replacement, check_named, replacement_of

CLASSES = ("predicted", "explained")
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)  # of the entries, without which networks are trained again


@dataclass(frozen=True, eq=False)
class Masked:
    """A network that is asked about series without some entries.

    Attributes:
        model: the network.
        order: of the entries, (batch, time, features), 0 for the largest.
        replacement: what takes their place.
        classes: of the answers, (batch,).
    """

    model: Model
    order: NDArray[np.int32]
    replacement: Replacement
    classes: NDArray[np.int64]

    @staticmethod
    def of(maps: Maps, model: Model, data: TaskData, *, sign: str, replacement: str, answer: str) -> "Masked":
        """Return what is asked about maps.

        Args:
            maps: that order the entries.
            model: the network.
            data: of the task.
            sign: what becomes of a map before its entries are ordered, see `signed_map`.
            replacement: see `replacement_of`.
            answer: whose probability counts: that of the "predicted" class, or of the "explained" one.

        Raises:
            UnknownNameError: another sign, replacement or answer.
        """
        check_masked(sign=sign, replacement=replacement, answer=answer)
        order = removal_order(signed_map(maps, sign), model.seeds)
        predicted = model.probabilities(model.inputs).argmax(axis=1) if answer == "predicted" else model.target
        return Masked(model, order, replacement_of(replacement, model.inputs, data, model.seeds), predicted)

    @property
    def entries(self) -> int:
        """The number of entries of a sample."""
        return int(self.order[0].size)

    def all_probabilities(self, first: int, last: int) -> Floats:
        """Return the probabilities, (batch, classes), without the entries from one place in the order to another."""
        is_removed = (self.order >= first) & (self.order < last)
        return self.model.probabilities(self.replacement.without(is_removed))

    def probability(self, first: int = 0, last: int = 0) -> Floats:
        """Return the probability of the class, (batch,), without the entries from one place to another."""
        return self.without((self.order >= first) & (self.order < last))

    def without(self, is_removed: NDArray[np.bool_]) -> Floats:
        """Return the probability of the class, (batch,), without those entries, (batch, time, features)."""
        answers = self.model.probabilities(self.replacement.without(is_removed))
        return answers[np.arange(len(self.classes)), self.classes]

    def curve(self, sizes: Sequence[int]) -> Floats:
        """Return the probability of the class, (batch, sizes), without the so many largest entries."""
        return np.stack([self.probability(0, size) for size in sizes], axis=1)


def check_masked(*, sign: str, replacement: str, answer: str) -> None:
    """Raise unless entries can be ordered, replaced and asked about so.

    Raises:
        UnknownNameError: another sign, replacement or answer.
    """
    check_sign(sign=sign)
    check_named(replacement)
    if answer not in CLASSES:
        raise UnknownNameError(unknown("answer", answer, CLASSES))


def check_share(*, share: float, **masked: str) -> None:
    """Raise unless a share of the entries can be removed so.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: as `check_masked`.
    """
    if not 0 <= share <= 1:
        raise ParameterError(f"a share of the entries must lie in 0 to 1, got {share:g}")
    check_masked(**masked)


def check_steps(*, steps: int, replacement: str, answer: str, sign: str = "positive") -> None:
    """Raise unless a curve of so many steps can be drawn.

    Raises:
        ParameterError: steps below 1.
        UnknownNameError: another replacement, sign or answer.
    """
    if steps < 1:
        raise ParameterError(f"a curve needs at least 1 step, got {steps}")
    check_masked(sign=sign, replacement=replacement, answer=answer)


def check_entries(*, entries: float, replacement: str, sign: str, answer: str) -> None:
    """Raise unless so many entries can be removed at each step.

    Raises:
        ParameterError: no positive number of entries.
        UnknownNameError: another replacement, sign or answer.
    """
    if entries <= 0:
        raise ParameterError(f"entries must be a number or a share above 0, got {entries:g}")
    check_masked(sign=sign, replacement=replacement, answer=answer)


def check_fidelity(*, share: float, trained: float, replacement: str, sign: str) -> None:
    """Raise unless a network can learn to lack such shares.

    Raises:
        ParameterError: a share outside [0, 1].
        UnknownNameError: another replacement or sign.
    """
    check_retraining(shares=[share, trained], replacement=replacement, sign=sign)


def check_retraining(*, shares: Sequence[float], replacement: str, sign: str) -> None:
    """Raise unless networks can be trained without such shares.

    Raises:
        ParameterError: no share, or one outside [0, 1].
        UnknownNameError: another replacement or sign.
    """
    if not shares or not all(isinstance(share, float | int) and 0 <= share <= 1 for share in shares):
        raise ParameterError(f"removed shares must lie in 0 to 1, got {list(shares)}")
    check_named(replacement)
    check_sign(sign=sign)


def count_of(entries: float, total: int) -> int:
    """Return a number of entries, at most all, given as itself or, below 1, as a share of the total, rounded down."""
    return min(total, int(entries * total) if entries < 1 else int(entries))


def sizes_of(entries: int, steps: int) -> list[int]:
    """Return 0, …, entries in so many steps that are as equal as can be; fewer of fewer entries."""
    return [*_distinct(np.linspace(0, entries, steps + 1).round().astype(int).tolist())]


def _distinct(sizes: Sequence[int]) -> Iterator[int]:
    yield from dict.fromkeys(sizes)
