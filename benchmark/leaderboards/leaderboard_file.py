"""leaderboard.csv as people may have edited it: parsed, and checked value by value."""

from pathlib import Path

import pandas as pd

from ...errors import StoreError
from ..storage.csv_tables import Layout, parse_table, shown
from .columns import IDENTITY, LEADING, TEXT

FILE = "leaderboard.csv"
LAYOUT = Layout(TEXT, [name for name in LEADING if name not in TEXT], IDENTITY, only_numbers=True, what="a leaderboard")
STATUSES = ("ok", "skipped", "failed", "missing")
MOST = 1_000_000_000  # samples


def parse_leaderboard(content: bytes, path: Path) -> pd.DataFrame:
    """Return the leaderboard that the content of a CSV file is; path is for messages.

    Raises:
        StoreError: it is not a leaderboard.
    """
    table = parse_table(content, path, LAYOUT)
    if table.empty:
        raise StoreError(f"{path} is not a leaderboard: it has no row below its header; restore or recompute it")
    table["at_chance"] = table.at_chance.str.lower()  # spreadsheets write TRUE
    _check_values(table, path)
    return table


def _check_values(table: pd.DataFrame, path: Path) -> None:
    counts = {name: table[name].between(0, MOST) & (table[name] % 1 == 0) for name in ("seeds", "samples")}
    sound = {
        "task": (table.task != "", "a name"),
        "method": (table.method != "", "a name"),
        "status": (table.status.isin(STATUSES), f"one of {', '.join(STATUSES)}"),
        **{name: (found, f"a whole number of at most {MOST}") for name, found in counts.items()},
        "accuracy": (table.accuracy.isna() | table.accuracy.between(0, 1), "a share from 0 to 1"),
        "at_chance": (table.at_chance.isin(["", "true", "false"]), "true, false or nothing"),
    }
    for name, (is_sound, expected) in sound.items():
        if not is_sound.all():
            row = int((~is_sound).idxmax())
            raise StoreError(
                f"{path} is not a leaderboard: it needs {expected} in {name}, "
                f"got {shown(table[name][row])} in row {row + 1}; restore or recompute it"
            )
