"""The tables of statistics that a run writes beside its leaderboard."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from ..execution.collection import ID, Collection
from ..metrics.spec import MetricSpec
from ..statistics.block_ranks import ranks_of_metrics
from ..statistics.blocks import BLOCK, blocks
from ..statistics.method_ranks import compare_over_blocks
from ..statistics.pairwise import comparisons
from ..statistics.variance_components import variance
from .columns import IDENTITY
from .pooled_scores import pooled_rows, rank_pooled
from .shared_samples import over_data

OVERALL = [
    "metric",
    "method",
    "mean",
    "blocks",
    "blocks_total",
    "mean_rank",
    "groups",
    "critical_difference",
    "friedman_p",
    "iman_davenport_p",
]


def statistical_tables(
    collection: Collection, metrics: Sequence[MetricSpec], seeds: int | Mapping[str, int]
) -> dict[str, pd.DataFrame]:
    """Return the tables by file name, over the methods all of whose cells are ok.

    ranks.csv is `rank_within_blocks` for every metric (`rank_pooled` of a pooled one), comparisons.csv `comparisons`,
    variance.csv `variance`.
    overall.csv has a row for every metric and method: mean over blocks (empty where a block is missing), how many
    blocks have a score and how many there are, mean rank (empty where a block is missing), the numbers of the groups
    that Nemenyi's test cannot tell it from, and, the same for all methods, the critical difference and the p of both
    forms of Friedman's test.

    Args:
        collection: of the run.
        metrics: those of the suite.
        seeds: those of the suite.
    """
    scores = _whole_rows(collection, metrics)
    samples = over_data(scores, seeds)
    found = list(blocks(samples))
    ranks = ranks_of_metrics(samples, [metric for metric in metrics if not metric.is_pooled], found)
    for metric in metrics:
        if metric.is_pooled:
            ranks[metric.name] = rank_pooled(pooled_rows(collection.pooled, metric, seeds), metric, found)
    ranked = pd.concat([ranks[metric.name].assign(metric=metric.name) for metric in metrics], ignore_index=True)
    overall = [row for metric in metrics for row in _over_blocks(ranks[metric.name], collection.cells, metric)]
    return {
        "ranks.csv": ranked[["metric", *ranked.columns.drop("metric")]],
        "overall.csv": pd.DataFrame(overall, columns=OVERALL),
        "comparisons.csv": comparisons(samples, metrics, found),
        "variance.csv": variance(scores, metrics, seeds),
    }


def _whole_rows(collection: Collection, metrics: Sequence[MetricSpec]) -> pd.DataFrame:
    """Return the scores of the (task, architecture, method) of which no cell is missing."""
    if collection.scores.empty:
        return pd.DataFrame(columns=[*ID, "sample", *(metric.name for metric in metrics)])
    is_bad = collection.cells.status != "ok"
    if not is_bad.any():
        return collection.scores
    incomplete = pd.MultiIndex.from_frame(collection.cells.loc[is_bad, IDENTITY])
    return collection.scores[~pd.MultiIndex.from_frame(collection.scores[IDENTITY]).isin(incomplete)]


def _over_blocks(ranks: pd.DataFrame, cells: pd.DataFrame, metric: MetricSpec) -> Iterator[dict[str, Any]]:
    planned = cells[cells.architecture != ""]
    blocks = pd.MultiIndex.from_frame(planned[BLOCK].drop_duplicates())
    by_block = ranks.pivot(index=BLOCK, columns="method", values="score")
    overall = compare_over_blocks(by_block.reindex(index=blocks, columns=planned.method.unique()), metric)
    for row in overall.coverage.to_dict("records"):
        groups = [str(number) for number, group in enumerate(overall.groups, start=1) if row["method"] in group]
        yield {
            "metric": metric.name,
            **row,
            "groups": " ".join(groups),
            "critical_difference": overall.critical_difference,
            "friedman_p": overall.friedman_p,
            "iman_davenport_p": overall.iman_davenport_p,
        }
