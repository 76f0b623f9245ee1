"""Leaderboards made by hand, to draw and compare."""

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from saltbench.benchmark.leaderboards.columns import LEADING

METRIC = "average_precision"
REFERENCES = {"oracle": 1.0, "random-uniform": 0.25}


def board(
    tasks: Sequence[str],
    architectures: Sequence[str],
    methods: Sequence[str],
    score: Callable[[int, int, int], float] = lambda task, architecture, method: 0.3 + 0.01 * (task + method),
    metric: str = METRIC,
) -> pd.DataFrame:
    """A leaderboard of one metric, scores by position in the three lists, bounds at -0.04 and +0.02."""
    rows: list[dict[str, Any]] = []
    for t, task in enumerate(tasks):
        rows += [_row(task, "", method, value, metric) for method, value in REFERENCES.items()]
        rows += [
            {**_row(task, architecture, method, score(t, a, m), metric), "accuracy": 0.9, "at_chance": "false"}
            for a, architecture in enumerate(architectures)
            for m, method in enumerate(methods)
        ]
    return pd.DataFrame(rows, columns=[*LEADING, metric, f"{metric}_low", f"{metric}_high"])


def _row(task: str, architecture: str, method: str, score: float, metric: str) -> dict[str, Any]:
    return {
        "task": task,
        "architecture": architecture,
        "method": method,
        "status": "ok",
        "reason": "",
        "seeds": 3,
        "samples": 9,
        "at_chance": "",
        metric: score,
        f"{metric}_low": score - 0.04,
        f"{metric}_high": score + 0.02,
    }
