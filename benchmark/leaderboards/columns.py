"""The columns of leaderboard.csv that say what a row is about, and which of them hold scores."""

import pandas as pd

IDENTITY = ["task", "architecture", "method"]

LEADING = [*IDENTITY, "status", "reason", "seeds", "samples", "accuracy", "at_chance"]

TRUTH_USE = ["truth_sufficiency", "truth_necessity", "needs_truth"]  # behind those; older leaderboards have none

TEXT = [*IDENTITY, "status", "reason", "at_chance", "needs_truth"]


def metric_names(table: pd.DataFrame) -> list[str]:
    """Return the metrics of a leaderboard: the columns that have bounds beside them."""
    return [name for name in table.columns if f"{name}_low" in table and f"{name}_high" in table]
