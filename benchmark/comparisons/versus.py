"""One method against another on the networks that both explained."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...entry import unknown
from ...errors import ParameterError, StoreError, UnknownNameError
from ..leaderboards.results_folder import ResultsFolder
from ..metrics.spec import MetricSpec
from ..statistics.block_ranks import ALPHA
from ..statistics.blocks import BLOCK
from ..statistics.pairwise import COUNTS, DIFFERENCE, PAIR, paired_methods
from ..statistics.signed_rank import holm
from .change import Verdict

COLUMNS = [*BLOCK, "at_chance", "metric", *PAIR, *DIFFERENCE, *COUNTS, "verdict"]


def versus(results: ResultsFolder, method: str, other: str, metrics: Sequence[MetricSpec]) -> pd.DataFrame:
    """Return a row for each task, architecture and metric on which two methods can be compared in pairs of samples.

    Columns: those of `paired_methods` for method − other, p_holm adjusted over all rows, and verdict: `better` or
    `worse` where p_holm is below 5 % and the bounds exclude 0, `within noise` elsewhere; at_chance, "true" or "false",
    is that of the networks.

    Raises:
        UnknownNameError: the folder has no such method.
        ParameterError: both are the same, no network was explained by both, or a metric is pooled.
        StoreError: the folder holds no scores of samples, or they are damaged.
    """
    names = list(dict.fromkeys(results.table.method))
    for name in (method, other):
        if name not in names:
            raise UnknownNameError(unknown("method", name, names))
    if method == other:
        raise ParameterError(f"two methods are compared, got {method} twice; name another one")
    check_paired(metrics)
    if results.scores is None:
        raise StoreError(f"methods are compared by the scores of their samples: {results.without_scores}")
    both = results.scores[results.scores.method.isin([method, other])]
    table = _signed(paired_methods(both, metrics), method, other)
    if table.empty:
        raise ParameterError(
            f"no network of {results.path} was explained by both {method} and {other}; reference methods explain "
            "none: read the leaderboard for them"
        )
    table["p_holm"] = holm(table.p.to_numpy(float))
    table["verdict"] = _verdicts(table, {metric.name: metric.higher_is_better for metric in metrics})
    return table.merge(_at_chance(results.table), on=BLOCK, how="left")[COLUMNS]


def check_paired(metrics: Sequence[MetricSpec]) -> None:
    """Refuse pooled metrics, by which samples cannot be compared in pairs.

    Raises:
        ParameterError: one is pooled.
    """
    for metric in metrics:
        if metric.is_pooled:
            raise ParameterError(
                f"samples are compared in pairs, got {metric.name}, one score of all of them; choose another metric, "
                "or read ranks.csv of the suite"
            )


def _at_chance(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*BLOCK, "at_chance"]].drop_duplicates(BLOCK)


def _signed(pairs: pd.DataFrame, method: str, other: str) -> pd.DataFrame:
    """Return pairs with the difference method − other, whichever of them came first."""
    swapped = (pairs.method == other).to_numpy()
    table = pairs.assign(method=method, other=other)
    low, high = -pairs.high, -pairs.low
    table["low"], table["high"] = pairs.low.mask(swapped, low), pairs.high.mask(swapped, high)
    for column in ("difference", "effect"):
        table[column] = pairs[column].mask(swapped, -pairs[column])
    return table


def _verdicts(table: pd.DataFrame, higher_is_better: dict[str, bool]) -> list[str]:
    is_shown = (table.p_holm < ALPHA) & ((table.low > 0) | (table.high < 0))
    is_gain = (table.difference > 0) == table.metric.map(higher_is_better)
    return [str(one) for one in np.where(is_shown, np.where(is_gain, Verdict.BETTER, Verdict.WORSE), Verdict.NOISE)]
