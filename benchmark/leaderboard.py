"""The leaderboard: one row per (task, architecture, method), CSV first."""

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import StoreError
from .collection import Collection
from .metric_spec import MetricSpec
from .statistics import is_at_chance, mean_interval
from .store import check_format

IDENTITY = ["task", "architecture", "method"]
LEADING = [*IDENTITY, "status", "reason", "seeds", "samples", "accuracy", "at_chance"]
TEXT = [*IDENTITY, "status", "reason", "at_chance"]
# where chance scores almost like the truth (the positional bias of a centred box), a ratio misleads
NOTHING_TO_CORRECT = 0.02


def leaderboard(collection: Collection, metrics: Sequence[MetricSpec]) -> pd.DataFrame:
    """Return the leaderboard with the columns of the contract.

    A score is the mean over seeds of the mean over samples, with the 95 % interval over seeds as `_low` and
    `_high` (empty for one seed). A row with a cell that is not ok has empty scores and says why. Samples for which
    a metric is undefined are left out of its mean. `<metric>_chance_corrected` is (score − chance) / (oracle −
    chance), chance and oracle being means over the same samples: 0 is chance, 1 the truth itself; empty where the
    two are closer than 0.02.
    """
    rows = [
        _row(dict(zip(IDENTITY, identity, strict=True)), cells, collection, metrics)
        for identity, cells in collection.cells.groupby(IDENTITY, sort=False)
    ]
    return pd.DataFrame(rows, columns=_columns(metrics))


def to_csv(table: pd.DataFrame) -> bytes:
    """Return the table as CSV: plain numbers that read back exactly, empty where there is none."""
    return bytes(table.to_csv(index=False, lineterminator="\n").encode())


def read_csv(folder: Path) -> pd.DataFrame:
    """Return the leaderboard of a results folder.

    Raises:
        StoreError: there is none, it is not a leaderboard, or a newer saltbench wrote it.
    """
    check_format(folder)
    path = folder / "leaderboard.csv" if folder.is_dir() else folder
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; `saltbench run` writes a leaderboard.csv") from error
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=dict.fromkeys(TEXT, str), keep_default_na=False, na_values=[""])
    except (ValueError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise StoreError(f"{path} is not a CSV table: {reason}; restore or recompute it") from error
    absent = [column for column in LEADING if column not in table]
    if absent:
        raise StoreError(f"{path} is not a leaderboard: it lacks the columns {', '.join(absent)}; recompute it")
    return table.fillna(dict.fromkeys(TEXT, ""))


def _columns(metrics: Sequence[MetricSpec]) -> list[str]:
    scores = [f"{metric.name}{suffix}" for metric in metrics for suffix in ("", "_low", "_high")]
    return [*LEADING, *scores, *(f"{metric.name}_chance_corrected" for metric in metrics if metric.chance)]


def _row(
    identity: dict[str, str], cells: pd.DataFrame, collection: Collection, metrics: Sequence[MetricSpec]
) -> dict[str, Any]:
    bad = cells[cells.status != "ok"]
    row = {**identity, "seeds": len(cells), **_accuracy(cells)}
    if len(bad):
        seeds = ", ".join(str(seed) for seed in bad.seed)
        return {
            **row,
            "status": bad.status.iloc[0],
            "reason": f"seed {seeds}: {bad.reason.iloc[0]}",
            "samples": 0,
        }
    scores = collection.scores
    scores = scores[(scores[IDENTITY] == pd.Series(identity)).all(axis=1)]
    yardsticks = collection.yardsticks[collection.yardsticks.task == identity["task"]]
    row |= {"status": "ok", "reason": "", "samples": len(scores)}
    for metric in metrics:
        row |= _score(metric, scores, yardsticks)
    return row


def _accuracy(cells: pd.DataFrame) -> dict[str, Any]:
    known = cells.dropna(subset="accuracy") if "accuracy" in cells else cells[:0]
    if known.empty:
        return {"accuracy": None, "at_chance": ""}
    correct = round(float((known.accuracy * known.tested).sum()))
    at_chance = is_at_chance(correct, int(known.tested.sum()), float(known.majority.mean()))
    return {"accuracy": float(known.accuracy.mean()), "at_chance": "true" if at_chance else "false"}


def _score(metric: MetricSpec, scores: pd.DataFrame, yardsticks: pd.DataFrame) -> dict[str, float]:
    per_seed = scores.groupby("seed")[metric.name].mean().dropna()
    interval = mean_interval(per_seed.tolist()).within(metric.low, metric.high)
    columns = dict(zip((metric.name, f"{metric.name}_low", f"{metric.name}_high"), interval, strict=True))
    if metric.chance is None:
        return columns
    chance, oracle = (_per_seed_mean(yardsticks, f"{metric.name}_{what}") for what in ("chance", "oracle"))
    return {**columns, f"{metric.name}_chance_corrected": _corrected(interval.mean, chance, oracle)}


def _per_seed_mean(table: pd.DataFrame, column: str) -> float:
    return float(table.groupby("seed")[column].mean().mean())


def _corrected(score: float, chance: float, oracle: float) -> float:
    room = oracle - chance
    return (score - chance) / room if abs(room) > NOTHING_TO_CORRECT else math.nan
