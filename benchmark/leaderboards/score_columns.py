"""Which scores of a leaderboard are shown, and in which direction they are read."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ...errors import UnknownNameError
from ..metrics.spec import MetricSpec
from ..suites.registry import Registry
from .columns import LEADING
from .results_folder import chosen, metric_names

CORRECTED = "_chance_corrected"
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
    """Return the columns of scores that match the shell patterns; without any, those of default that are there.

    Raises:
        UnknownNameError: a pattern that matches nothing, or a metric that no entry defines.
    """
    names = score_names(table)
    wanted = chosen("metric", patterns, names) if patterns else [name for name in names if name in default]
    return [_column(name, registry) for name in wanted or names[:1]]


def with_scores_of(table: pd.DataFrame, patterns: Sequence[str]) -> pd.DataFrame:
    """Return the table with those scores and their bounds alone that match the shell patterns; all without any.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    if not patterns:
        return table
    wanted = chosen("metric", patterns, score_names(table))
    kept = {*LEADING, *(f"{name}{suffix}" for name in wanted for suffix in ("", "_low", "_high"))}
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


def _column(name: str, registry: Registry[MetricSpec]) -> ScoreColumn:
    metric = metric_of(name.removesuffix(CORRECTED), registry)
    return ScoreColumn(name, metric, metric.higher_is_better or name.endswith(CORRECTED))
