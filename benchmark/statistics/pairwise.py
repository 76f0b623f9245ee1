"""Paired comparison of methods on the same samples of the same networks."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..metrics.spec import MetricSpec
from .blocks import BLOCK, Block, blocks
from .equal_columns import Values
from .paired_bootstrap import Pairs, intervals_of_pairs
from .signed_rank import holm, signed_rank
from .stacked_columns import stacked

COMPARED = ("weighted_jaccard", "euclidean", "average_precision")  # the source's two, and one by ranks
PAIR = ("method", "other")
COUNTS = ("samples", "seeds")
DIFFERENCE = ("difference", "low", "high", "effect", "p", "p_holm")
COLUMNS = ["metric", *BLOCK, *PAIR, *COUNTS, *DIFFERENCE]


def comparisons(
    scores: pd.DataFrame, metrics: Sequence[MetricSpec], found: Sequence[Block] | None = None
) -> pd.DataFrame:
    """Return what `paired_methods` does for the metrics of `COMPARED` alone, since pairs are many.

    `rank_within_blocks` covers every metric.
    """
    return paired_methods(scores, [metric for metric in metrics if metric.name in COMPARED], found)


def paired_methods(
    scores: pd.DataFrame, metrics: Sequence[MetricSpec], found: Sequence[Block] | None = None
) -> pd.DataFrame:
    """Return every pair of methods of a block, a (task, architecture), compared on the samples that both have.

    Columns: metric, task, architecture, method, other (each pair once, in the order of the scores), samples (pairs of
    scores), seeds, difference (mean over seeds of the mean over samples of method − other: its sign has the sense of
    the metric) with its 95 % bounds low and high of `hierarchical_interval`, effect and p of `signed_rank`, and p_holm
    (Holm-adjusted over the pairs of the block). They are NaN where no sample has both scores.

    p speaks about samples of these trained networks, and gets as small as one likes with more samples. What further
    networks would do is in the bounds, which resample seeds.

    Args:
        scores: one row a sample, as in scores.parquet; reference methods and methods that lack a seed are left out.
        metrics: those of the scores.
        found: the `blocks` of the scores, where they are known already.
    """
    parts: list[dict[str, Any]] = []
    bounds = intervals_of_pairs(_pairs(blocks(scores) if found is None else found, scores, metrics, parts))
    if not len(bounds):
        return pd.DataFrame(columns=COLUMNS)
    ends = np.cumsum([len(part["p"]) for part in parts])[:-1]
    for part, of_part in zip(parts, np.split(bounds, ends), strict=True):
        part |= dict(zip(("difference", "low", "high"), of_part.T, strict=True))
    return stacked(parts, COLUMNS)


def _pairs(
    found: Iterable[Block], scores: pd.DataFrame, metrics: Sequence[MetricSpec], parts: list[dict[str, Any]]
) -> Iterator[Pairs]:
    """Yield the pairs of each block, and append what is said of them besides their bounds to parts."""
    count = 0
    for block in found:
        first, second = np.triu_indices(len(block.methods), 1)
        for metric in metrics:
            values = block.scores(scores[metric.name])
            parts.append(_tested(metric.name, block, first, second, values[first] - values[second]))
            yield Pairs(count + np.arange(len(first)), first, second, np.split(values, block.starts[1:], axis=1))
            count += len(first)


def _tested(
    metric: str, block: Block, first: NDArray[np.int64], second: NDArray[np.int64], differences: Values
) -> dict[str, Any]:
    test = signed_rank(differences.T)
    is_known = ~np.isnan(differences)
    return {
        "metric": metric,
        **block.identity,
        "method": block.methods[first],
        "other": block.methods[second],
        "samples": is_known.sum(axis=1),
        "seeds": np.logical_or.reduceat(is_known, block.starts, axis=1).sum(axis=1),
        "effect": test.effect,
        "p": test.p,
        "p_holm": holm(test.p),
    }
