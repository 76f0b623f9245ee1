"""What the page's script needs of a leaderboard, as JSON values."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ...leaderboards.columns import IDENTITY, metric_names
from ...leaderboards.score_columns import MAIN, READABLE
from ...metrics.spec import MetricSpec
from ...style.numbers import harmless
from ...suites.registry import Registry
from .rerun_commands import Commands

DIGITS = 6  # significant ones: half the size of the page, and more than it shows

Value = float | None
Row = Mapping[Any, Any]


def table_data(table: pd.DataFrame, metrics: Registry[MetricSpec], commands: Commands) -> dict[str, Any]:
    """Return a leaderboard's metrics and rows, scores rounded to six significant digits.

    Args:
        table: the leaderboard.
        metrics: the known ones; of others neither direction nor range is known, and none is guessed.
        commands: those that compute a row again.
    """
    names = metric_names(table)
    known = {spec.name: spec for spec in metrics}
    return {
        "metrics": [_metric(name, known.get(name), table) for name in names],
        "main": names.index(MAIN) if MAIN in names else 0,
        "shown": [names.index(name) for name in READABLE if name in names],
        "rows": [_row(row, names, commands) for row in table.to_dict("records")],
    }


def words(name: str) -> str:
    """Return a metric's name as people write it."""
    return name.replace("_", " ").replace("roc auc", "ROC AUC")


def _metric(name: str, spec: MetricSpec | None, table: pd.DataFrame) -> dict[str, Any]:
    low, high = _scale(spec, table[[name, f"{name}_low", f"{name}_high"]])
    return {
        "name": name,
        "label": words(name),
        "description": spec.description if spec else "a metric that this installation does not know",
        "higher": spec.higher_is_better if spec else None,
        "low": low,
        "high": high,
    }


def _scale(spec: MetricSpec | None, scores: pd.DataFrame) -> tuple[float, float]:
    """Return the ends of the axis: the metric's range, or the scores' where that is unknown or infinite."""
    found = scores.to_numpy(dtype=float)
    found = found[~pd.isna(found)]
    ends = (found.min(), found.max()) if len(found) else (0.0, 1.0)
    limits = (spec.low, spec.high) if spec else (math.nan, math.nan)
    low, high = (limit if math.isfinite(limit) else end for limit, end in zip(limits, ends, strict=True))
    return _rounded(low) or 0.0, _rounded(high) or 0.0


def _row(row: Row, names: Sequence[str], commands: Commands) -> dict[str, Any]:
    text = {key: harmless(row[key]) for key in (*IDENTITY, "status", "reason")}
    counts = {key: None if pd.isna(row[key]) else int(row[key]) for key in ("seeds", "samples")}
    return {
        **text,
        **counts,
        "accuracy": _rounded(row["accuracy"]),
        "atChance": row["at_chance"] == "true",
        "truthUse": [_rounded(row.get(name)) for name in ("truth_sufficiency", "truth_necessity")],
        "needsTruth": row.get("needs_truth") != "false" or row["at_chance"] == "true",
        "command": commands.row(row["task"], row["architecture"], row["method"], counts["seeds"] or 1),
        "scores": [_score(row, name) for name in names],
    }


def _score(row: Row, name: str) -> list[Value]:
    columns = (name, f"{name}_low", f"{name}_high", f"{name}_chance_corrected")
    return [_rounded(row.get(column)) for column in columns]


def _rounded(value: Any) -> Value:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{DIGITS}g}")
