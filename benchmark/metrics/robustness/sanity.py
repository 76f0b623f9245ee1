"""Whether maps depend on what they explain: another class, and a network whose parameters are drawn anew.

Maps are compared by Spearman's correlation of their |entries|, which is 1 where both rank them alike.
"""

import numpy as np
from scipy.stats import rankdata

from ..arrays import Floats, by_entry
from ..maps import Maps
from ..needs import Explainer, Model, Series
from .neighbours import check_smooth, neighbours_of

BINS = 100


def random_logit(maps: Maps, *, model: Model, explainer: Explainer) -> Floats:
    """Return the correlation of the map with that for another class in [-1, 1], (batch,).

    The other class is drawn from all others, by the seed of the sample. NaN where all entries of a map tie.

    Source: L. Sixt, M. Granz, T. Landgraf, When Explanations Lie, ICML 2020.
    """
    classes = model.logits(model.inputs).shape[1]
    draws = [int(np.random.default_rng([seed, 7]).integers(1, max(classes, 2))) for seed in explainer.seeds]
    others = (np.asarray(explainer.target) + draws) % classes
    return similarity(maps.attributions, explainer(explainer.inputs, others))


def mprt(maps: Maps, *, explainer: Explainer) -> Floats:
    """Return the correlation of the map with those of networks with random layers in [-1, 1], (batch,).

    Layers are drawn anew from the output to the input, one more each time; this is the mean over all of them. NaN where
    all entries of a map tie.

    Source: J. Adebayo et al., Sanity Checks for Saliency Maps, NeurIPS 2018.
    """
    found = [similarity(maps.attributions, random(explainer.inputs)) for random in explainer.cascade()]
    mean: Floats = np.mean(found, axis=0)
    return mean


def smooth_mprt(_maps: Maps, *, explainer: Explainer, draws: int = 10, radius: float = 0.02) -> Floats:
    """Return `mprt` of maps that are means over noisy inputs, (batch,) in [-1, 1]; lower is better.

    Args:
        _maps: the maps of the samples, which are made again.
        explainer: the method that made them.
        draws: of noise, at least 1.
        radius: within which it is uniform, above 0.

    Raises:
        ParameterError: no draw, or no radius.

    Source: A. Hedström et al., A Fresh Look at Sanity Checks for Saliency Maps, xAI 2024.
    """
    check_smooth(draws=draws, radius=radius)
    noisy = list(neighbours_of(explainer, draws, radius))
    smooth = _mean_map(explainer, noisy)
    found = [similarity(smooth, _mean_map(random, noisy)) for random in explainer.cascade()]
    mean: Floats = np.mean(found, axis=0)
    return mean


def efficient_mprt(maps: Maps, *, explainer: Explainer) -> Floats:
    """Return (H(b) - H(a)) / H(a), (batch,), H being the entropy of a histogram of 100 bins; higher is better.

    b is the map of the network with all layers drawn anew, which should tell less. NaN where H(a) is 0.

    Source: A. Hedström et al., A Fresh Look at Sanity Checks for Saliency Maps, xAI 2024.
    """
    *_, random = explainer.cascade()
    before, after = (histogram_entropy(values) for values in (maps.attributions, random(explainer.inputs)))
    scores: Floats = np.divide(after - before, before, out=np.full(len(before), np.nan), where=before > 0)
    return scores


def similarity(one: Series, other: Series) -> Floats:
    """Return Spearman's correlation of |entries| of maps, (batch, time, features) each: (batch,), NaN where all tie."""
    ranks = [rankdata(np.abs(by_entry(values.astype(np.float64))), axis=1) for values in (one, other)]
    first, second = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    spread = np.sqrt((first**2).sum(axis=1) * (second**2).sum(axis=1))
    product = (first * second).sum(axis=1)
    scores: Floats = np.clip(np.divide(product, spread, out=np.full(len(spread), np.nan), where=spread > 0), -1, 1)
    return scores


def histogram_entropy(values: Series) -> Floats:
    """Return the entropy of each map's histogram of 100 bins between its extremes, (batch,), natural logarithm."""
    found = []
    for entries in by_entry(values.astype(np.float64)):
        shares = np.histogram(entries, BINS)[0] / entries.size
        filled = shares[shares > 0]
        found.append(-(filled * np.log(filled)).sum())
    scores: Floats = np.maximum(np.array(found), 0.0)
    return scores


def _mean_map(explainer: Explainer, inputs: list[Series]) -> Series:
    mean: Series = np.mean([explainer(near) for near in inputs], axis=0, dtype=np.float64)
    return mean
