"""What maps report and what removal costs, as means over seeds with 95 % intervals."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from ..statistics.intervals import Interval, mean_interval, prediction_interval

REPORTED = ["task", "architecture", "method", "reported"]
REMOVED = ["task", "architecture", "ranked_by", "method", "replacement", "removed"]


def summarise_reported(reported: pd.DataFrame) -> pd.DataFrame:
    """Return one row a (task, architecture, method, reported share), architecture empty for references.

    Columns: seeds, samples (of all seeds), on_task (mean over seeds of the mean over samples) with on_task_low and
    on_task_high (95 % of that mean) and on_task_run_low and on_task_run_high (95 % of one further run), and chance,
    the share of time steps that are on task.

    Args:
        reported: as `RemovalTables` has it.
    """
    rows = []
    for key, same in reported.groupby(REPORTED, sort=False):
        per_seed = same.groupby("seed").on_task.mean()
        rows.append({**_identity(REPORTED, key, same), **_bounds("on_task", list(per_seed), 0, 1), **_chance(same)})
    return pd.DataFrame(rows)


def summarise_removal(removal: pd.DataFrame) -> pd.DataFrame:
    """Return one row a (task, architecture, ranked_by, method, replacement, removed share).

    `architecture` is asked, the map of `ranked_by` says which entries are removed (empty for reference maps). Columns:
    seeds, samples, retrained (no: the networks are those that were trained on whole inputs), accuracy (mean over
    seeds), and accuracy_drop, the accuracy without removal less that with it, with its bounds as in
    `summarise_reported`.

    Args:
        removal: as `RemovalTables` has it; it holds removed = 0.
    """
    rows = []
    for key, curve in removal.groupby(REMOVED[:-1], sort=False):
        per_seed = curve.groupby(["seed", "removed"]).correct.mean().unstack("removed")
        for share, accuracies in per_seed.items():
            same = curve[curve.removed == share]
            known = {"retrained": "no", "accuracy": float(accuracies.mean())}
            drops = list(per_seed[0.0] - accuracies)
            identity = _identity(REMOVED, (*key, share), same)
            rows.append({**identity, **known, **_bounds("accuracy_drop", drops, -1, 1)})
    return pd.DataFrame(rows)


def report_curves(reported: pd.DataFrame, removal: pd.DataFrame) -> Iterator[str]:
    """Yield both summaries as lines for people, one a curve."""
    yield f"{'task':16}{'architecture':21}{'method':16}share of the reported entries on task (%), at reported %"
    for key, rows in reported.groupby(REPORTED[:-1], sort=False):
        yield "".join(map(str.ljust, key, (16, 21, 16))) + _curve(rows, "reported", "on_task")
    for task, rows in reported.groupby("task", sort=False):
        yield f"{task:16}{'chance':37}{100 * rows.chance.mean():.1f}"
    yield "accuracy lost (points) at removed %; the networks are not trained again"
    yield f"{'task':16}{'architecture':21}{'ranked by':21}{'method':16}replaced by"
    for key, rows in removal.groupby(REMOVED[:-1], sort=False):
        yield "".join(map(str.ljust, key, (16, 21, 21, 16, 9))) + _curve(rows, "removed", "accuracy_drop")


def _curve(rows: pd.DataFrame, share: str, column: str) -> str:
    return "  ".join(f"{100 * row[share]:.0f}: {100 * row[column]:.1f}" for row in rows.to_dict("records"))


def _identity(names: Sequence[str], key: Sequence[Any], rows: pd.DataFrame) -> dict[str, Any]:
    return {**dict(zip(names, key, strict=True)), "seeds": rows.seed.nunique(), "samples": len(rows)}


def _chance(rows: pd.DataFrame) -> dict[str, float]:
    return {"chance": float(rows.groupby("seed").chance.mean().mean())}


def _bounds(name: str, per_seed: Sequence[float], low: float, high: float) -> dict[str, float]:
    mean, run = (make(per_seed).within(low, high) for make in (mean_interval, prediction_interval))
    return {name: mean.mean, **_ends(name, mean), **_ends(f"{name}_run", run)}


def _ends(name: str, interval: Interval) -> dict[str, float]:
    return {f"{name}_low": interval.low, f"{name}_high": interval.high}
