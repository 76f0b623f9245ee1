"""The axis of scores: its words, its limits, and the scores of the reference methods that are marked on it."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.lines import Line2D

from ..metrics.spec import MetricSpec

AT_CHANCE = "true"  # in a leaderboard's column of that name; such networks are drawn hollow
# the two ends that scores are read between
MARKED: dict[str, tuple[str, dict[str, Any]]] = {
    "oracle": ("the truth itself (oracle)", {"color": "0.25", "linestyle": "-", "linewidth": 1.1}),
    "random-uniform": ("a map of random numbers", {"color": "0.25", "linestyle": (0, (1, 1.2)), "linewidth": 1.5}),
}
HOLLOW = "the network is at chance"
BOUNDS = "95 % confidence interval"


def in_words(metric: MetricSpec) -> str:
    """Return a metric's name and direction."""
    direction = "higher" if metric.higher_is_better else "lower"
    return f"{metric.name.replace('_', ' ')} ({direction} is better)"


def limits(table: pd.DataFrame, metric: MetricSpec) -> tuple[float, float]:
    """Return the ends of the axis: from 0 to the farthest score or bound that is drawn, with some room."""
    drawn = table[(table.architecture != "") | table.method.isin(MARKED)]
    values = drawn[[metric.name, f"{metric.name}_low", f"{metric.name}_high"]].to_numpy(float)
    finite = values[np.isfinite(values)]
    low, high = min(0.0, finite.min(initial=0)), max(0.0, finite.max(initial=0))
    room = 0.04 * ((high - low) or 1)
    return float(low - room) if low < 0 else 0.0, float(high + room)


def marked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the marked reference methods."""
    return table[(table.architecture == "") & table.method.isin(MARKED)]


def hollow_mark() -> Line2D:
    """Return the legend's mark of a network at chance."""
    return Line2D([], [], color="0.25", marker="o", markerfacecolor="white", linestyle="none", markersize=4.5)
