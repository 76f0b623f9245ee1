"""Ranks of methods within a block, a (task, architecture), and which cannot be told from its best."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.spec import MetricSpec
from .blocks import BLOCK, Block, blocks
from .equal_columns import Values
from .signed_rank import DECIMALS, holm, signed_rank
from .stacked_columns import stacked

ALPHA = 0.05
ROOM = 2**22  # scores that are tested at once: 32 MiB
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
    return ranks_of_metrics(scores, [metric], blocks(scores))[metric.name]


def ranks_of_metrics(
    scores: pd.DataFrame, metrics: Sequence[MetricSpec], found: Iterable[Block]
) -> dict[str, pd.DataFrame]:
    """Return `rank_within_blocks` of each metric by its name, of the blocks of scores, tested together."""
    parts: dict[str, list[dict[str, Any]]] = {metric.name: [] for metric in metrics}
    for block in found:
        at_once = max(1, ROOM // (len(block.methods) * block.samples))
        for start in range(0, len(metrics), at_once):
            for name, part in _ranked(block, scores, metrics[start : start + at_once]):
                parts[name].append(part)
    return {name: stacked(of_metric, COLUMNS) for name, of_metric in parts.items()}


@dataclass(frozen=True, eq=False)
class _Standing:
    """The methods of a block by one metric.

    Attributes:
        score: (methods,).
        rank: (methods,).
        is_best: (methods,), true for one of them, for none without a score.
        behind: the best's scores minus those of each other method, (others, samples).
    """

    score: Values
    rank: Values
    is_best: NDArray[np.bool_]
    behind: Values

    @staticmethod
    def of(block: Block, scores: Values, metric: MetricSpec) -> "_Standing":
        score = block.means(scores)  # as the leaderboard
        rank = pd.Series(score).round(DECIMALS).rank(ascending=not metric.higher_is_better).to_numpy()
        if np.isnan(rank).all():
            return _Standing(score, rank, np.zeros(len(rank), bool), np.full(scores.shape, np.nan))
        best = int(np.nanargmin(rank))
        is_best = np.arange(len(rank)) == best
        return _Standing(score, rank, is_best, scores[best] - scores[~is_best])


def _ranked(block: Block, scores: pd.DataFrame, metrics: Sequence[MetricSpec]) -> Iterator[tuple[str, dict[str, Any]]]:
    standings = [_Standing.of(block, block.scores(scores[metric.name]), metric) for metric in metrics]
    tested = signed_rank(np.concatenate([standing.behind for standing in standings]).T).p
    ends = np.cumsum([len(standing.behind) for standing in standings])
    for metric, standing, found in zip(metrics, standings, np.split(tested, ends[:-1]), strict=True):
        p = np.full(len(standing.score), np.nan)
        p[~standing.is_best] = holm(found)
        yield (
            metric.name,
            {
                **block.identity,
                "method": block.methods,
                "score": standing.score,
                "rank": standing.rank,
                "p_best": p,
                "tied_with_best": (p >= ALPHA) | standing.is_best,
            },
        )
