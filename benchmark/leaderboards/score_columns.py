"""Which scores of a leaderboard are shown, and in which direction they are read."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ...errors import UnknownNameError
from ..metrics.spec import MetricSpec
from ..suites.registry import Registry
from ..suites.selection import select
from .columns import LEADING, TRUTH_USE, metric_names

CORRECTED = "_chance_corrected"
MAIN = "average_precision"  # keeps the order of maps of known quality, and is the best known that does
READABLE = ("weighted_jaccard", "euclidean", "average_precision", "roc_auc")  # where no metrics are named


@dataclass(frozen=True)
class ScoreColumn:
    """A column of scores.

    Attributes:
        name: of the column: the metric's, or with `_chance_corrected` behind it.
        metric: whose scores they are.
        higher_is_better: of this column. Corrected for chance, it is true of every metric.
    """

    name: str
    metric: MetricSpec
    higher_is_better: bool


def score_names(table: pd.DataFrame) -> list[str]:
    """Return the columns that hold scores: the metrics, then the chance-corrected ones."""
    return [*metric_names(table), *(column for column in table.columns if column.endswith(CORRECTED))]


def score_columns(
    table: pd.DataFrame, patterns: Sequence[str], default: Sequence[str], registry: Registry[MetricSpec]
) -> list[ScoreColumn]:
    """Return the columns of scores that match the patterns; without any, those of default that are there.

    Raises:
        UnknownNameError: a pattern that matches nothing, or a metric that no entry defines.
    """
    wanted = (
        _chosen(table, patterns, registry) if patterns else [name for name in score_names(table) if name in default]
    )
    return [_column(name, registry) for name in wanted or score_names(table)[:1]]


def readable_names(table: pd.DataFrame, registry: Registry[MetricSpec]) -> list[str]:
    """Return what is shown where no metrics are named: a few of the usual ones, and all that the suite had to name."""
    named = {metric.name for metric in registry if not metric.is_default}
    return [name for name in metric_names(table) if name in named or name in READABLE]


def with_scores_of(table: pd.DataFrame, patterns: Sequence[str], registry: Registry[MetricSpec]) -> pd.DataFrame:
    """Return the table with those scores and their bounds alone that match the patterns; all without any.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    if not patterns:
        return table
    wanted = _chosen(table, patterns, registry)
    kept = {
        *LEADING,
        *TRUTH_USE,
        *(f"{name}{suffix}" for name in wanted for suffix in ("", "_low", "_high", "_chance")),
    }
    return table[[column for column in table.columns if column in kept]]


def metric_of(name: str, registry: Registry[MetricSpec]) -> MetricSpec:
    """Return the metric that a leaderboard names.

    Raises:
        UnknownNameError: no entry defines it, so that its direction is unknown.
    """
    try:
        return registry.get(name)
    except UnknownNameError as error:
        raise UnknownNameError(
            f"no entry says whether a higher '{name}' is better; give --plugin FILE with its MetricSpec, "
            "or choose others with --metrics"
        ) from error


def _chosen(table: pd.DataFrame, patterns: Sequence[str], registry: Registry[MetricSpec]) -> list[str]:
    return select("metric", patterns, registry.tags_of(score_names(table)))


def _column(name: str, registry: Registry[MetricSpec]) -> ScoreColumn:
    metric = metric_of(name.removesuffix(CORRECTED), registry)
    return ScoreColumn(name, metric, metric.higher_is_better or name.endswith(CORRECTED))
