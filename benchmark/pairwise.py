"""Paired comparison of two methods on the same samples of the same networks."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from statsmodels.stats.multitest import multipletests

Values = NDArray[np.float64]

DECIMALS = 12  # below, scores differ by rounding alone, and count as equal
FEW = 50  # pairs, up to which the test is exact


def signed_rank_p(differences: Values) -> float:
    """Return the two-sided p of Wilcoxon's signed-rank test of paired differences, (pairs,).

    The ranks of differences of 0 are split evenly between the signs (Demšar 2006); NaN are left out. Exact up to 50
    pairs without ties and zeros, else by the normal approximation, which allows for ties.

    Returns:
        p in [0, 1]; NaN without a pair.

    Source: F. Wilcoxon, Individual Comparisons by Ranking Methods, Biometrics 1, 1945.
    """
    known = np.round(differences[~np.isnan(differences)], DECIMALS)
    return float(stats.wilcoxon(known, zero_method="zsplit").pvalue) if len(known) else np.nan


def holm(p: Values) -> Values:
    """Return p-values adjusted by Holm's step-down method; NaN stay NaN and do not count.

    Source: S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, Scand. J. Statist. 6, 1979.
    """
    adjusted = np.full_like(p, np.nan)
    known = ~np.isnan(p)
    if known.any():
        adjusted[known] = multipletests(p[known], method="holm")[1]
    return adjusted


def paired(scores: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a block's scores of a metric, one row a (seed, sample), one column a method."""
    return scores.pivot(index=["seed", "sample"], columns="method", values=metric)
