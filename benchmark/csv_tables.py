"""Tables read back from a results folder, where people may have edited, cut or removed them."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from ..errors import StoreError, text_of


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Return a CSV file as a table; an empty cell is "" in a column of text and NaN in one of numbers.

    Raises:
        StoreError: it cannot be read, is no CSV table, or lacks one of the columns.
    """
    try:
        table = pd.read_csv(io.BytesIO(path.read_bytes()))
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; restore or recompute it") from error
    except ValueError as error:  # of pandas and of the decoding
        raise StoreError(f"{path} is not a CSV table: {text_of(error)}; restore or recompute it") from error
    absent = [column for column in columns if column not in table]
    if absent:
        raise StoreError(f"{path} lacks the columns {', '.join(absent)}; restore or recompute it")
    texts = table.select_dtypes(exclude="number").columns
    return table.fillna(dict.fromkeys(texts, ""))


def with_numbers(table: pd.DataFrame, columns: Sequence[str], what: str) -> pd.DataFrame:
    """Return a table whose columns are made float64.

    Raises:
        StoreError: a column holds something else; what names the table.
    """
    try:
        return table.astype(dict.fromkeys(columns, "float64"))
    except (ValueError, TypeError) as error:
        raise StoreError(f"{what} needs numbers in {', '.join(columns)}: {error}; restore or recompute it") from error


@dataclass(frozen=True)
class Rows:
    """Rows of a results table, to be narrowed down to one.

    Attributes:
        table: the rows.
        path: of the file.
        what: the conditions that they meet, for messages.
    """

    table: pd.DataFrame
    path: Path
    what: str = ""

    @staticmethod
    def of(path: Path, *columns: str) -> "Rows":
        """Return all rows of a file that has the columns.

        Raises:
            StoreError: it cannot be read, is no CSV table, or lacks one of the columns.
        """
        return Rows(read_table(path, columns), path)

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
