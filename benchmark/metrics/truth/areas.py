"""AUP, AUR, AUPRC and AUROC as the papers compute them: areas under precision and recall, which disagree.

P(θ) and R(θ) are precision and recall of the entries whose scaled attribution is at least θ. The papers scale maps in
different ways, and all but TimeX pool the entries of all samples before they take the area.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Floats, by_entry
from ..maps import Maps
from ..pooling import Pool
from ..signs import signed_map
from .thresholds import Area, Curve, pool_of

Scaling = Callable[[Floats], Floats]  # of (batch, entries)


def min_max(entries: Floats, added: float) -> Floats:
    """Return (a - min) / (max - min + added) of each sample, (batch, entries); NaN where that is 0 / 0."""
    low, high = entries.min(axis=1, keepdims=True), entries.max(axis=1, keepdims=True)
    span = high - low + added
    scores: Floats = (entries - low) / np.where(span > 0, span, np.nan)
    return scores


def precision_area(curve: Curve) -> Floats:
    """Return ∫ P(θ) dθ, (draws,)."""
    return curve.over_thresholds(curve.precision)


def recall_area(curve: Curve) -> Floats:
    """Return ∫ R(θ) dθ, (draws,)."""
    return curve.over_thresholds(curve.recall)


def precision_area_ahead(curve: Curve) -> Floats:
    """Return ∫ P(θ⁺) dθ, (draws,), θ⁺ being the threshold above θ, and P = 1 above all of them."""
    return curve.over_thresholds(curve.at_next_higher(curve.precision, 1.0))


def recall_area_ahead(curve: Curve) -> Floats:
    """Return ∫ R(θ⁺) dθ, (draws,), θ⁺ being the threshold above θ, and R = 0 above all of them."""
    return curve.over_thresholds(curve.at_next_higher(curve.recall, 0.0))


def pooled_area(parts: Sequence[Maps], sign: str, scaling: Scaling, area: Area) -> Pool:
    """Return the pool of all samples under whose common curve an area is taken.

    Args:
        parts: the samples, (batch, time, features) each.
        sign: as of `signed_map`.
        scaling: of attributions; NaN where it is undefined, which makes the score of all undefined.
        area: of the curve; undefined where no entry is salient.

    Raises:
        UnknownNameError: another sign.
    """
    scaled = [scaling(_entries(part, sign)) for part in parts]
    relevance = [by_entry(part.relevance) for part in parts]
    if any(np.isnan(entries).any() for entries in scaled):
        return Pool(np.nan, lambda counts: np.full(len(counts), np.nan))
    rows, truths = ([row for of_part in values for row in of_part] for values in (scaled, relevance))
    return pool_of(rows, truths, _with_positives(area))


def area_of_each(maps: Maps, sign: str, scaling: Scaling, area: Area) -> Floats:
    """Return the area under each sample's own curve, (batch,); see `pooled_area`.

    Raises:
        UnknownNameError: another sign.
    """
    samples = zip(scaling(_entries(maps, sign)), by_entry(maps.relevance), strict=True)
    under = _with_positives(area)
    return np.array([np.nan if np.isnan(one).any() else under(Curve.of(one, of_one))[0] for one, of_one in samples])


def of_several(area: Area) -> Area:
    """Return an area that is undefined under a curve with one threshold alone."""
    return lambda curve: np.where(curve.is_single, np.nan, area(curve))


def _with_positives(area: Area) -> Area:
    return lambda curve: np.where(curve.positives[:, 0] > 0, area(curve), np.nan)


def _entries(maps: Maps, sign: str) -> Floats:
    return by_entry(signed_map(maps, sign))
