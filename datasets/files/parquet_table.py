"""Read tables from Parquet, after checking what a file claims to hold."""

from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet
from pyarrow import types

from ...errors import DataError
from .categories import written_out
from .long_format import Columns, check_names
from .parser_failures import translate_failures

MOST_VALUES = 2**28  # of a table in memory, 2 GiB of numbers: few bytes of a compressed file can claim any number


def read_parquet(file: BinaryIO, name: str, columns: Columns) -> pa.Table:
    """Return the columns of a Parquet file that are needed, or all without rows where one of them is absent.

    Raises:
        DataError: a damaged file, one that claims too many values, or names that are not clear.
    """
    parquet = _opened(file, name)
    names = parquet.schema_arrow.names
    check_names(names, name)
    needed = list(dict.fromkeys(columns.needed(names)))
    if not set(needed) <= set(names):
        return parquet.schema_arrow.empty_table()
    _check_size(parquet, len(needed), name)
    with translate_failures(f"{name} cannot be read as a table: ", "; write it anew"):
        short = _opened(file, name, _texts(parquet.schema_arrow))
        table = short.read(columns=needed, use_threads=False)  # also parts of nested columns that are called so
        table.validate(full=True)
        return pa.table({column: _as_in(parquet.schema_arrow, table[column], column, name) for column in needed})


def _opened(file: BinaryIO, name: str, texts: Sequence[str] = ()) -> pyarrow.parquet.ParquetFile:
    """Open a file; a text in the columns named is read once, however many rows have it."""
    with translate_failures(f"{name} cannot be read as a table: ", "; write it anew"):
        return pyarrow.parquet.ParquetFile(file, page_checksum_verification=True, read_dictionary=texts)


def _texts(schema: pa.Schema) -> list[str]:
    kinds = types.is_string, types.is_large_string, types.is_string_view
    return [field.name for field in schema if any(is_kind(field.type) for is_kind in kinds)]


def _as_in(schema: pa.Schema, column: pa.ChunkedArray, name: str, file: str) -> pa.ChunkedArray:
    kind = schema.field(name).type
    return column if column.type == kind else written_out(column, kind, name, file)


def _check_size(parquet: pyarrow.parquet.ParquetFile, columns: int, name: str) -> None:
    claimed = parquet.metadata
    if not 0 <= claimed.num_rows * columns <= MOST_VALUES:
        raise DataError(
            f"{name} claims {claimed.num_rows} rows of {columns} columns: expected at most {MOST_VALUES} values; split "
            "it, or save the series with numpy.save"
        )
    size = sum(claimed.row_group(place).total_byte_size for place in range(claimed.num_row_groups))
    if not 0 <= size <= 8 * MOST_VALUES:
        raise DataError(
            f"{name} claims {size} bytes when decompressed: expected at most {8 * MOST_VALUES}; split it, or save the "
            "series with numpy.save"
        )
