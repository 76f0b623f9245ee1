"""How concentrated a map is: Gini index, entropy, and the number of entries that count."""

import numpy as np

from ....errors import ParameterError
from ..arrays import Floats, by_entry, ratio
from ..maps import Maps


def sparseness(maps: Maps) -> Floats:
    """Return the Gini index Σ_i (2i - n - 1) |a|_(i) / (n Σ |a|) in [0, 1 - 1/n], (batch,), of n entries by size.

    0 where all are the same, 1 - 1/n where one holds everything. NaN for a map of zeros.
    """
    ascending = np.sort(by_entry(maps.magnitude), axis=1)
    n = ascending.shape[1]
    weights = 2 * np.arange(1, n + 1) - n - 1
    return np.maximum(ratio((weights * ascending).sum(axis=1), n * ascending.sum(axis=1)), 0.0)


def complexity(maps: Maps) -> Floats:
    """Return the entropy -Σ q ln q in [0, ln n], (batch,), of the shares q = |a| / Σ |a| of n entries.

    0 where one entry holds everything. NaN for a map of zeros.
    """
    magnitude = by_entry(maps.magnitude)
    total = magnitude.sum(axis=1, keepdims=True)
    shares = np.divide(magnitude, total, out=np.full(magnitude.shape, np.nan), where=total > 0)
    logarithms = np.log(np.where(shares > 0, shares, 1.0))
    scores: Floats = np.maximum(-(shares * logarithms).sum(axis=1), 0.0)
    return scores


def effective_complexity(maps: Maps, *, threshold: float = 1e-5) -> Floats:
    """Return how many |a| are above a threshold in [0, n], (batch,), of n entries.

    It depends on the scale of maps, which methods do not share.

    Args:
        maps: the maps of the samples.
        threshold: at least 0.

    Raises:
        ParameterError: a threshold below 0.
    """
    check_threshold(threshold=threshold)
    scores: Floats = (by_entry(maps.magnitude) > threshold).sum(axis=1).astype(np.float64)
    return scores


def check_threshold(*, threshold: float) -> None:
    """Raise unless entries can be above a threshold.

    Raises:
        ParameterError: a threshold below 0.
    """
    if threshold < 0:
        raise ParameterError(f"the threshold of |a| must be at least 0, got {threshold:g}")
