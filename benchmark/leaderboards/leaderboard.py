"""The leaderboard: one row per (task, architecture, method), CSV first."""

import math
from collections.abc import Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from ..execution.collection import Collection
from ..execution.stored.columns import CHANCE
from ..metrics.spec import MetricSpec
from ..statistics.bootstrap import intervals_of_blocks
from ..statistics.intervals import Interval, is_at_chance
from ..statistics.pooled_bootstrap import pooled_interval
from ..statistics.seed_groups import SeedGroups
from .columns import IDENTITY, LEADING, TRUTH_USE
from .pooled_scores import pooled_rows
from .shared_samples import over_data
from .truth_use import truth_use_of

# where chance scores almost like the truth (the positional bias of a centred box), a ratio misleads
NOTHING_TO_CORRECT = 0.02
MEASURED = ("accuracy", "tested", "majority")

Identity = tuple[str, ...]
Cell = Mapping[Any, Any]


def leaderboard(
    collection: Collection, metrics: Sequence[MetricSpec], seeds: int | Mapping[str, int] = 0
) -> pd.DataFrame:
    """Return the leaderboard, one row a task, architecture and method.

    A score is the mean over seeds of the mean over samples, with the 95 % bounds of `hierarchical_interval` as `_low`
    and `_high`; a pooled one is the mean over seeds of all samples' score, with the bounds of `pooled_interval`. A row
    with a cell that is not ok has empty scores and says why. Samples for which a metric is undefined are left out of
    its mean. `<metric>_chance_corrected` is (score − chance) / (oracle − chance), chance and oracle being means over
    the same samples: 0 is chance, 1 the truth itself; empty where the two are closer than 0.02.
    `<metric>_chance` is what random maps score on the same networks.

    The repetitions of a crossed design that share their data are averaged before the bounds are drawn, which then
    speak about other data and not about other trainings; see `variance`.

    Args:
        collection: of the run.
        metrics: those of the suite.
        seeds: those of the suite; only a crossed design needs them.
    """
    scores = _scores(collection.scores, metrics, seeds)
    yardsticks = _yardsticks(collection.yardsticks, metrics)
    chances = _chances(collection.scores, metrics)
    pooled = {metric.name: _pooled(collection, metric, seeds) for metric in metrics if metric.is_pooled}
    rows = []
    for identity, cells in _cells(collection.cells).items():
        row = _outcome(dict(zip(IDENTITY, identity, strict=True)), cells)
        if row["status"] == "ok":
            row["samples"], intervals = scores[identity]
            for metric, interval in zip(metrics, intervals, strict=True):
                of_row = pooled[metric.name][identity] if metric.is_pooled else interval
                row |= _score(metric, of_row, yardsticks.get(row["task"], {}))
            row |= chances.get(identity, {})
        rows.append(row)
    return pd.DataFrame(rows, columns=_columns(metrics))


def _columns(metrics: Sequence[MetricSpec]) -> list[str]:
    scores = [f"{metric.name}{suffix}" for metric in metrics for suffix in ("", "_low", "_high")]
    corrected = [f"{metric.name}_chance_corrected" for metric in metrics if metric.chance]
    return [*LEADING, *TRUTH_USE, *scores, *corrected, *_chance_columns(metrics)]


def _chance_columns(metrics: Sequence[MetricSpec]) -> list[str]:
    return [f"{metric.name}{CHANCE}" for metric in metrics if metric.has_random_chance]


def _chances(table: pd.DataFrame, metrics: Sequence[MetricSpec]) -> dict[Identity, dict[str, float]]:
    """Return for each row what random maps score on its networks, by column."""
    columns = _chance_columns(metrics)
    if table.empty or not columns:
        return {}
    groups = SeedGroups.of(table, IDENTITY)
    means = zip(*(groups.means(table[column]).tolist() for column in columns), strict=True)
    return {
        identity: dict(zip(columns, of_row, strict=True))
        for identity, of_row in zip(groups.identities, means, strict=True)
    }


def _scores(
    table: pd.DataFrame, metrics: Sequence[MetricSpec], seeds: int | Mapping[str, int]
) -> dict[Identity, tuple[int, list[Interval]]]:
    """Return for each row its number of samples, and of each metric the mean with its bounds."""
    if table.empty:
        return {}
    averaged = over_data(table, seeds)
    groups = SeedGroups.of(table, IDENTITY)
    bounds = _bounds(averaged, groups if averaged is table else SeedGroups.of(averaged, IDENTITY), metrics)
    means = [groups.means(table[metric.name]) for metric in metrics]
    found = {}
    for identity, size, *of_metrics in zip(groups.identities, groups.sizes, *means, strict=True):
        intervals = [
            Interval(float(mean), *bound[1:]).within(metric.low, metric.high)
            for metric, mean, bound in zip(metrics, of_metrics, bounds[identity], strict=True)
        ]
        found[identity] = int(size), intervals
    return found


def _pooled(collection: Collection, metric: MetricSpec, seeds: int | Mapping[str, int]) -> dict[Identity, Interval]:
    rows = pooled_rows(collection.pooled, metric, seeds)
    return {
        identity: pooled_interval([*per_seed.values()]).within(metric.low, metric.high)
        for identity, per_seed in rows.items()
    }


def _bounds(
    scores: pd.DataFrame, groups: SeedGroups, metrics: Sequence[MetricSpec]
) -> dict[Identity, Sequence[Interval]]:
    columns = [scores[metric.name].to_numpy() for metric in metrics]
    in_turn = sorted(enumerate(groups.identities), key=itemgetter(1))  # whatever the order of the plan
    found = intervals_of_blocks(groups.block(number, columns) for number, _ in in_turn)
    size = len(metrics)
    return {identity: found[place * size : (place + 1) * size] for place, (_, identity) in enumerate(in_turn)}


def _yardsticks(table: pd.DataFrame, metrics: Sequence[MetricSpec]) -> dict[str, dict[str, float]]:
    columns = [f"{metric.name}_{what}" for metric in metrics if metric.chance for what in ("chance", "oracle")]
    if table.empty:
        return {}
    groups = SeedGroups.of(table, ["task"])
    means = {column: groups.means(table[column]) for column in columns}
    return {
        task: {column: float(of_tasks[number]) for column, of_tasks in means.items()}
        for number, (task,) in enumerate(groups.identities)
    }


def _cells(table: pd.DataFrame) -> dict[Identity, list[Cell]]:
    """Return the cells of each row, in the order of the rows' first."""
    cells: dict[Identity, list[Cell]] = {}
    for cell in table.to_dict("records"):
        cells.setdefault(tuple(cell[column] for column in IDENTITY), []).append(cell)
    return cells


def _outcome(identity: dict[str, str], cells: Sequence[Cell]) -> dict[str, Any]:
    bad = [cell for cell in cells if cell["status"] != "ok"]
    row = {**identity, "status": "ok", "reason": "", "seeds": len(cells), **_accuracy(cells), **truth_use_of(cells)}
    if not bad:
        return row
    seeds = ", ".join(str(cell["seed"]) for cell in bad)
    return {**row, "status": bad[0]["status"], "reason": f"seed {seeds}: {bad[0]['reason']}", "samples": 0}


def _accuracy(cells: Sequence[Cell]) -> dict[str, Any]:
    known = [cell for cell in cells if not pd.isna(cell.get("accuracy"))]
    if not known:
        return {"accuracy": None, "at_chance": ""}
    accuracy, tested, majority = (np.array([cell[name] for cell in known], float) for name in MEASURED)
    at_chance = is_at_chance(round(float((accuracy * tested).sum())), int(tested.sum()), float(majority.mean()))
    return {"accuracy": float(accuracy.mean()), "at_chance": "true" if at_chance else "false"}


def _score(metric: MetricSpec, score: Interval, yardsticks: Mapping[str, float]) -> dict[str, float]:
    columns = {metric.name: score.mean, f"{metric.name}_low": score.low, f"{metric.name}_high": score.high}
    if metric.chance is None:
        return columns
    chance, oracle = (yardsticks[f"{metric.name}_{what}"] for what in ("chance", "oracle"))
    return {**columns, f"{metric.name}_chance_corrected": _corrected(score.mean, chance, oracle, metric)}


def _corrected(score: float, chance: float, oracle: float, metric: MetricSpec) -> float:
    """Return the score on a scale where chance is 0 and the truth 1; NaN where the truth is no better than chance."""
    room = oracle - chance
    gained = room if metric.higher_is_better else -room
    return (score - chance) / room if gained > NOTHING_TO_CORRECT else math.nan
