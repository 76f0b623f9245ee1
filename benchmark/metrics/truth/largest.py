"""Where the largest entries of a map lie: pointing game, ranks, masses and intersections of other benchmarks.

r is the truth and a the map as `sign` takes it: "signed" as it is, "absolute" |a|, "positive" max(a, 0). Where entries
tie at the last place of a set, they share what is left of it: there, their order in memory decides. A truth of zeros
has nothing to find, and no score: some of these benchmarks count a hit.
"""

import numpy as np
from scipy.stats import rankdata

from ..arrays import Floats, by_entry, ratio
from ..maps import Maps
from ..ranking import Integers, top_share, top_size
from ..signs import signed_map
from .settings import check_mean_rank, check_quantile, check_top_k


def pointing_game_quantus(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return whether a salient entry is among the largest, (batch,), 1 or 0; several can be the largest.

    NaN for a truth of zeros.

    Raises:
        UnknownNameError: another sign.
    """
    entries, truth = _entries(maps, sign), by_entry(maps.relevance)
    is_largest = entries == entries.max(axis=1, keepdims=True)
    return _where_salient(truth, ((truth > 0) & is_largest).any(axis=1).astype(np.float64))


def relevance_mass_quantus(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return Σ a r / Σ a, (batch,), of any size where entries of both signs cancel; `relevance_mass` takes |a|.

    NaN for a map that sums to 0, and for a truth of zeros.

    Raises:
        UnknownNameError: another sign.
    """
    entries, truth = _entries(maps, sign), by_entry(maps.relevance)
    return _where_salient(truth, ratio((entries * truth).sum(axis=1), entries.sum(axis=1)))


def attribution_localisation_quantus(maps: Maps, *, sign: str = "absolute") -> Floats:
    """Return Σ a⁺ r / (Σ a⁺ + 1e-9) in [0, 1], (batch,), a⁺ being max(a, 0) of the map, which is |a| by default.

    NaN for a map without a positive entry, and for a truth of zeros.

    Raises:
        UnknownNameError: another sign.
    """
    entries, truth = np.maximum(_entries(maps, sign), 0), by_entry(maps.relevance)
    total = entries.sum(axis=1)
    return _where_salient(truth, ratio((entries * truth).sum(axis=1), np.where(total > 0, total + 1e-9, 0.0)))


def relevance_rank_quantus(maps: Maps, *, sign: str = "signed") -> Floats:
    """Return the share of the k largest entries that are salient, (batch,) in [0, 1], k = Σ r rounded.

    NaN for a truth of zeros.

    Raises:
        UnknownNameError: another sign.
    """
    truth = by_entry(maps.relevance)
    size = top_size(truth)
    return _where_salient(truth, _hits(_entries(maps, sign), truth, size) / size)


def top_k_intersection_quantus(maps: Maps, *, sign: str = "signed", k: int = 1000) -> Floats:
    """Return the share of the k largest entries that are salient, (batch,) in [0, 1]; k is at most all entries.

    NaN for a truth of zeros.

    Args:
        maps: the maps of the samples.
        sign: what becomes of a.
        k: how many entries.

    Raises:
        UnknownNameError: another sign.
        ParameterError: k below 1.
    """
    check_top_k(sign=sign, k=k)
    entries, truth = _entries(maps, sign), by_entry(maps.relevance)
    size = np.full(len(entries), min(k, entries.shape[1]))
    return _where_salient(truth, _hits(entries, truth, size) / size)


def iou_timex(maps: Maps, *, sign: str = "signed", quantile: float = 0.9) -> Floats:
    """Return Σ min(S, r) / Σ max(S, r) in [0, 1], (batch,), S being the entries at or above a quantile of the map.

    Where the quantile is the smallest value, as of a perfect map with few salient entries, S is everything. NaN for a
    truth of zeros.

    Args:
        maps: the maps of the samples.
        sign: what becomes of a.
        quantile: in [0, 1].

    Raises:
        UnknownNameError: another sign.
        ParameterError: a quantile outside [0, 1].
    """
    check_quantile(sign=sign, quantile=quantile)
    entries, truth = _entries(maps, sign), by_entry(maps.relevance)
    members = (entries >= np.quantile(entries, quantile, axis=1, keepdims=True)).astype(np.float64)
    found = ratio(np.minimum(members, truth).sum(axis=1), np.maximum(members, truth).sum(axis=1))
    return _where_salient(truth, found)


def mean_rank_winit(maps: Maps, *, sign: str = "signed", ties: str = "average") -> Floats:
    """Return the mean rank, weighted by r, of the entries after the first step, (batch,) ≥ 1, where 1 is the largest.

    NaN where no entry after the first step is salient.

    Args:
        maps: the maps of the samples.
        sign: what becomes of a.
        ties: the rank of entries that tie: "average", or "min", the best of theirs.

    Raises:
        UnknownNameError: another sign.
        ParameterError: other ties.
    """
    check_mean_rank(sign=sign, ties=ties)
    if maps.truth.shape[1] == 1:
        return np.full(len(maps.truth), np.nan)
    entries = by_entry(signed_map(maps, sign)[:, 1:])
    truth = by_entry(maps.relevance[:, 1:])
    ranks = rankdata(-entries, method=ties, axis=1)
    return ratio((ranks * truth).sum(axis=1), truth.sum(axis=1))


def _entries(maps: Maps, sign: str) -> Floats:
    return by_entry(signed_map(maps, sign))


def _hits(entries: Floats, truth: Floats, size: Integers) -> Floats:
    members = top_share(entries, -np.sort(-entries, axis=1), size)
    hits: Floats = (members * truth).sum(axis=1)
    return hits


def _where_salient(truth: Floats, scores: Floats) -> Floats:
    return np.where(truth.any(axis=1), scores, np.nan)
