"""Rows of a table in a results folder, narrowed down by conditions."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ...errors import StoreError


@dataclass(frozen=True)
class Rows:
    """Rows of a table, to be narrowed down to one.

    Attributes:
        table: the rows.
        path: of the file.
        what: the conditions that they meet, for messages.
    """

    table: pd.DataFrame
    path: Path
    what: str = ""

    def where(self, **conditions: object) -> "Rows":
        """Return the rows that equal the conditions.

        Raises:
            StoreError: there is none.
        """
        what = ", ".join([*filter(None, [self.what]), *(f"{name} {value}" for name, value in conditions.items())])
        table = self.table
        for name, value in conditions.items():
            table = table[table[name] == value]
        if table.empty:
            raise StoreError(f"{self.path.parent.name}/{self.path.name} has no row with {what}")
        return Rows(table, self.path, what)

    def number(self, column: str) -> float:
        """Return a column of the first row."""
        return float(self.table[column].iloc[0])
