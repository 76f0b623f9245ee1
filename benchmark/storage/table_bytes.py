"""CSV as saltbench writes and reads it: numbers in full, any text in quotes where it needs them."""

import csv
import io
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

Lines = list[list[str]]
_QUOTED = frozenset(',"\n\r')


def csv_text(table: pd.DataFrame) -> str:
    """Return the table as CSV: plain numbers that read back exactly, empty where there is none."""
    lines = [table.columns, *table.itertuples(index=False, name=None)]
    return "".join(f"{','.join(map(_cell, line))}\n" for line in lines)


def lines_of(content: bytes) -> Lines:
    """Return the cells of each line that is not empty, the header first.

    Raises:
        ValueError: it is not UTF-8, or its quotes do not close.
    """
    text = content.decode("utf-8-sig")
    with _cells_of_any_length():
        try:
            return [line for line in csv.reader(io.StringIO(text, newline=""), strict=True) if line]
        except csv.Error as error:
            raise ValueError(str(error)) from error


def _cell(value: Any) -> str:
    # not by pandas: what its csv module leaves without quotes differs between versions of Python
    if value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return ""
    text = str(float(value)) if isinstance(value, float) else str(value)
    return '"{}"'.format(text.replace('"', '""')) if _QUOTED & set(text) else text


@contextmanager
def _cells_of_any_length() -> Iterator[None]:
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)
