"""Read series from a user's file: an array (NPY), or a table in long format (CSV, Parquet)."""

from dataclasses import dataclass
from typing import Any, BinaryIO

import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ..files.column_types import plain
from ..files.csv_table import read_csv
from ..files.long_format import Columns, to_series
from ..files.npy import read_npy
from ..files.parquet_table import read_parquet
from ..files.parser_failures import translate_failures
from ..files.text_columns import in_order, numbers_or_text


@dataclass(frozen=True)
class Series:
    """Series (samples, time, features), finite, and their labels (samples,) where the file has any."""

    values: NDArray[Any]
    labels: NDArray[Any] | None


def read_array(file: BinaryIO, labels: BinaryIO | None, name: str) -> Series:
    """Return an NPY array (samples, time, features), and labels (samples,) from a second NPY file.

    Raises:
        DataError: not an NPY file, or one of Python objects.
    """
    return Series(_npy(file, name), None if labels is None else _npy(labels, f"the labels of {name}"))


def read_table(file: BinaryIO, name: str, columns: Columns) -> Series:
    """Return the series of a table in long format: one row for each sample and time step.

    Args:
        file: CSV with a header, or Parquet.
        name: of the file, with its suffix; for messages.
        columns: which columns are what.

    Raises:
        DataError: not such a table, or see `to_series`.
    """
    return Series(*to_series(_frame(file, name, columns), name, columns))


def _npy(file: BinaryIO, name: str) -> NDArray[Any]:
    with translate_failures(f"{name} is not a NumPy array of numbers: ", "; write it with numpy.save"):
        return read_npy(file)


def _frame(file: BinaryIO, name: str, columns: Columns) -> pd.DataFrame:
    if name.lower().endswith(".parquet"):
        return _to_pandas(read_parquet(file, name, columns), columns, name)
    table = read_csv(file.read(), name, columns)
    frame = _to_pandas(table, columns, name)
    if len(frame):
        frame[columns.id] = in_order(table[columns.id])
    if len(frame) and columns.label in frame:
        frame[columns.label] = numbers_or_text(table[columns.label])
    return frame


def _to_pandas(table: pa.Table, columns: Columns, name: str) -> pd.DataFrame:
    if not set(columns.needed(table.column_names)) <= set(table.column_names):
        return pd.DataFrame(columns=table.column_names)  # `to_series` says which one is unknown
    with translate_failures(f"{name} cannot be read as a table: ", "; write it anew"):
        # without the metadata, an index that pandas wrote is a column like any other
        return plain(table, columns, name).to_pandas(ignore_metadata=True)
