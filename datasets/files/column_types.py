"""Convert Arrow columns of any type to numbers, text and times, or refuse them by name."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from pyarrow import types

from ...errors import DataError
from .categories import written_out
from .long_format import Columns

SIMPLE: tuple[Callable[[Any], bool], ...] = (
    types.is_null,
    types.is_boolean,
    types.is_integer,
    types.is_floating,
    types.is_decimal,
    types.is_date,
    types.is_time,
    types.is_timestamp,
    types.is_duration,
    types.is_string,
    types.is_large_string,
    types.is_string_view,
)
NUMBERS = {pa.bool_().id: pa.int8(), pa.decimal128(1).id: pa.float64(), pa.decimal256(1).id: pa.float64()}


def plain(table: pa.Table, columns: Columns, file: str) -> pa.Table:
    """Return the columns that make the series, with categories (but those of ids) as their values.

    Decimals and truth values of times and features become numbers, in which a missing one is NaN.

    Raises:
        DataError: a column of lists, bytes or anything else that is neither number, text nor time.
    """
    needed = dict.fromkeys(name for name in columns.needed(table.column_names) if name in table.column_names)
    return pa.table({name: _plain(table[name], name, columns, file) for name in needed})


def _plain(column: pa.ChunkedArray, name: str, columns: Columns, file: str) -> pa.ChunkedArray:
    if isinstance(column.type, pa.BaseExtensionType):
        column = column.cast(column.type.storage_type)
    kind = column.type.value_type if types.is_dictionary(column.type) else column.type
    if not any(is_kind(kind) for is_kind in SIMPLE):
        raise DataError(
            f"{file}: column '{name}' must hold one number, text or time a row, got {kind}; convert it, or name the "
            "columns of the features with the parameter columns"
        )
    if name not in (columns.id, columns.label):
        kind = NUMBERS.get(kind.id, kind)
    if name == columns.id or kind == column.type:
        return column
    return written_out(column, kind, name, file) if types.is_dictionary(column.type) else column.cast(kind)
