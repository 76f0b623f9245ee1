"""What the text on the ARMA tables is filled with."""

from pathlib import Path

import pandas as pd

from ..comparisons.published import FILE, count_inside_mean
from ..leaderboards.leaderboard_file import FILE as LEADERBOARD
from ..leaderboards.leaderboard_file import LAYOUT
from ..leaderboards.results_folder import ResultsFolder
from ..storage.csv_tables import Layout
from ..style.numbers import markdown, three
from .arma import PUBLISHED_ARMA

SCORES = ["aup:tint", "aur:tint", "information:tint", "entropy:tint", "average_precision", "roc_auc"]
IDENTITY = ["task", "architecture", "method"]
ADDED = ("saliency", "abs-input", "random-uniform", "oracle")  # rows that the source does not have


def collect_arma_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on the ARMA tables.

    Raises:
        StoreError: a table is damaged or lacks a row.
    """
    results = ResultsFolder(folder)
    board = results.rows(LEADERBOARD, Layout(LAYOUT.texts, [*LAYOUT.numbers, *SCORES], LAYOUT.key))
    numbers = ["published", "seeds", "measured", "low", "high", "run_low", "run_high"]
    key = [*IDENTITY, "quantity"]
    compared = results.rows(FILE, Layout([*key, "agrees", "reason"], numbers, key)).table
    added = pd.concat([board.where(method=name).table for name in ADDED])
    by_method = compared[compared.quantity == "aur:tint"][["task", "method", "published", "measured", "agrees"]]
    return {
        "compared": str(len(compared)),
        "agreeing": str((compared.agrees == "yes").sum()),
        "inside": str(count_inside_mean(compared, PUBLISHED_ARMA)),
        "disagreements": _disagreements(compared),
        "recall": markdown(by_method),
        "added": markdown(added.sort_values("task", kind="stable")[["task", "method", *SCORES]]),
        "oracle_aup": three(board.where(method="oracle").number("aup:tint")),
        "saliency_aup": three(board.where(method="saliency").number("aup:tint")),
        "least_precision": three(board.table[board.table.architecture != ""].average_precision.min()),
        "input_precision": three(board.where(method="abs-input").number("average_precision")),
    }


def _disagreements(compared: pd.DataFrame) -> str:
    rows = compared[compared.agrees != "yes"]
    if rows.empty:
        return "Nothing: all of them agree.\n"
    return markdown(rows[["task", "method", "quantity", "published", "measured", "agrees", "reason"]])
