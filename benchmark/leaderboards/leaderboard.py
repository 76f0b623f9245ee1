"""The leaderboard: one row per (task, architecture, method), CSV first."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ..execution.collection import Collection
from ..metrics.spec import MetricSpec
from ..statistics.bootstrap import hierarchical_intervals
from ..statistics.intervals import Interval, is_at_chance
from .columns import IDENTITY, LEADING
from .shared_samples import over_data

# where chance scores almost like the truth (the positional bias of a centred box), a ratio misleads
NOTHING_TO_CORRECT = 0.02


def leaderboard(
    collection: Collection, metrics: Sequence[MetricSpec], seeds: int | Mapping[str, int] = 0
) -> pd.DataFrame:
    """Return the leaderboard, one row a task, architecture and method.

    A score is the mean over seeds of the mean over samples, with the 95 % bounds of `hierarchical_interval` as `_low`
    and `_high`. A row with a cell that is not ok has empty scores and says why. Samples for which a metric is
    undefined are left out of its mean. `<metric>_chance_corrected` is (score − chance) / (oracle − chance), chance and
    oracle being means over the same samples: 0 is chance, 1 the truth itself; empty where the two are closer than 0.02.

    The repetitions of a crossed design that share their data are averaged before the bounds are drawn, which then
    speak about other data and not about other trainings; see `variance`.

    Args:
        collection: of the run.
        metrics: those of the suite.
        seeds: those of the suite; only a crossed design needs them.
    """
    scores = {} if collection.scores.empty else dict(iter(collection.scores.groupby(IDENTITY)))
    bounds = _bounds(over_data(collection.scores, seeds), [metric.name for metric in metrics])
    yardsticks = _yardsticks(collection.yardsticks, metrics)
    rows = []
    for identity, cells in collection.cells.groupby(IDENTITY, sort=False):
        row = _outcome(dict(zip(IDENTITY, identity, strict=True)), cells)
        if row["status"] == "ok":
            row["samples"] = len(scores[identity])
            for metric in metrics:
                score, possible = _mean(scores[identity], metric.name), bounds[identity, metric.name]
                row |= _score(metric, score, possible.within(metric.low, metric.high), yardsticks.get(row["task"], {}))
        rows.append(row)
    return pd.DataFrame(rows, columns=_columns(metrics))


def _columns(metrics: Sequence[MetricSpec]) -> list[str]:
    scores = [f"{metric.name}{suffix}" for metric in metrics for suffix in ("", "_low", "_high")]
    return [*LEADING, *scores, *(f"{metric.name}_chance_corrected" for metric in metrics if metric.chance)]


def _bounds(scores: pd.DataFrame, names: list[str]) -> dict[Any, Interval]:
    columns: dict[Any, list[Any]] = {}
    for identity, table in [] if scores.empty else scores.groupby(IDENTITY):
        per_seed = [of_seed.to_numpy() for _, of_seed in table.groupby("seed")[names]]
        columns |= {(identity, name): [values[:, i] for values in per_seed] for i, name in enumerate(names)}
    return dict(zip(columns, hierarchical_intervals(list(columns.values())), strict=True))


def _yardsticks(table: pd.DataFrame, metrics: Sequence[MetricSpec]) -> dict[str, dict[str, float]]:
    columns = [f"{metric.name}_{what}" for metric in metrics if metric.chance for what in ("chance", "oracle")]
    tasks = {} if table.empty else dict(iter(table.groupby("task")))
    return {task: {column: _mean(rows, column) for column in columns} for task, rows in tasks.items()}


def _mean(table: pd.DataFrame, column: str) -> float:
    # one column at a time: grouped together, pandas adds them up in another order, and the last bit differs
    return float(table.groupby("seed")[column].mean().mean())


def _outcome(identity: dict[str, str], cells: pd.DataFrame) -> dict[str, Any]:
    bad = cells[cells.status != "ok"]
    row = {**identity, "status": "ok", "reason": "", "seeds": len(cells), **_accuracy(cells)}
    if bad.empty:
        return row
    seeds = ", ".join(str(seed) for seed in bad.seed)
    return {**row, "status": bad.status.iloc[0], "reason": f"seed {seeds}: {bad.reason.iloc[0]}", "samples": 0}


def _accuracy(cells: pd.DataFrame) -> dict[str, Any]:
    known = cells.dropna(subset="accuracy") if "accuracy" in cells else cells[:0]
    if known.empty:
        return {"accuracy": None, "at_chance": ""}
    correct = round(float((known.accuracy * known.tested).sum()))
    at_chance = is_at_chance(correct, int(known.tested.sum()), float(known.majority.mean()))
    return {"accuracy": float(known.accuracy.mean()), "at_chance": "true" if at_chance else "false"}


def _score(metric: MetricSpec, score: float, bounds: Interval, yardsticks: Mapping[str, float]) -> dict[str, float]:
    columns = {metric.name: score, f"{metric.name}_low": bounds.low, f"{metric.name}_high": bounds.high}
    if metric.chance is None:
        return columns
    chance, oracle = (yardsticks[f"{metric.name}_{what}"] for what in ("chance", "oracle"))
    return {**columns, f"{metric.name}_chance_corrected": _corrected(score, chance, oracle)}


def _corrected(score: float, chance: float, oracle: float) -> float:
    room = oracle - chance
    return (score - chance) / room if abs(room) > NOTHING_TO_CORRECT else math.nan
