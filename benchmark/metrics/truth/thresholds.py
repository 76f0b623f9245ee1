"""Precision and recall at every threshold of scores, of samples together or of each, and the areas under them.

An entry of relevance r counts as a positive of weight r and a negative of weight 1 - r. Thresholds descend: at each,
the entries whose score is at least as high are retrieved.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..arrays import Floats
from ..pooling import Pool

MOST = 2048  # thresholds in resamples; half of them by rank, half evenly between the extremes
LEAST = 256  # of many samples, whose tables of thresholds would fill the memory
ROOM = 2**22  # numbers in such a table: 32 MiB


@dataclass(frozen=True, eq=False)
class Curve:
    """What is retrieved at each threshold, in each of some draws.

    Attributes:
        thresholds: (thresholds,), descending.
        retrieved: number of entries, (draws, thresholds).
        hits: their relevance, (draws, thresholds).
        is_there: whether an entry of the draw has a score at the threshold, (draws, thresholds).
    """

    thresholds: Floats
    retrieved: Floats
    hits: Floats
    is_there: NDArray[np.bool_]

    @staticmethod
    def of(scores: Floats, relevance: Floats) -> "Curve":
        """Return the curve of entries, (entries,) each, at all their scores, as a single draw."""
        order = np.argsort(-scores, kind="stable")
        descending = scores[order]
        last = np.append(np.flatnonzero(descending[:-1] != descending[1:]), len(order) - 1)
        hits = np.cumsum(relevance[order])[last]
        return Curve(descending[last], (last + 1.0)[None], hits[None], np.ones((1, len(last)), bool))

    @property
    def positives(self) -> Floats:
        """All relevance, (draws, 1)."""
        return self.hits[:, -1:]

    @cached_property
    def precision(self) -> Floats:
        """Relevance of what is retrieved over its number, (draws, thresholds); 0 where nothing is."""
        return self.hits / np.maximum(self.retrieved, 1)

    @cached_property
    def recall(self) -> Floats:
        """Relevance of what is retrieved over all, (draws, thresholds); NaN without any."""
        # what is undefined stays so, and is said once by the areas
        return self.hits / np.where(self.positives > 0, self.positives, np.nan)

    @cached_property
    def is_single(self) -> NDArray[np.bool_]:
        """Whether all scores are the same, (draws,)."""
        is_single: NDArray[np.bool_] = self.is_there.sum(axis=1) < 2
        return is_single

    @cached_property
    def _higher(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The place of the next higher threshold that is there, and whether one is, (draws, thresholds) each."""
        places = np.where(self.is_there, np.arange(len(self.thresholds)), -1)
        higher = np.maximum.accumulate(places, axis=1)
        higher = np.concatenate([np.full((len(higher), 1), -1), higher[:, :-1]], axis=1)
        return np.maximum(higher, 0), higher >= 0

    def at_next_higher(self, values: Floats, closing: float) -> Floats:
        """Return the values, (draws, thresholds), of the next higher threshold; closing at the highest."""
        places, is_any = self._higher
        return np.where(is_any, np.take_along_axis(values, places, axis=1), closing)

    def over_thresholds(self, values: Floats) -> Floats:
        """Return ∫ v dθ by the trapezoid rule, (draws,), of values v at the thresholds θ, (draws, thresholds)."""
        places, is_any = self._higher
        widths = self.thresholds[places] - self.thresholds
        heights = (np.take_along_axis(values, places, axis=1) + values) / 2
        area: Floats = np.where(self.is_there & is_any, widths * heights, 0).sum(axis=1)
        return area

    def average_precision(self) -> Floats:
        """Return Σ (R_n - R_{n-1}) P_n, (draws,)."""
        gained = np.diff(self.recall, axis=1, prepend=0)
        area: Floats = (gained * self.precision).sum(axis=1)
        return area

    def trapezoid_precision(self) -> Floats:
        """Return ∫ P dR by the trapezoid rule from the point (recall 0, precision 1), (draws,)."""
        gained = np.diff(self.recall, axis=1, prepend=0)
        area: Floats = (gained * (self.at_next_higher(self.precision, 1.0) + self.precision) / 2).sum(axis=1)
        return area

    def roc_auc(self) -> Floats:
        """Return the probability that a positive outranks a negative, ties counted half, (draws,)."""
        gained = np.diff(self.hits, axis=1, prepend=0)
        missed = np.diff(self.retrieved - self.hits, axis=1, prepend=0)
        won = (missed * (self.hits - gained / 2)).sum(axis=1)
        pairs = self.positives[:, 0] * (self.retrieved[:, -1] - self.hits[:, -1])
        scores: Floats = np.divide(won, pairs, out=np.full(len(won), np.nan), where=pairs > 0)
        return scores


Area = Callable[[Curve], Floats]


def pool_of(scores: Sequence[Floats], relevance: Sequence[Floats], area: Area, most: int | None = None) -> Pool:
    """Return the pool of samples under whose common curve an area is taken.

    Args:
        scores: of each sample's entries, (entries,) each.
        relevance: of these entries, (entries,) each, in [0, 1].
        area: of curves.
        most: thresholds in resamples: where there are more scores, half of them by rank and half evenly spaced stand
            for all; None for as many as the memory holds, 256 to 2,048.
    """
    together = Curve.of(np.concatenate(scores), np.concatenate(relevance))
    thresholds = _thinned(together.thresholds, max(LEAST, min(MOST, ROOM // len(scores))) if most is None else most)
    places = [_at_thresholds(one, of_one, thresholds) for one, of_one in zip(scores, relevance, strict=True)]
    retrieved, hits = (np.array(values) for values in zip(*places, strict=True))

    def resampled(counts: Floats) -> Floats:
        of_draws = counts @ retrieved
        is_there = np.diff(of_draws, axis=1, prepend=0) > 0
        return area(Curve(thresholds, of_draws, counts @ hits, is_there))

    return Pool(float(area(together)[0]), resampled)


def _thinned(thresholds: Floats, most: int) -> Floats:
    if len(thresholds) <= most:
        return thresholds
    by_rank = np.linspace(0, len(thresholds) - 1, most // 2).round().astype(int)
    even = np.linspace(thresholds[0], thresholds[-1], most - most // 2)
    nearest = np.minimum(np.searchsorted(-thresholds, -even), len(thresholds) - 1)
    scores: Floats = thresholds[np.union1d(by_rank, nearest)]
    return scores


def _at_thresholds(scores: Floats, relevance: Floats, thresholds: Floats) -> tuple[Floats, Floats]:
    """Return number and relevance of the entries, (entries,), at or above each threshold, (thresholds,) each."""
    order = np.argsort(-scores, kind="stable")
    retrieved = np.searchsorted(-scores[order], -thresholds, side="right")
    return retrieved.astype(np.float64), np.append(0.0, np.cumsum(relevance[order]))[retrieved]
