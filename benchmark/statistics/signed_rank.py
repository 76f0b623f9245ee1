"""Wilcoxon's signed-rank test of many paired differences at once, its effect size, and Holm's adjustment."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Values = NDArray[np.float64]

DECIMALS = 12  # scores that differ by less differ by rounding alone, and count as equal
FEW = 50  # pairs, up to which the test is exact
ROOM = 2**20  # differences that are ranked at once: 8 MiB


class SignedRank(NamedTuple):
    """The two-sided p and the effect of each column; both NaN without a pair."""

    p: Values
    effect: Values


def signed_rank(differences: Values) -> SignedRank:
    """Return Wilcoxon's signed-rank test and the matched-pairs rank-biserial correlation of paired differences.

    With R⁺ and R⁻ the sums of the ranks of |difference| of either sign, the ranks of differences of 0 split evenly
    between them, the effect is (R⁺ − R⁻) / (R⁺ + R⁻), in [−1, 1]: 1 where every difference is positive. p is exact for
    at most 50 pairs, over all signs that the differences could have, ties or not; beyond, it is that of the normal
    approximation with the variance that ties leave.

    Args:
        differences: (pairs, columns); NaN are left out.

    Source: F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics 1, 1945; zeros as in J. Demšar,
    Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, 2006; effect: D. S. Kerby, The Simple
    Difference Formula, Comprehensive Psychology 3, 2014.
    """
    rounded = np.round(differences, DECIMALS)
    known = ~np.isnan(rounded)
    alike: dict[bytes, list[int]] = defaultdict(list)  # columns that lack the same pairs are tested together
    for column in np.flatnonzero(known.any(axis=0)):
        alike[known[:, column].tobytes()].append(int(column))
    p, effect = np.full((2, rounded.shape[1]), np.nan)
    at_once = max(1, ROOM // max(1, len(rounded)))
    for same in alike.values():
        for start in range(0, len(same), at_once):
            columns = same[start : start + at_once]
            p[columns], effect[columns] = _signed_rank(rounded[known[:, columns[0]]][:, columns])
    return SignedRank(p, effect)


def holm(p: Values) -> Values:
    """Return p-values, (tests,), adjusted by Holm's step-down method; NaN stay NaN and do not count as tests.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. J. Statist. 6, 1979.
    """
    # statsmodels has it, but collects garbage in every call: 40 ms for a test of microseconds
    order = np.argsort(p)[: np.count_nonzero(~np.isnan(p))]  # NaN sort to the end
    adjusted = np.full(len(p), np.nan)
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1)
    return adjusted


def _signed_rank(differences: Values) -> SignedRank:
    pairs = float(len(differences))
    positive, ties = _sums_of_ranks(differences)
    effect = 4 * positive / (pairs * (pairs + 1)) - 1
    if pairs <= FEW:
        return SignedRank(_exact_p(differences), effect)
    deviation = np.sqrt((pairs * (pairs + 1) * (2 * pairs + 1) - ties / 2) / 24)
    return SignedRank(2 * stats.norm.sf(np.abs((positive - pairs * (pairs + 1) / 4) / deviation)), effect)


def _sums_of_ranks(differences: Values) -> tuple[Values, Values]:
    """Return of each column R⁺, and Σ t³ − t over its groups of t equal |difference|, (columns,).

    `scipy.stats.wilcoxon` gives the same, and takes ten times as long: it sorts places where this sorts numbers.
    """
    # |difference| without its sign bit, and in the last bit whether it is positive; bits of floats ≥ 0 are in order
    keys = np.ascontiguousarray(np.abs(differences).T).view(np.uint64) << np.uint64(1)
    keys |= differences.T > 0
    keys.sort(axis=1)
    is_positive = (keys & np.uint64(1)).astype(bool)
    keys >>= np.uint64(1)
    is_first = np.ones(keys.shape, bool)
    np.not_equal(keys[:, 1:], keys[:, :-1], out=is_first[:, 1:])
    positive, ties = is_positive @ np.arange(1.0, len(differences) + 1), np.zeros(len(keys))
    for column in np.flatnonzero(~is_first.all(axis=1)):
        starts = np.flatnonzero(is_first[column])
        sizes = np.diff(starts, append=len(differences))
        positives = np.add.reduceat(is_positive[column], starts, dtype=float)
        positive[column] = positives @ (starts + (sizes + 1) / 2)
        ties[column] = (sizes.astype(float) ** 3 - sizes).sum()
    zeros = np.count_nonzero(keys == 0, axis=1)
    return positive + zeros * (zeros + 1) / 4, ties  # half of the zeros' ranks 1, 2, …


def _exact_p(differences: Values) -> Values:
    """Return for each column the share of all choices of signs for which R⁺ is as far from its middle as it is."""
    doubled = np.rint(2 * stats.rankdata(np.abs(differences), axis=0)).astype(int)  # ties are whole
    signed = doubled * np.sign(differences).astype(int)
    positive, total = np.maximum(signed, 0).sum(axis=0), np.abs(signed).sum(axis=0)
    extreme = np.maximum(positive, total - positive)
    alike: dict[bytes, list[int]] = defaultdict(list)  # the chances depend on the ranks alone, most often 1, 2, …
    for column, ranks in enumerate(np.sort(np.abs(signed), axis=0).T):
        alike[ranks.tobytes()].append(column)
    p = np.empty(differences.shape[1])
    for columns in alike.values():
        beyond = _chances_beyond(np.abs(signed[:, columns[0]]))
        p[columns] = np.minimum(1.0, 2 * beyond[extreme[columns]])
    return p


def _chances_beyond(ranks: NDArray[np.int64]) -> Values:
    """Return the share of choices of signs for which R⁺ is 0, 1, … or more, (largest R⁺ + 1,), of ranks (pairs,)."""
    # SciPy's exact distribution knows no ties, and enumerating the signs takes it a second for 13 pairs.
    # Shares of 2^50 choices are sums of powers of two that float64 holds: no order of adding rounds them.
    chances = np.zeros(ranks.sum() + 1)
    chances[0] = 1
    for rank in ranks[ranks != 0]:
        chances[rank:] = (chances[rank:] + chances[: len(chances) - rank]) / 2
        chances[:rank] /= 2
    return np.cumsum(chances[::-1])[::-1]
