"""Entries of a map ranked by score against a graded truth: average precision, ROC AUC and top-k sets.

An entry of relevance r counts as a positive of weight r and a negative of weight 1 - r. Tied entries share one
threshold, so that no score depends on the order in which a sort leaves them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Floats, ratio, read_only

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ranking:
    """Each sample's entries in descending order of score, cut into thresholds where the score changes.

    The arrays over thresholds hold all samples one after another.

    Attributes:
        descending: (batch, entries), the ordered scores.
        first: (batch,), index of each sample's highest threshold.
        retrieved: (thresholds,), number of entries at or above the threshold.
        tied: (thresholds,), number of entries at the threshold.
        gained: (thresholds,), relevance of the entries at the threshold.
        hits: (thresholds,), relevance of the entries at or above the threshold.
    """

    descending: Floats
    first: Integers
    retrieved: Integers
    tied: Integers
    gained: Floats
    hits: Floats


def rank(scores: Floats, relevance: Floats) -> Ranking:
    """Rank the entries of each sample by score.

    Args:
        scores: (batch, entries), the higher the more salient.
        relevance: (batch, entries) in [0, 1].
    """
    order = np.argsort(-scores, axis=1)
    descending = np.take_along_axis(scores, order, axis=1)
    ranked = np.take_along_axis(relevance, order, axis=1)
    is_last = np.ones(scores.shape, dtype=bool)
    np.not_equal(descending[:, :-1], descending[:, 1:], out=is_last[:, :-1])
    last = np.flatnonzero(is_last)
    start = np.concatenate(([0], last[:-1] + 1))
    thresholds = np.count_nonzero(is_last, axis=1)
    return Ranking(
        descending=read_only(descending),
        first=read_only(np.cumsum(thresholds) - thresholds),
        retrieved=read_only(np.broadcast_to(np.arange(1, scores.shape[1] + 1), scores.shape)[is_last]),
        tied=read_only(last - start + 1),
        gained=read_only(np.add.reduceat(ranked.ravel(), start)),
        hits=read_only(np.cumsum(ranked, axis=1)[is_last]),
    )


def average_precision(ranking: Ranking) -> Floats:
    """Return Σ (R_n - R_{n-1}) P_n over the thresholds n, with recall R and precision P.

    Returns:
        (batch,) in [0, 1]; NaN where the relevance is all 0.
    """
    return _weighted_mean(ranking.hits / ranking.retrieved, ranking.gained, ranking.first)


def roc_auc(ranking: Ranking) -> Floats:
    """Return the probability that a positive outranks a negative, ties counted half.

    Returns:
        (batch,) in [0, 1]; NaN where there is no positive (the relevance is all 0) or no negative (all 1).
    """
    outranking = _weighted_mean(ranking.hits - ranking.gained / 2, ranking.tied - ranking.gained, ranking.first)
    return ratio(outranking, np.add.reduceat(ranking.gained, ranking.first))


def top_size(relevance: Floats) -> Integers:
    """Return k = Σ r, rounded to the nearest integer (halves to even) and at least 1.

    Args:
        relevance: (batch, entries) in [0, 1].

    Returns:
        (batch,) from 1 to the number of entries.
    """
    size: Integers = np.maximum(np.rint(relevance.sum(axis=1)), 1).astype(np.int64)
    return size


def top_share(scores: Floats, descending: Floats, size: Integers) -> Floats:
    """Return each entry's membership in the top k: 1 above the k-th score; ties with it share what is left.

    Args:
        scores: (batch, entries).
        descending: (batch, entries), each sample's scores in descending order.
        size: (batch,), k of each sample.

    Returns:
        (batch, entries) in [0, 1], which sums to k.
    """
    threshold = np.take_along_axis(descending, size[:, None] - 1, axis=1)
    above = scores > threshold
    tied = scores == threshold
    left = size - np.count_nonzero(above, axis=1)
    share = left / np.count_nonzero(tied, axis=1)
    membership: Floats = above + tied * share[:, None]
    return membership


def _weighted_mean(values: Floats, weights: Floats, first: Integers) -> Floats:
    return ratio(np.add.reduceat(values * weights, first), np.add.reduceat(weights, first))
