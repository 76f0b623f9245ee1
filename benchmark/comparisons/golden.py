"""Golden tables: a leaderboard against the one that was committed."""

import fnmatch
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from ...errors import ParameterError, StoreError
from ..leaderboards.columns import IDENTITY, TEXT
from ..leaderboards.results_folder import ResultsFolder
from ..storage.csv_tables import to_csv
from ..storage.files import write_atomically

MOST = 20  # differences that a message names


class HasLeaderboard(Protocol):
    """A result that holds a leaderboard, such as the one of `attribution_benchmark`."""

    @property
    def leaderboard(self) -> pd.DataFrame:
        """The columns of leaderboard.csv."""


@dataclass(frozen=True)
class GoldenLeaderboard:
    """Compares a leaderboard with one golden file; see `check_golden`."""

    path: Path
    regenerate: bool = False

    def __call__(self, table: pd.DataFrame | HasLeaderboard, tolerances: Mapping[str, float] | None = None) -> None:
        """Assert that a leaderboard, or a result's, is the golden one, numbers within tolerances by column.

        Raises:
            ParameterError: neither of them, or a tolerance that fits no column.
        """
        __tracebackhide__ = True
        found = table if isinstance(table, pd.DataFrame) else getattr(table, "leaderboard", None)
        if not isinstance(found, pd.DataFrame):
            raise ParameterError(
                "golden_leaderboard expects a leaderboard or what attribution_benchmark returned, got a "
                f"{type(table).__name__}"
            )
        check_golden(found, self.path, tolerances or {}, regenerate=self.regenerate)


def check_golden(table: pd.DataFrame, path: Path, tolerances: Mapping[str, float], *, regenerate: bool = False) -> None:
    """Assert that a leaderboard is the one in a file: the same rows, columns and text, numbers within tolerances.

    Where there is no file yet, or regenerate is set, the file is written and the assertion fails, so that a person
    looks at what is committed.

    Args:
        table: with the columns of leaderboard.csv.
        path: of the golden CSV.
        tolerances: by column or shell pattern (`*_low`), by how much a number may differ; the first that fits counts.
            Columns that none fits must be equal.
        regenerate: write the file anew.

    Raises:
        AssertionError: the tables differ, each difference named, or the file was written.
        ParameterError: a tolerance that fits no column or is not a number of at least 0.
        StoreError: the file cannot be read or written, or is not a leaderboard.
    """
    __tracebackhide__ = True
    _check_tolerances(table, tolerances)
    if regenerate or not path.exists():
        write_atomically(path, to_csv(table))
        why = "as --force-regen says" if regenerate else "since there was none"
        raise AssertionError(f"wrote the golden table {path} {why}; look at it, commit it and run again")
    found = differences(ResultsFolder(path).table, table, tolerances)
    if found:
        more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
        head = f"the leaderboard differs from {path} (--force-regen writes it anew):"
        raise AssertionError("\n  ".join([head, *found[:MOST], *more]))


def differences(golden: pd.DataFrame, table: pd.DataFrame, tolerances: Mapping[str, float]) -> list[str]:
    """Return in words how a leaderboard differs from the golden one; nothing where it does not."""
    before, now = (_by_identity(each) for each in (golden, table))
    columns = [column for column in golden.columns if column not in IDENTITY]
    return [
        *(f"column {column} is missing" for column in columns if column not in table),
        *(f"column {column} is new" for column in table.columns if column not in golden),
        *(f"row {_named(row)} is missing" for row in before if row not in now),
        *(f"row {_named(row)} is new" for row in now if row not in before),
        *(
            f"{_named(row)}: {difference}"
            for row in before
            if row in now
            for column in columns
            if column in table
            for difference in _difference(column, before[row][column], now[row][column], tolerances)
        ),
    ]


def _by_identity(table: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    rows = {tuple(row[column] for column in IDENTITY): row for row in table.to_dict("records")}
    if len(rows) < len(table):
        raise StoreError("a leaderboard needs one row a task, architecture and method, got some twice; recompute it")
    return rows


def _named(row: tuple[str, ...]) -> str:
    return ", ".join(word for word in row if word)


def _difference(column: str, before: Any, now: Any, tolerances: Mapping[str, float]) -> list[str]:
    if column in TEXT:
        return [] if before == now else [f"{column} was '{before}', is '{now}'"]
    before, now = (math.nan if value is None else float(value) for value in (before, now))
    if math.isnan(before) and math.isnan(now):
        return []
    tolerance = _tolerance(column, tolerances)
    if before == now or abs(now - before) <= tolerance:
        return []
    return [f"{column} was {before:.6g}, is {now:.6g} ({now - before:+.2g}; tolerance {tolerance:g})"]


def _tolerance(column: str, tolerances: Mapping[str, float]) -> float:
    fitting = (value for pattern, value in tolerances.items() if fnmatch.fnmatchcase(column, pattern))
    return next(fitting, 0.0)


def _check_tolerances(table: pd.DataFrame, tolerances: Mapping[str, float]) -> None:
    for pattern, value in tolerances.items():
        if not value >= 0:
            raise ParameterError(f"a tolerance must be a number of at least 0, got {value} for {pattern}")
        if not fnmatch.filter(table.columns, pattern):
            raise ParameterError(f"the tolerance for {pattern} fits no column of the leaderboard; correct its name")
