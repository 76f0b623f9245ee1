"""The metrics: how well a map agrees with the ground truth, one score per sample.

In every formula r is the truth, a the attributions, and s is |a| min-max scaled to [0, 1] per sample. Scores
are float64 (batch,). A sample whose truth is all zero has nothing to find: scores against it are NaN.

With a binary truth the oracle (a = r) has the best score of every metric. With a graded truth it keeps the
best ROC AUC, top-k Jaccard and positional bias; its weighted Jaccard and Euclidean distance are perfect only
if r spans [0, 1], its ties can cost it a little average precision, and its relevance mass is below that of a
map with all mass on the most relevant entry.
"""

import numpy as np

from ..arrays import Floats, by_entry, centre_in_time, ratio
from ..maps import Maps
from ..ranking import average_precision as ranked_average_precision
from ..ranking import rank, top_share, top_size
from ..ranking import roc_auc as ranked_roc_auc


def weighted_jaccard(maps: Maps) -> Floats:
    """Return Σ min(r, s) / Σ max(r, s) in [0, 1], (batch,), after Ismail et al. 2019."""
    truth, scaled = by_entry(maps.relevance), by_entry(maps.scaled)
    score = ratio(np.minimum(truth, scaled).sum(axis=1), np.maximum(truth, scaled).sum(axis=1))
    return np.where(truth.any(axis=1), score, np.nan)


def euclidean(maps: Maps) -> Floats:
    """Return ‖r - s‖₂ / ‖r‖₂ ≥ 0, (batch,), where 0 is a perfect map (Ismail et al. 2019)."""
    truth, scaled = by_entry(maps.relevance), by_entry(maps.scaled)
    return ratio(np.linalg.norm(truth - scaled, axis=1), np.linalg.norm(truth, axis=1))


def average_precision(maps: Maps) -> Floats:
    """Return Σ (R_n - R_{n-1}) P_n in [0, 1], (batch,), over the thresholds of |a|.

    An entry counts as a positive of weight r and a negative of weight 1 - r; ties share a threshold.
    """
    return ranked_average_precision(maps.ranking)


def roc_auc(maps: Maps) -> Floats:
    """Return the probability in [0, 1] that a positive outranks a negative by |a|, ties counted half, (batch,).

    An entry counts as a positive of weight r and a negative of weight 1 - r. NaN also for a truth of ones.
    """
    return ranked_roc_auc(maps.ranking)


def top_k_jaccard(maps: Maps) -> Floats:
    """Return the Jaccard index Σ min / Σ max in [0, 1], (batch,), of the top k entries by |a| and r, k = Σ r rounded.

    Entries tied at the k-th place share what is left of the k places equally, in the map and in the truth.
    """
    truth = by_entry(maps.relevance)
    size = top_size(truth)
    found = top_share(by_entry(maps.magnitude), maps.ranking.descending, size)
    sought = top_share(truth, -np.sort(-truth, axis=1), size)
    score = np.minimum(found, sought).sum(axis=1) / np.maximum(found, sought).sum(axis=1)
    return np.where(truth.any(axis=1), score, np.nan)


def relevance_mass(maps: Maps) -> Floats:
    """Return Σ |a| r / Σ |a| in [0, 1], (batch,), the share of the attribution on salient entries (Arras et al. 2022).

    An all-zero map favours no entry: it scores mean(r), as any constant map does.
    """
    truth, magnitude = by_entry(maps.relevance), by_entry(maps.magnitude)
    mass = ratio((magnitude * truth).sum(axis=1), magnitude.sum(axis=1))
    score = np.where(magnitude.any(axis=1), mass, truth.mean(axis=1))
    return np.where(truth.any(axis=1), score, np.nan)


def time_average_precision(maps: Maps) -> Floats:
    """Return the average precision of the time steps: mean of |a| against maximum of r over the features, (batch,).

    NaN where every time step is equally relevant, so that there is nothing to find along time.
    """
    return _marginal_average_precision(maps.magnitude.mean(axis=2), maps.relevance.max(axis=2))


def feature_average_precision(maps: Maps) -> Floats:
    """Return the average precision of the features: mean of |a| against maximum of r over the time steps, (batch,).

    NaN where every feature is equally relevant, so that there is nothing to find among the features.
    """
    return _marginal_average_precision(maps.magnitude.mean(axis=1), maps.relevance.max(axis=1))


def positional_bias(maps: Maps) -> Floats:
    """Return |centre of mass of |a| in time - that of r| / (time - 1) in [0, 1], (batch,), where 0 is no bias.

    An all-zero map favours no time step: its centre is the middle, as any constant map's is. A single
    time step leaves no room for a bias: 0.
    """
    centre = centre_in_time(maps.magnitude)
    middle = centre_in_time(np.ones_like(maps.magnitude))
    return np.abs(np.where(np.isnan(centre), middle, centre) - centre_in_time(maps.relevance))


def completeness_residual(maps: Maps) -> Floats:
    """Return |Σ a - d| / |d| ≥ 0, (batch,), where d = output(inputs) - output(baseline) (Sundararajan et al. 2017).

    NaN where d is exactly 0, and for methods that do not promise completeness. The truth is not read.
    """
    if maps.output_difference is None:
        return np.full(len(maps.attributions), np.nan)
    difference = maps.output_difference.astype(np.float64)
    total = by_entry(maps.attributions.astype(np.float64, order="C")).sum(axis=1)
    return ratio(np.abs(total - difference), np.abs(difference))


def _marginal_average_precision(scores: Floats, relevance: Floats) -> Floats:
    varies = np.ptp(relevance, axis=1) > 0
    return np.where(varies, ranked_average_precision(rank(scores, relevance)), np.nan)
