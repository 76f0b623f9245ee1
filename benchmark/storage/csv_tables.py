"""Tables read back from a results folder, where people may have edited, cut or removed them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ...datasets.files.regular_files import read_regular
from ...errors import StoreError, text_of
from .table_bytes import Lines, csv_text, lines_of
from .text_bytes import utf8

NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
WHOLE = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)  # what 64 bits hold
LARGEST = 1e100  # far above any score; figures and tests overflow near the largest float64
LONGEST = 60  # characters of a cell that a message shows
REMEDY = "restore or recompute it"


@dataclass(frozen=True)
class Layout:
    """What the columns of a table hold.

    Attributes:
        texts: columns of text that it has to have.
        numbers: columns of numbers that it has to have.
        key: columns of which no two rows have the same.
        only_numbers: whether all other columns hold numbers; if not, those do of which every cell is one.
        further_texts: columns of text that it may have.
        what: it is called when a column is absent.
    """

    texts: Sequence[str] = ()
    numbers: Sequence[str] = ()
    key: Sequence[str] = ()
    only_numbers: bool = False
    further_texts: Sequence[str] = ()
    what: str = ""


def parse_table(content: bytes, path: Path, layout: Layout) -> pd.DataFrame:
    """Return a CSV file as a table of text and of numbers; an empty cell is "" in a column of text, else NaN.

    Args:
        content: of the file.
        path: of the file, for messages.
        layout: what its columns hold.

    Raises:
        StoreError: it is no CSV table, lacks a column or has one twice, a number is none or not finite, or two rows
            are of the same.
    """
    try:
        lines = lines_of(content)
    except ValueError as error:
        raise StoreError(f"{path} is not a CSV table: {text_of(error)}; {REMEDY}") from error
    if not lines:
        raise StoreError(f"{path} is not a CSV table: it is empty; {REMEDY}")
    _check_shape(path, lines, layout)
    header, *rows = lines
    columns = zip(header, zip(*rows, strict=True) if rows else ((),) * len(header), strict=True)
    table = pd.DataFrame({name: _column(path, name, cells, layout) for name, cells in columns})
    if layout.key:
        check_key(path, table, layout.key)
    return table


def check_key(path: Path, table: pd.DataFrame, key: Sequence[str]) -> None:
    """Raise if two rows of a file's table are the same in the columns of key.

    Raises:
        StoreError: two such rows.
    """
    if (twice := table.duplicated([*key])).any():
        row = " ".join(shown(cell)[1:-1] for cell in table.loc[twice, [*key]].iloc[0] if cell != "")
        raise StoreError(f"{path} has two rows of {row}; remove one or run the suite again")


def content_of(path: Path) -> bytes:
    """Return the bytes of a file of a results folder.

    Raises:
        StoreError: it cannot be read, or is no file.
    """
    try:
        is_shells = path.is_relative_to("/dev") and path.is_fifo()  # <(command)
        return path.read_bytes() if is_shells else read_regular(path)
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; check the path, or run the suite again") from error


def is_folder(path: Path) -> bool:
    """Return whether a path is that of a folder.

    Raises:
        StoreError: that cannot be told: a name that is too long, or a folder above that cannot be entered.
    """
    try:
        return path.is_dir()
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; check the path") from error


def shown(cell: object) -> str:
    """Return a cell as a message shows it."""
    text = str(cell)
    return repr(text if len(text) <= LONGEST else f"{text[:LONGEST]}…")


def _check_shape(path: Path, lines: Lines, layout: Layout) -> None:
    header, *rows = lines
    absent = [column for column in (*layout.texts, *layout.numbers) if column not in header]
    if absent:
        of_what = f"is not {layout.what}: it lacks" if layout.what else "lacks"
        raise StoreError(f"{path} {of_what} the columns {', '.join(absent)}; {REMEDY}")
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None:
        raise StoreError(f"{path} has two columns {shown(twice)}; {REMEDY}")
    ragged = next((number for number, row in enumerate(rows, start=1) if len(row) != len(header)), 0)
    if ragged:
        found = len(rows[ragged - 1])
        raise StoreError(f"{path} needs {len(header)} cells in each row, got {found} in row {ragged}; {REMEDY}")


def _column(path: Path, name: str, cells: Sequence[str], layout: Layout) -> Any:
    are_numbers = layout.only_numbers or name in layout.numbers
    if name in (*layout.texts, *layout.further_texts) or not (are_numbers or any(cells)):
        return _texts(cells)
    stray = next((number for number, cell in enumerate(cells) if cell and not _is_number(cell)), None)
    if stray is None:
        return _numbers(cells)
    if are_numbers:
        is_not = f"is not {layout.what}: it " if layout.what else ""
        raise StoreError(
            f"{path} {is_not}needs numbers in {name}, got {shown(cells[stray])} in row {stray + 1}; {REMEDY}"
        )
    return _texts(cells)


def _is_number(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None and abs(float(cell)) < LARGEST


def _texts(cells: Sequence[str]) -> "pd.Series[Any]":
    return pd.Series(cells, dtype=str)


def _numbers(cells: Sequence[str]) -> "pd.Series[Any]":
    if cells and all(map(WHOLE.fullmatch, cells)):
        return pd.Series([int(cell) for cell in cells], dtype="int64")
    # Python's own conversion: the nearest float64, where that of pandas' reader may be another
    return pd.Series([float(cell or "nan") for cell in cells], dtype="float64")


def to_csv(table: pd.DataFrame) -> bytes:
    """Return the table as CSV: plain numbers that read back exactly, empty where there is none."""
    return utf8(csv_text(table))
