"""Ranks of methods within a block, a (task, architecture), and which cannot be told from its best."""

import numpy as np
import pandas as pd

from ..metrics.spec import MetricSpec
from .pairwise import BLOCK, blocks, paired
from .signed_rank import DECIMALS, holm, signed_rank

ALPHA = 0.05
COLUMNS = [*BLOCK, "method", "score", "rank", "p_best", "tied_with_best"]


def rank_within_blocks(scores: pd.DataFrame, metric: MetricSpec) -> pd.DataFrame:
    """Return the rank of each method within its block, and whether it can be told from the block's best.

    Columns: task, architecture, method, score (mean over seeds of the mean over samples), rank (1 is best, ties
    averaged), p_best (Wilcoxon signed-rank over the samples against the block's best, Holm-adjusted within the block;
    NaN for the best), tied_with_best (p_best ≥ .05, true for the best). Reference methods are left out, and so are
    methods that lack a seed. Where a method has no score, its score, rank and p_best are NaN and it is tied with none.

    The test is over samples of the same trained networks and speaks about these alone; `method_ranks.overall` speaks
    about others.

    Args:
        scores: one row a sample, as in scores.parquet.
        metric: column and direction.
    """
    parts = [_block(block, paired(table, metric.name), metric) for block, table in blocks(scores)]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=COLUMNS)


def _block(block: dict[str, str], wide: pd.DataFrame, metric: MetricSpec) -> pd.DataFrame:
    score = pd.Series({method: wide[method].groupby("seed").mean().mean() for method in wide})  # as the leaderboard
    rank = score.round(DECIMALS).rank(ascending=not metric.higher_is_better)
    best = wide[rank.idxmin()] if rank.notna().any() else pd.Series(np.nan, wide.index)
    is_best = wide.columns == best.name
    p = np.full(len(score), np.nan)
    p[~is_best] = holm(signed_rank((wide.loc[:, ~is_best].rsub(best, axis=0)).to_numpy()).p)
    columns = {
        **block,
        "method": wide.columns,
        "score": score.to_numpy(),
        "rank": rank.to_numpy(),
        "p_best": p,
        "tied_with_best": (p >= ALPHA) | is_best,
    }
    return pd.DataFrame(columns, columns=COLUMNS)
