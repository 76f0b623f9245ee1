"""Series of the user's own, read from a file: an array in NPY, or a table in long format in CSV or Parquet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from ..errors import DataError, text_of
from .long_format import Columns, to_series


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
    return Series(*to_series(_frame(file, name), name, columns))


def _npy(file: BinaryIO, name: str) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise DataError(f"{name} is not a NumPy array of numbers: {_line(error)}; write it with numpy.save") from error
    return array


def _frame(file: BinaryIO, name: str) -> pd.DataFrame:
    try:
        table = pyarrow.parquet.read_table(file) if name.lower().endswith(".parquet") else _csv(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} cannot be read as a table: {_line(error)}; write it anew") from error
    _check_names(table.column_names, name)
    # without the metadata, an index that pandas wrote is a column like any other
    return table.to_pandas(ignore_metadata=True)


def _csv(file: BinaryIO) -> pa.Table:
    # pyarrow refuses rows that are too short or too long; pandas shifts or fills them
    in_order = pyarrow.csv.ReadOptions(use_threads=False)  # only then an error names the row
    options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
    return pyarrow.csv.read_csv(file, read_options=in_order, convert_options=options)


def _check_names(names: Sequence[str], file: str) -> None:
    for place, name in enumerate(names, start=1):
        if not name.strip() or name.startswith("__index_level_"):
            raise DataError(
                f"{file}: column {place} has no name, as an index that pandas wrote; write it with index=False"
            )
        if names.count(name) > 1:
            raise DataError(f"{file}: {names.count(name)} columns are called '{name}'; rename all but one")


def _line(error: BaseException) -> str:
    text = text_of(error).rstrip(".")
    return text if len(text) <= 200 else f"{text[:200]}…"
