"""Read series from a user's file: an array (NPY), a table in long format (CSV, Parquet), an archive's ts or tsv."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePath
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from ...errors import DataError
from ...kinds import require_lists, require_texts
from ..files.cases import Cases
from ..files.column_types import plain
from ..files.csv_table import read_csv
from ..files.long_format import Columns, to_series
from ..files.npy import read_npy
from ..files.parquet_table import read_parquet
from ..files.parser_failures import translate_failures
from ..files.regular_files import open_regular
from ..files.text_columns import in_order, numbers_or_text
from ..files.ts_file import read_ts
from ..files.ucr_table import read_ucr
from .planted_files import check_suffix, files_of

CASES: Mapping[str, Callable[[bytes, str], Cases]] = {".ts": read_ts, ".tsv": read_ucr}


@dataclass(frozen=True)
class Series:
    """Series of a file, as `planted` takes them.

    Attributes:
        values: (samples, time, features), real numbers; behind the end of a shorter series 0.
        labels: (samples,), or None where the file has none.
        lengths: int64 (samples,), steps of each series; None where all have as many.
    """

    values: NDArray[Any]
    labels: NDArray[Any] | None
    lengths: NDArray[np.int64] | None = None


def read_series(
    path: str | Path,
    *,
    id: str = "id",  # noqa: A002 - as the parameter of `planted/<file>`
    time: str = "time",
    label: str = "label",
    columns: Sequence[str] = (),
) -> Series:
    """Return the series of a file, as `planted` takes them, and as the task `planted/<file>` reads them.

    Args:
        path: of an NPY array (samples, time, features), with labels in `<stem>.labels.npy` where there is such a file;
            of a table in long format, CSV or Parquet; or of a file of the UEA and UCR archives: `.ts`, or `.tsv` with
            a line for each series.
        id: column of a table that tells the series apart.
        time: column of a table with the steps.
        label: column of a table with the labels; "" for none.
        columns: those of a table that are features; none for all others.

    Raises:
        DataError: the file cannot be read, or is not as described.
        ParameterError: a column's name that is no text, or columns that are no list.
    """
    check_suffix("read_series", str(path))
    require_texts(id=id, time=time, label=label)
    require_lists(columns=columns)
    with opened(Path(path)) as files:
        return read_opened(files, Path(path).name, Columns(id=id, time=time, label=label, features=columns))


@contextmanager
def opened(path: Path) -> Iterator[list[BufferedReader]]:
    """Give a file, and behind an array that of its labels, opened to read bytes.

    Raises:
        DataError: one cannot be read.
    """
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(open_regular(file)) for file in files_of(path)]
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}; check the path") from error
        yield files


def read_opened(files: Sequence[BinaryIO], name: str, columns: Columns) -> Series:
    """Return the series of an opened file, in the format that its name tells.

    Args:
        files: the file; behind an array, that of its labels, where there is one.
        name: of the file, with its suffix.
        columns: which columns of a table are what.

    Raises:
        DataError: not such a file, or see `to_series`.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in CASES:
        return read_cases(files[0], name)
    if suffix == ".npy":
        return read_array(files[0], files[1] if len(files) > 1 else None, name)
    return read_table(files[0], name, columns)


def read_cases(file: BinaryIO, name: str) -> Series:
    """Return the series of a file of the UEA and UCR archives, which may differ in length.

    Args:
        file: `.ts`, or `.tsv` with a line for each series of one feature.
        name: of the file, with its suffix; for messages.

    Raises:
        DataError: not such a file.
    """
    cases = CASES[PurePath(name).suffix.lower()](file.read(), name)
    values, lengths = cases.padded(name)
    return Series(values, cases.classes(), lengths)


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
