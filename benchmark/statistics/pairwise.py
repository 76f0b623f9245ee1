"""Paired comparison of methods on the same samples of the same networks."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..metrics.spec import MetricSpec
from .bootstrap import hierarchical_intervals
from .signed_rank import holm, signed_rank

BLOCK = ["task", "architecture"]
COMPARED = ("weighted_jaccard", "euclidean", "average_precision")  # the source's two, and one by ranks
COLUMNS = [
    "metric",
    *BLOCK,
    "method",
    "other",
    "samples",
    "seeds",
    "difference",
    "low",
    "high",
    "effect",
    "p",
    "p_holm",
]


def comparisons(scores: pd.DataFrame, metrics: Sequence[MetricSpec]) -> pd.DataFrame:
    """Return every pair of methods of a block, a (task, architecture), compared on the samples that both have.

    Columns: metric, task, architecture, method, other (each pair once, in the order of the scores), samples (pairs of
    scores), seeds, difference (mean over seeds of the mean over samples of method − other: its sign has the sense of
    the metric) with its 95 % bounds low and high of `hierarchical_interval`, effect and p of `signed_rank`, and p_holm
    (Holm-adjusted over the pairs of the block). They are NaN where no sample has both scores.

    Only the metrics of `COMPARED` are compared, since pairs are many; `rank_within_blocks` covers every metric.

    p speaks about samples of these trained networks, and gets as small as one likes with more samples. What further
    networks would do is in the bounds, which resample seeds.

    Args:
        scores: one row a sample, as in scores.parquet; reference methods and methods that lack a seed are left out.
        metrics: those of the scores.
    """
    rows = [
        row
        for block, table in blocks(scores)
        for metric in metrics
        if metric.name in COMPARED
        for row in _pairs(metric.name, block, paired(table, metric.name))
    ]
    bounds = hierarchical_intervals([row.pop("per_seed") for row in rows])
    for row, interval in zip(rows, bounds, strict=True):
        row |= {"difference": interval.mean, "low": interval.low, "high": interval.high}
    return pd.DataFrame(rows, columns=COLUMNS)


def blocks(scores: pd.DataFrame) -> Iterator[tuple[dict[str, str], pd.DataFrame]]:
    """Yield each (task, architecture) with the rows of its methods that have scores for every seed of the task."""
    seeds = scores.groupby("task").seed.nunique()
    for (task, architecture), table in scores[scores.architecture != ""].groupby(BLOCK, sort=False):
        found = table.groupby("method").seed.nunique()
        kept = table[table.method.isin(found.index[found == seeds[task]])]
        if len(kept):
            yield {"task": task, "architecture": architecture}, kept


def paired(table: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return a block's scores of a metric, one row a (seed, sample), one column a method, in the table's order."""
    wide = table.pivot(index=["seed", "sample"], columns="method", values=metric)
    return wide[table.method.unique()]


def _pairs(metric: str, block: dict[str, str], wide: pd.DataFrame) -> Iterator[dict[str, Any]]:
    first, second = np.triu_indices(wide.shape[1], 1)
    values = wide.to_numpy()
    differences = values[:, first] - values[:, second]
    test = signed_rank(differences)
    adjusted = holm(test.p)
    known = ~np.isnan(differences)
    seeds = wide.index.get_level_values("seed").to_numpy()
    starts = np.flatnonzero(seeds[1:] != seeds[:-1]) + 1  # a pivot is sorted by seed
    for pair, (method, other) in enumerate(zip(wide.columns[first], wide.columns[second], strict=True)):
        yield {
            "metric": metric,
            **block,
            "method": method,
            "other": other,
            "samples": int(known[:, pair].sum()),
            "seeds": len(np.unique(seeds[known[:, pair]])),
            "effect": test.effect[pair],
            "p": test.p[pair],
            "p_holm": adjusted[pair],
            "per_seed": np.split(differences[:, pair], starts),
        }
