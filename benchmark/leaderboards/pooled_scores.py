"""Pooled scores of a run: each row's mean over seeds with its bounds, and the ranks of methods by them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..execution.collection import Cell
from ..execution.stored.columns import Columns
from ..metrics.spec import MetricSpec
from ..statistics.block_ranks import ALPHA
from ..statistics.block_ranks import COLUMNS as RANKS
from ..statistics.blocks import Block
from ..statistics.pooled_bootstrap import pooled_interval, pooled_p
from ..statistics.signed_rank import DECIMALS, Values, holm
from ..statistics.stacked_columns import stacked
from ..suites.repetitions import data_level

Pooled = Mapping[Cell, Columns]
Rows = Mapping[tuple[str, ...], Mapping[int, Values]]  # by row and seed, (1 + resamples,)


def pooled_rows(pooled: Pooled, metric: MetricSpec, seeds: int | Mapping[str, int]) -> Rows:
    """Return the score and deviations of each row and seed, (1 + resamples,).

    Repetitions of a crossed design that share their data are averaged: their resamples are of the same samples.

    Args:
        pooled: as in `Collection`.
        metric: one that is pooled.
        seeds: those of the suite.
    """
    found: dict[tuple[str, ...], dict[int, list[Values]]] = {}
    for (*identity, seed), columns in pooled.items():
        level = seed if isinstance(seeds, int) else int(data_level(seed, seeds))
        if metric.name in columns:
            found.setdefault(tuple(identity), {}).setdefault(level, []).append(columns[metric.name])
    return {row: {seed: np.mean(same, axis=0) for seed, same in of_row.items()} for row, of_row in found.items()}


def rank_pooled(rows: Rows, metric: MetricSpec, found: Sequence[Block]) -> pd.DataFrame:
    """Return what `rank_within_blocks` does, by pooled scores.

    p_best is that of the paired bootstrap (`pooled_p`), since there is no score of a sample to be tested.

    Args:
        rows: as of `pooled_rows`.
        metric: whose scores they are.
        found: the blocks that are ranked.
    """
    return stacked([_ranked(rows, metric, block) for block in found], RANKS)


def _ranked(rows: Rows, metric: MetricSpec, block: Block) -> dict[str, Any]:
    per_seed = [
        list(rows.get((block.identity["task"], block.identity["architecture"], method), {}).values())
        for method in block.methods
    ]
    score = np.array([pooled_interval(of_method).mean for of_method in per_seed])
    rank = pd.Series(score).round(DECIMALS).rank(ascending=not metric.higher_is_better).to_numpy()
    p, is_best = np.full(len(score), np.nan), np.zeros(len(score), bool)
    if not np.isnan(rank).all():
        best = int(np.nanargmin(rank))
        is_best[best] = True
        p[~is_best] = holm(np.array([*_p_of_others(per_seed, best)]))
    return {
        **block.identity,
        "method": block.methods,
        "score": score,
        "rank": rank,
        "p_best": p,
        "tied_with_best": (p >= ALPHA) | is_best,
    }


def _p_of_others(per_seed: Sequence[Sequence[Values]], best: int) -> Iterator[float]:
    for number, of_method in enumerate(per_seed):
        if number != best:
            pairs = zip(per_seed[best], of_method, strict=True)
            yield pooled_p([first - second for first, second in pairs])
