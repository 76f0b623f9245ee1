"""Chance levels: the expected score of a map that is uniform random on [0, 1], for each metric that has one.

Every function maps truth (batch, time, features) in [0, 1] to (batch,), and is NaN where its metric is
undefined for that truth. In the formulas r is the truth, n the number of entries and u uniform random. Levels
said to be a limit hold for large maps, with an error of order 1/n.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, gammaln

from ..arrays import Floats, by_entry, centre_in_time, ratio
from ..ranking import top_size

Truth = NDArray[np.floating[Any]]


def weighted_jaccard(truth: Truth) -> Floats:
    """Return Σ E min(r, u) / Σ E max(r, u) = Σ (r - r²/2) / Σ (1 + r²)/2, (batch,), a limit."""
    relevance = _entries(truth)
    half_square = relevance**2 / 2
    level = (relevance - half_square).sum(axis=1) / (0.5 + half_square).sum(axis=1)
    return np.where(relevance.any(axis=1), level, np.nan)


def euclidean(truth: Truth) -> Floats:
    """Return sqrt(Σ E (u - r)²) / ‖r‖₂ with E (u - r)² = 1/3 - r + r², (batch,), a limit."""
    relevance = _entries(truth)
    expected = (1 / 3 - relevance + relevance**2).sum(axis=1)
    return ratio(np.sqrt(expected), np.linalg.norm(relevance, axis=1))


def average_precision(truth: Truth) -> Floats:
    """Return the exact expected average precision of a random ranking, (batch,), close to mean(r).

    With S = Σ r, Q = Σ r² and the harmonic number H = 1 + 1/2 + … + 1/n, the expectation is
    (Q H + (S² - Q)(n - H)/(n - 1)) / (n S). The binary case is in Y. Bestgen, "Exact expected average
    precision of the random baseline for system evaluation", PBML 103, 2015.
    """
    return _expected_average_precision(_entries(truth))


def roc_auc(truth: Truth) -> Floats:
    """Return 1/2, (batch,), exact."""
    relevance = _entries(truth)
    defined = relevance.any(axis=1) & (relevance < 1).any(axis=1)
    return np.where(defined, 0.5, np.nan)


def top_k_jaccard(truth: Truth) -> Floats:
    """Return E i / (2k - i), exact, where i is the overlap of k random entries with the truth's top k.

    With A entries above the truth's k-th value and B entries tied with it, i = a + b (k - A)/B, where (a, b) is
    multivariate hypergeometric.
    """
    relevance = _entries(truth)
    size = top_size(relevance)
    threshold = -np.take_along_axis(np.sort(-relevance, axis=1), size[:, None] - 1, axis=1)
    above = np.count_nonzero(relevance > threshold, axis=1)
    tied = np.count_nonzero(relevance == threshold, axis=1)
    counts, inverse = np.unique(np.stack((size, above, tied), axis=1), axis=0, return_inverse=True)
    levels = np.array([_expected_jaccard(relevance.shape[1], *map(int, row)) for row in counts])
    return np.where(relevance.any(axis=1), levels[inverse], np.nan)


def relevance_mass(truth: Truth) -> Floats:
    """Return mean(r), (batch,), exact."""
    relevance = _entries(truth)
    return np.where(relevance.any(axis=1), relevance.mean(axis=1), np.nan)


def time_average_precision(truth: Truth) -> Floats:
    """Return the exact expected average precision of a random ranking of the time steps, (batch,)."""
    return _expected_marginal_precision(truth.max(axis=2))


def feature_average_precision(truth: Truth) -> Floats:
    """Return the exact expected average precision of a random ranking of the features, (batch,)."""
    return _expected_marginal_precision(truth.max(axis=1))


def positional_bias(truth: Truth) -> Floats:
    """Return E |X|, (batch,), a limit, where X is normal about the distance from the truth's centre to the middle.

    The random map's centre has the variance Σ (p - 1/2)² / (3 n²) over the entries, with p from 0 at the first
    to 1 at the last time step. The level tends to that distance, and to 0 for a truth in the middle.
    """
    _, time, features = truth.shape
    positions = np.linspace(0.0, 1.0, time)
    spread = np.sqrt(positions.var() / (3 * time * features))
    distance = np.abs(centre_in_time(truth.astype(np.float64, order="C")) - positions.mean())
    # with one time step both are 0, and any divisor will do
    z = distance / np.maximum(spread, np.finfo(np.float64).tiny)
    level: Floats = spread * (np.sqrt(2 / np.pi) * np.exp(-(z**2) / 2) + z * erf(z / np.sqrt(2)))
    return level


def pooled_prevalence(truth: Truth) -> Floats:
    """Return mean(r), (batch,), a limit; 0 of a truth of zeros, whose entries count among those of the others."""
    scores: Floats = _entries(truth).mean(axis=1)
    return scores


def half(truth: Truth) -> Floats:
    """Return 1/2, (batch,), a limit."""
    return np.full(len(truth), 0.5)


def mean_rank(truth: Truth) -> Floats:
    """Return (n + 1)/2, (batch,), exact, n being the entries after the first step; NaN where none is salient."""
    later = _entries(truth[:, 1:]) if truth.shape[1] > 1 else np.zeros((len(truth), 1))
    return np.where(later.any(axis=1), (later.shape[1] + 1) / 2, np.nan)


def half_of_each(truth: Truth) -> Floats:
    """Return 1/2, (batch,), a limit; NaN for a truth of zeros."""
    return np.where(_entries(truth).any(axis=1), 0.5, np.nan)


def _entries(truth: Truth) -> Floats:
    return by_entry(truth.astype(np.float64, order="C"))


def _expected_marginal_precision(marginal: Truth) -> Floats:
    relevance = marginal.astype(np.float64)
    varies = np.ptp(relevance, axis=1) > 0
    return np.where(varies, _expected_average_precision(relevance), np.nan)


def _expected_average_precision(relevance: Floats) -> Floats:
    n = relevance.shape[1]
    harmonic = (1 / np.arange(1, n + 1)).sum()
    total, squares = relevance.sum(axis=1), (relevance**2).sum(axis=1)
    pairs = (total**2 - squares) * (n - harmonic) / max(n - 1, 1)
    return ratio(squares * harmonic + pairs, n * total)


def _expected_jaccard(entries: int, size: int, above: int, tied: int) -> float:
    """Sum i / (2k - i) over the joint distribution of the drawn entries above and at the truth's k-th value."""
    a = np.arange(min(size, above) + 1)[:, None]
    b = np.arange(min(size, tied) + 1)
    ways = _log_choose(above, a) + _log_choose(tied, b) + _log_choose(entries - above - tied, size - a - b)
    probability = np.exp(ways - _log_choose(entries, np.array(size)))
    overlap = a + b * (size - above) / tied
    return float((probability * overlap / (2 * size - overlap)).sum())


def _log_choose(n: int, k: NDArray[np.int64]) -> Floats:
    # log-gamma is infinite at its poles, which makes the logarithm of an impossible draw -infinite
    logarithm: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return logarithm
