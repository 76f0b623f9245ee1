"""Paired differences of scores, over the samples that two leaderboards share."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..leaderboards.columns import IDENTITY
from ..leaderboards.results_folder import ResultsFolder
from ..metrics.spec import MetricSpec
from ..statistics.bootstrap import hierarchical_intervals
from ..statistics.intervals import Interval
from ..statistics.signed_rank import Values, signed_rank
from .change import ROUNDING

Place = tuple[tuple[str, ...], str]  # (task, architecture, method) and metric


@dataclass(frozen=True)
class Paired:
    """The differences, after minus before, of one score's samples.

    Attributes:
        pairs: how many samples have a score in both.
        interval: mean over seeds of the mean over samples, with bootstrap bounds.
        p: of Wilcoxon's signed-rank test, before any correction.
    """

    pairs: int
    interval: Interval
    p: float


def paired_differences(
    before: ResultsFolder, after: ResultsFolder, metrics: Sequence[MetricSpec]
) -> Mapping[Place, Paired]:
    """Return the differences of each score of which both folders have samples in common.

    Samples are the same where seed, number and label are. Where one label differs the data does, and none is shared.
    Where the scores differ by rounding at most, the interval is 0 and p is NaN: nothing is tested.
    """
    pairs = dict(_pairs(before, after, metrics))
    changed = [place for place, rows in pairs.items() if not _are_same(rows)]
    # all at once: columns of equal sizes share their resamples
    intervals = dict(zip(changed, hierarchical_intervals([_per_seed(pairs[place]) for place in changed]), strict=True))
    return {
        place: Paired(len(rows), intervals[place], _p(_differences(rows).to_numpy()))
        if place in intervals
        else Paired(len(rows), Interval(0.0, 0.0, 0.0), np.nan)
        for place, rows in pairs.items()
    }


def _pairs(
    before: ResultsFolder, after: ResultsFolder, metrics: Sequence[MetricSpec]
) -> Iterator[tuple[Place, pd.DataFrame]]:
    """Yield the rows of each score that both folders have: seed, before, after."""
    if before.scores is None or after.scores is None:
        return
    both = before.scores.merge(after.scores, on=[*IDENTITY, "seed", "sample"], suffixes=("_before", "_after"))
    for identity, rows in both.groupby(IDENTITY, sort=False):
        if (rows.label_before == rows.label_after).all():
            for metric in metrics:
                names = {f"{metric.name}_before": "before", f"{metric.name}_after": "after"}
                pairs = rows[["seed", *names]].rename(columns=names).dropna()
                if len(pairs):
                    yield (identity, metric.name), pairs


def _are_same(pairs: pd.DataFrame) -> bool:
    return bool(np.allclose(pairs.before, pairs.after, rtol=ROUNDING, atol=ROUNDING))


def _differences(pairs: pd.DataFrame) -> "pd.Series[float]":
    return pairs.after - pairs.before


def _p(differences: Values) -> float:
    return float(signed_rank(differences[:, None]).p[0])


def _per_seed(pairs: pd.DataFrame) -> list[Values]:
    return [part.to_numpy() for _, part in _differences(pairs).groupby(pairs.seed)]
