"""Precision and recall at shares of a map's mass, as TSIB (TS-Interpretability-Benchmark) computes them.

s is |a| min-max scaled per sample and M_p the smallest set of the largest entries whose s sum to at least p of all, for
p = 10, 20, …, 90 %. P_p = Σ_{M ∩ g} s / Σ_M s and R_p = Σ_{M ∩ g} s / Σ_g s, g being the salient entries. Sums over
samples are divided by the number of those that have a denominator, and samples without a salient entry are left out.
Of entries that tie, the first come first: there,
NumPy's partition chooses, which differs between processors.
"""

from collections.abc import Callable, Sequence

import numpy as np

from ..arrays import Floats, by_entry, trapezoid
from ..maps import Maps
from ..pooling import Pool
from .areas import min_max

LEVELS = np.arange(1, 10) / 10
ROUNDING = 1e-12  # by which a sum may miss a share of itself

Levels = Callable[[Maps], tuple[Floats, Floats, Floats]]  # hits, mass of M, mass of g: (batch, levels) each


def aup_tsib(parts: Sequence[Maps]) -> Pool:
    """Return ∫ P_p dp in [0, 0.8] by the trapezoid rule over p from 0.1 to 0.9, P_p being the mean over samples.

    A perfect map scores 0.8. Undefined without a map of some mass: one that is constant has none.
    """
    return _pool(parts, _by_entries, lambda precision, _recall: _over_levels(precision))


def aur_tsib(parts: Sequence[Maps]) -> Pool:
    """Return ∫ R_p dp in [0, 0.8] by the trapezoid rule over p from 0.1 to 0.9, R_p being the mean over samples.

    Undefined where no map has mass on salient entries.
    """
    return _pool(parts, _by_entries, lambda _precision, recall: _over_levels(recall))


def auprc_tsib(parts: Sequence[Maps]) -> Pool:
    """Return ∫ P dR in [0, 1] by the trapezoid rule over the nine (R_p, P_p), ordered by R.

    Undefined where no map has mass on salient entries.
    """
    return _pool(parts, _by_entries, _over_recall)


def aup_tsib_time(parts: Sequence[Maps]) -> Pool:
    """Return `aup:tsib` in [0, 0.8] of time steps: one is in M if an entry is, and s is the mean of its X largest.

    X is the number of time steps with a salient entry, as in the code, where the number of features was meant.
    """
    return _pool(parts, _by_steps, lambda precision, _recall: _over_levels(precision))


def aur_tsib_time(parts: Sequence[Maps]) -> Pool:
    """Return `aur:tsib` in [0, 0.8] of time steps, see `aup:tsib-time`."""
    return _pool(parts, _by_steps, lambda _precision, recall: _over_levels(recall))


def auprc_tsib_time(parts: Sequence[Maps]) -> Pool:
    """Return `auprc:tsib` in [0, 1] of time steps, see `aup:tsib-time`."""
    return _pool(parts, _by_steps, _over_recall)


def aup_tsib_feature(parts: Sequence[Maps]) -> Pool:
    """Return `aup:tsib` in [0, 0.8] of features: one is in M if an entry is, and s is the mean of its X largest.

    X is the number of features with a salient entry, as in the code, where the number of time steps was meant.
    """
    return _pool(parts, _by_features, lambda precision, _recall: _over_levels(precision))


def aur_tsib_feature(parts: Sequence[Maps]) -> Pool:
    """Return `aur:tsib` in [0, 0.8] of features, see `aup:tsib-feature`."""
    return _pool(parts, _by_features, lambda _precision, recall: _over_levels(recall))


def auprc_tsib_feature(parts: Sequence[Maps]) -> Pool:
    """Return `auprc:tsib` in [0, 1] of features, see `aup:tsib-feature`."""
    return _pool(parts, _by_features, _over_recall)


def mass_sets(scaled: Floats) -> Floats:
    """Return which entries are in M_p, (batch, levels, entries), 1 or 0, of scaled maps (batch, entries)."""
    order = np.argsort(-scaled, axis=1, kind="stable")
    sums = np.cumsum(np.take_along_axis(scaled, order, axis=1), axis=1)
    sizes = (sums[:, None] < LEVELS[:, None] * sums[:, None, -1:] - ROUNDING).sum(axis=2) + 1
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.broadcast_to(np.arange(scaled.shape[1]), order.shape), axis=1)
    members: Floats = (ranks[:, None] < sizes[:, :, None]).astype(np.float64)
    return members


def _pool(parts: Sequence[Maps], levels: Levels, area: Callable[[Floats, Floats], Floats]) -> Pool:
    each = [levels(part) for part in parts]
    hits, retrieved, salient = (np.concatenate(values) for values in zip(*each, strict=True))

    def resampled(counts: Floats) -> Floats:
        return area(_mean(counts, hits, retrieved), _mean(counts, hits, salient))

    return Pool.of(resampled, len(hits))


def _mean(counts: Floats, hits: Floats, denominators: Floats) -> Floats:
    """Return the means over the samples with a denominator, (draws, levels); NaN where none has."""
    is_defined = denominators > 0
    ratios = np.divide(hits, denominators, out=np.zeros_like(hits), where=is_defined)
    known = counts @ is_defined
    scores: Floats = np.divide(counts @ ratios, known, out=np.full(known.shape, np.nan), where=known > 0)
    return scores


def _over_levels(values: Floats) -> Floats:
    return trapezoid(values, LEVELS)


def _over_recall(precision: Floats, recall: Floats) -> Floats:
    order = np.argsort(recall, axis=1, kind="stable")
    ordered = [np.take_along_axis(values, order, axis=1) for values in (precision, recall)]
    return trapezoid(*ordered)


def _scaled(maps: Maps) -> Floats:
    return np.nan_to_num(min_max(by_entry(maps.magnitude), 0.0))  # a constant map has no mass


def _by_entries(maps: Maps) -> tuple[Floats, Floats, Floats]:
    scaled = _scaled(maps)
    return _levels(scaled, mass_sets(scaled), by_entry(maps.relevance))


def _by_steps(maps: Maps) -> tuple[Floats, Floats, Floats]:
    return _along(maps, 2)


def _by_features(maps: Maps) -> tuple[Floats, Floats, Floats]:
    return _along(maps, 1)


def _along(maps: Maps, axis: int) -> tuple[Floats, Floats, Floats]:
    """Return the levels of what is left when an axis of (batch, time, features) is gone."""
    scaled = _scaled(maps)
    shape = (len(scaled), len(LEVELS), *maps.truth.shape[1:])
    members = mass_sets(scaled).reshape(shape).max(axis=axis + 1)
    salient = maps.relevance.max(axis=axis)
    wide = (salient > 0).sum(axis=1)
    weights = _mean_of_largest(scaled.reshape(maps.truth.shape), wide, axis)
    return _levels(weights, members, salient)


def _mean_of_largest(scaled: Floats, count: Floats, axis: int) -> Floats:
    """Return the mean of the so many largest along an axis, of each sample; all where there are no more."""
    ordered = -np.sort(-scaled, axis=axis)
    taken = np.clip(count, 1, scaled.shape[axis]).astype(int)
    places = np.expand_dims(taken - 1, (1, 2))
    sums = np.take_along_axis(np.cumsum(ordered, axis=axis), places, axis=axis).squeeze(axis)
    mean: Floats = sums / taken[:, None]
    return mean


def _levels(weights: Floats, members: Floats, salient: Floats) -> tuple[Floats, Floats, Floats]:
    weights = weights * salient.any(axis=1, keepdims=True)  # without a salient entry no denominator, and no score
    inside = weights * salient
    hits = np.einsum("npe,ne->np", members, inside)
    mass = np.einsum("npe,ne->np", members, weights)
    return hits, mass, np.broadcast_to(inside.sum(axis=1)[:, None], hits.shape)
