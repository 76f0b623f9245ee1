"""Ranks of methods over all blocks: Friedman's and Nemenyi's tests."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import stats

from ..metrics.spec import MetricSpec
from .block_ranks import ALPHA, rank_within_blocks
from .blocks import BLOCK
from .signed_rank import DECIMALS, holm, signed_rank


@dataclass(frozen=True)
class Overall:
    """Methods compared over blocks; statistics are NaN with fewer than two blocks or three methods.

    Attributes:
        metric: its name.
        methods: those with a score in every block, best mean rank first.
        mean_ranks: of the methods, in their order; 1 is best.
        blocks: the (task, architecture) pairs.
        friedman: χ² of Friedman's test that all methods are alike, and friedman_p.
        iman_davenport: F of the less conservative form of the test, and iman_davenport_p.
        critical_difference: of mean ranks, by Nemenyi's test at the 5 % level.
        groups: methods that differ by less than the critical difference, in the order of methods; the largest such
            groups of two or more. Everything is one group where there is no critical difference.
        ordered: the scores of the methods, one row a block and one column a method.
        coverage: one row a method, ranked or not: method, mean (over blocks; NaN where one is missing), mean_rank,
            blocks (with a score) and blocks_total.
    """

    metric: str
    methods: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    blocks: tuple[tuple[str, str], ...]
    friedman: float
    friedman_p: float
    iman_davenport: float
    iman_davenport_p: float
    critical_difference: float
    groups: tuple[tuple[str, ...], ...]
    ordered: pd.DataFrame
    coverage: pd.DataFrame

    @cached_property
    def nemenyi(self) -> pd.DataFrame:
        """The p of each pair of methods, by Nemenyi's test."""
        return _nemenyi(self.ordered)

    @cached_property
    def wilcoxon_holm(self) -> pd.DataFrame:
        """The p of each pair, by Wilcoxon's signed-rank test over blocks, Holm-adjusted over all pairs."""
        return _wilcoxon_holm(self.ordered)


def overall(scores: pd.DataFrame, metric: MetricSpec) -> Overall:
    """Return methods compared over all blocks of the scores by their ranks within blocks.

    Args:
        scores: one row a sample, as in scores.parquet.
        metric: column and direction.

    Source: J. Demšar, Statistical Comparisons of Classifiers over Multiple Data Sets, JMLR 7, 2006.
    """
    table = rank_within_blocks(scores, metric)
    by_block = table.pivot(index=BLOCK, columns="method", values="score")
    return compare_over_blocks(by_block[list(table.method.unique())], metric)


def compare_over_blocks(by_block: pd.DataFrame, metric: MetricSpec) -> Overall:
    """Return `overall` of scores, one row a block and one column a method, NaN where there is none."""
    covered = by_block.notna().sum()
    rounded = by_block.loc[:, covered == len(by_block)].round(DECIMALS)
    ranks = rounded.rank(axis=1, ascending=not metric.higher_is_better).mean().sort_values(kind="stable")
    ordered = rounded[list(ranks.index)]
    difference = critical_difference(len(ranks), len(by_block))
    chi2, chi2_p, f, f_p = _friedman(ordered)
    return Overall(
        metric=metric.name,
        methods=tuple(ranks.index),
        mean_ranks=tuple(map(float, ranks)),
        blocks=tuple((str(task), str(architecture)) for task, architecture in by_block.index),
        friedman=chi2,
        friedman_p=chi2_p,
        iman_davenport=f,
        iman_davenport_p=f_p,
        critical_difference=difference,
        groups=_groups(ranks, difference),
        ordered=ordered,
        coverage=pd.DataFrame(
            {
                "method": by_block.columns,
                "mean": by_block.mean(skipna=False).to_numpy(),
                "mean_rank": ranks.reindex(by_block.columns).to_numpy(),
                "blocks": covered.to_numpy(),
                "blocks_total": len(by_block),
            }
        ),
    )


def critical_difference(methods: int, blocks: int) -> float:
    """Return Nemenyi's critical difference of mean ranks at the 5 % level, q(.05, k, ∞) / √2 · √(k (k + 1) / (6 N)).

    Returns:
        NaN with fewer than two methods or blocks.
    """
    if methods < 2 or blocks < 2:
        return math.nan
    q = float(stats.studentized_range.ppf(1 - ALPHA, methods, np.inf)) / math.sqrt(2)
    return q * math.sqrt(methods * (methods + 1) / (6 * blocks))


def _friedman(ordered: pd.DataFrame) -> tuple[float, float, float, float]:
    blocks, methods = ordered.shape
    if blocks < 2 or methods < 3:
        return (math.nan,) * 4
    if (ordered.nunique(axis=1) == 1).all():  # nothing differs: the formulas divide by 0
        return 0.0, 1.0, 0.0, 1.0
    chi2, chi2_p = map(float, stats.friedmanchisquare(*(ordered[method] for method in ordered)))
    room = blocks * (methods - 1) - chi2
    f = (blocks - 1) * chi2 / room if room > 0 else math.inf
    return chi2, chi2_p, f, float(stats.f.sf(f, methods - 1, (methods - 1) * (blocks - 1)))


def _groups(ranks: "pd.Series[float]", difference: float) -> tuple[tuple[str, ...], ...]:
    values, names = ranks.to_numpy(), tuple(ranks.index)
    if math.isnan(difference):
        return (names,) if names else ()
    ends = [int((values < value + difference).sum()) for value in values]
    reached = [0, *ends]  # a group that ends where the one before it ended is a part of it
    return tuple(names[i:end] for i, end in enumerate(ends) if end > max(i + 1, reached[i]))


def _nemenyi(ordered: pd.DataFrame) -> pd.DataFrame:
    names = list(ordered)
    if min(ordered.shape) < 2:
        return pd.DataFrame(np.where(np.eye(len(names)), 1.0, np.nan), names, names)
    import scikit_posthocs  # brings matplotlib and scikit-learn, of which the tables of a run need nothing

    p = scikit_posthocs.posthoc_nemenyi_friedman(ordered.to_numpy())
    return pd.DataFrame(np.minimum(p.to_numpy(), 1.0), names, names)


def _wilcoxon_holm(ordered: pd.DataFrame) -> pd.DataFrame:
    names, values = list(ordered), ordered.to_numpy()
    first, second = np.triu_indices(len(names), 1)
    p = np.eye(len(names))
    p[first, second] = p[second, first] = holm(signed_rank(values[:, first] - values[:, second]).p)
    return pd.DataFrame(p, names, names)
