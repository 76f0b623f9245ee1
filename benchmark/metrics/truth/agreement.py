"""Agreement of a map with a graded reference, entry by entry and rank by rank, as OpenXAI computes it.

The reference may be signed, such as the coefficients of a linear model; the truth of a task is at least 0, and has no
signs to disagree with. Of entries that tie, the first come first.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ....errors import ParameterError
from ..arrays import Floats, by_entry, trapezoid
from ..maps import Maps
from .settings import check_share

KINDS = ("feature", "rank", "sign", "signed_rank")


def agreement(attributions: Floats, reference: Floats, kind: str, size: int) -> Floats:
    """Return the share of the k largest |entries| that agree, for k = 1, …, size, (batch, size) in [0, 1].

    Args:
        attributions: (batch, entries).
        reference: (batch, entries).
        kind: what agrees: "feature" both are among the k largest; "rank" they are at the same place; "sign" both are
            among them, and have the same sign; "signed_rank" the same place and sign.
        size: the largest k.

    Raises:
        ParameterError: another kind.
    """
    if kind not in KINDS:
        raise ParameterError(f"agreement must be of {', '.join(KINDS)}, got '{kind}'")
    found, sought = (_places(np.abs(values)) for values in (attributions, reference))
    agrees = np.ones(attributions.shape, bool) if kind in ("feature", "sign") else found == sought
    if kind in ("sign", "signed_rank"):
        agrees &= np.sign(attributions) == np.sign(reference)
    # an entry counts from the k on at which both hold it
    later = np.where(agrees, np.maximum(found, sought), attributions.shape[1])
    counts = np.array([np.bincount(of_sample, minlength=size)[:size].cumsum() for of_sample in later])
    shares: Floats = counts / np.arange(1, size + 1)
    return shares


def area_over_sizes(shares: Floats) -> Floats:
    """Return the mean over k by the trapezoid rule, (batch,), of shares (batch, sizes); of a single k its share."""
    if shares.shape[1] == 1:
        return shares[:, 0]
    mean: Floats = trapezoid(shares) / (shares.shape[1] - 1)
    return mean


def rank_correlation(attributions: Floats, reference: Floats) -> Floats:
    """Return Pearson's correlation of the dense ranks of |entries|, (batch,) in [-1, 1]; NaN where all of one tie."""
    first, second = (_centred_ranks(np.abs(values)) for values in (attributions, reference))
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    product = (first * second).sum(axis=1)
    scores: Floats = np.clip(np.divide(product, spread, out=np.full(len(spread), np.nan), where=spread > 0), -1, 1)
    return scores


def pairwise_agreement(attributions: Floats, reference: Floats) -> Floats:
    """Return the share of pairs of entries that both put in the same order by |·|, (batch,) in [0, 1].

    As in the code, orders are compared by "<" of the first with the second alone, so that a tie agrees with ">".
    NaN of a single entry, which has no pairs.
    """
    return np.array([_pairs(np.abs(one), np.abs(other)) for one, other in zip(attributions, reference, strict=True)])


def feature_agreement_openxai(maps: Maps, *, share: float = 0.25) -> Floats:
    """Return the share of the k largest |a| that are among the k most relevant entries, (batch,) in [0, 1].

    NaN for a truth of zeros.

    Args:
        maps: the maps of the samples.
        share: k as a share of the entries, in (0, 1]; at least one of them.

    Raises:
        ParameterError: another share.
    """
    return _largest(maps, "feature", share)


def rank_agreement_openxai(maps: Maps, *, share: float = 0.25) -> Floats:
    """Return the share of the k largest |a| that have the same place among the most relevant, (batch,) in [0, 1].

    A binary truth has no order within: its entries come by time and feature. NaN for a truth of zeros.

    Raises:
        ParameterError: a share outside (0, 1].
    """
    return _largest(maps, "rank", share)


def sign_agreement_openxai(maps: Maps, *, share: float = 0.25) -> Floats:
    """Return the share of the k largest |a| that are positive and among the k most relevant, (batch,) in [0, 1].

    NaN for a truth of zeros.

    Raises:
        ParameterError: a share outside (0, 1].
    """
    return _largest(maps, "sign", share)


def signed_rank_agreement_openxai(maps: Maps, *, share: float = 0.25) -> Floats:
    """Return the share of the k largest |a| that are positive and at the same place by relevance, (batch,) in [0, 1].

    NaN for a truth of zeros.

    Raises:
        ParameterError: a share outside (0, 1].
    """
    return _largest(maps, "signed_rank", share)


def rank_correlation_openxai(maps: Maps) -> Floats:
    """Return Pearson's correlation of the dense ranks of |a| and of r, (batch,) in [-1, 1].

    NaN where all entries of map or truth are the same.
    """
    return rank_correlation(*_both(maps))


def pairwise_rank_agreement_openxai(maps: Maps) -> Floats:
    """Return the share of pairs of entries that |a| and r put in the same order, (batch,) in [0, 1].

    Pairs are compared by "<" alone, as in the code: a binary truth, most of whose pairs tie, agrees with half of the
    pairs of any map. NaN for a truth of zeros, and of a single entry.
    """
    attributions, truth = _both(maps)
    return np.where(truth.any(axis=1), pairwise_agreement(attributions, truth), np.nan)


def _largest(maps: Maps, kind: str, share: float) -> Floats:
    check_share(share=share)
    attributions, truth = _both(maps)
    size = max(1, int(share * attributions.shape[1]))
    return np.where(truth.any(axis=1), agreement(attributions, truth, kind, size)[:, -1], np.nan)


def _both(maps: Maps) -> tuple[Floats, Floats]:
    return by_entry(maps.attributions.astype(np.float64, order="C")), by_entry(maps.relevance)


def _places(magnitude: Floats) -> NDArray[np.int64]:
    """Return the place of each entry, 0 for the largest, (batch, entries)."""
    order = np.argsort(-magnitude, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.broadcast_to(np.arange(magnitude.shape[1]), order.shape), axis=1)
    return places


def _centred_ranks(magnitude: Floats) -> Floats:
    ranks = rankdata(magnitude, method="dense", axis=1).astype(np.float64)
    centred: Floats = ranks - ranks.mean(axis=1, keepdims=True)
    return centred


def _pairs(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Return the share of pairs i < j with the same answer to x_i < x_j; a row of pairs at a time."""
    pairs = len(one) * (len(one) - 1) // 2
    if not pairs:
        return float("nan")
    same = sum(
        int(np.count_nonzero((one[i] < one[i + 1 :]) == (other[i] < other[i + 1 :]))) for i in range(len(one) - 1)
    )
    return same / pairs
