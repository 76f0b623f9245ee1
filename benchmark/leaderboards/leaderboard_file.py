"""leaderboard.csv as people may have edited it: parsed, and checked value by value."""

from pathlib import Path

import pandas as pd

from ...errors import StoreError
from ..storage.csv_tables import Layout, parse_table, shown
from .columns import IDENTITY, LEADING, TEXT, TRUTH_USE

FILE = "leaderboard.csv"
LAYOUT = Layout(
    [name for name in LEADING if name in TEXT],
    [name for name in LEADING if name not in TEXT],
    IDENTITY,
    only_numbers=True,
    further_texts=TEXT,
    what="a leaderboard",
)
STATUSES = ("ok", "skipped", "failed", "missing")
MARKS = ("at_chance", "needs_truth")
SHARES = ("accuracy", *TRUTH_USE[:2])
MOST = 1_000_000_000  # samples


def parse_leaderboard(content: bytes, path: Path) -> pd.DataFrame:
    """Return the leaderboard that the content of a CSV file is; path is for messages.

    Raises:
        StoreError: it is not a leaderboard.
    """
    table = parse_table(content, path, LAYOUT)
    if table.empty:
        raise StoreError(f"{path} is not a leaderboard: it has no row below its header; restore or recompute it")
    for name in table.columns.intersection(MARKS):
        table[name] = table[name].str.lower()  # spreadsheets write TRUE
    _check_values(table, path)
    return table


def _check_values(table: pd.DataFrame, path: Path) -> None:
    counts = {name: table[name].between(0, MOST) & (table[name] % 1 == 0) for name in ("seeds", "samples")}
    sound = {
        "task": (table.task != "", "a name"),
        "method": (table.method != "", "a name"),
        "status": (table.status.isin(STATUSES), f"one of {', '.join(STATUSES)}"),
        **{name: (found, f"a whole number of at most {MOST}") for name, found in counts.items()},
        **{name: (_is_share(table[name]), "a share from 0 to 1") for name in table.columns.intersection(SHARES)},
        **{
            name: (table[name].isin(["", "true", "false"]), "true, false or nothing")
            for name in table.columns.intersection(MARKS)
        },
    }
    for name, (is_sound, expected) in sound.items():
        if not is_sound.all():
            row = int((~is_sound).idxmax())
            raise StoreError(
                f"{path} is not a leaderboard: it needs {expected} in {name}, "
                f"got {shown(table[name][row])} in row {row + 1}; restore or recompute it"
            )


def _is_share(numbers: "pd.Series[float]") -> "pd.Series[bool]":
    return numbers.isna() | numbers.between(0, 1)
