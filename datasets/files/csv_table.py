"""Read tables from CSV, as spreadsheets and loggers write it, where they can mean one thing only."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv

from ...errors import DataError
from .csv_layout import Layout, decode, layout_of
from .long_format import Columns, check_names
from .parser_failures import translate_failures

FRACTION = r"^[+-]?(\d+{0}\d*|{0}\d+)([eE][+-]?\d+)?$"  # {0} is the sign
GROUPED = r"^[+-]?[1-9]\d{{0,2}}({0}\d{{3}})+$"  # may be thousands as well as a fraction


def read_csv(content: bytes, file: str, columns: Columns) -> pa.Table:
    """Return the table of a CSV file; the columns of id and label are text, the others of the type they look like.

    The separator is a comma, semicolon, tab or |. The decimal sign is a point, or a comma where numbers show it.

    Raises:
        DataError: an encoding, separator or decimal sign that is not clear, or rows of different lengths.
    """
    text = decode(content, file)
    layout = layout_of(text, file, (columns.id, columns.time))
    lines = text.encode() + b"\n"  # else a header without rows is no whole line
    texts = dict.fromkeys((columns.id, columns.label), pa.string())

    def read(types: Mapping[str, Any], decimal: str = ".") -> pa.Table:
        with translate_failures(f"{file} cannot be read as a table: ", _remedy(layout)):
            return _without_empty(_read(lines, layout, types, decimal))

    table = read(texts)
    check_names(table.column_names, file)
    numbers = _numbers(table.column_names, columns)
    if layout.separator == ";" or any(pa.types.is_string(table[name].type) for name in numbers):
        every = read(dict.fromkeys(layout.names, pa.string()))
        if _decimal([every[name] for name in numbers], file, layout.separator) == ",":
            return read(texts, ",")
    return table


def _numbers(names: Collection[str], columns: Columns) -> list[str]:
    wanted = dict.fromkeys((columns.time, *columns.features_in(names)))
    return [name for name in wanted if name in names and name not in (columns.id, columns.label)]


def _remedy(layout: Layout) -> str:
    if layout.separator == ",":
        return "; write it anew, with semicolons between columns where its numbers have decimal commas"
    return "; write it anew"


def _decimal(numbers: Sequence[pa.ChunkedArray], file: str, separator: str) -> str:
    """Return the decimal sign that numbers, as text, show."""
    point, comma = _shown(numbers, "."), _shown(numbers, ",")
    if point.fraction:
        return "."  # what shows a comma stays text, and is refused by its column
    if comma.fraction and not point.grouped:
        return ","
    # where only commas separate columns, a point is no separator of thousands
    unclear = (point.grouped if comma.fraction or separator == ";" else "") or comma.grouped
    if unclear:
        raise DataError(
            f"{file}: '{unclear}' may be a fraction or have a separator of thousands; save it with commas between "
            "columns, decimal points, and no separators of thousands"
        )
    return "."


@dataclass(frozen=True)
class _Shown:
    """Whether a number has a sign that can only be a decimal one, and an example (or "") of one with either meaning."""

    fraction: bool
    grouped: str


def _shown(numbers: Sequence[pa.ChunkedArray], sign: str) -> _Shown:
    fraction, example = False, ""
    for column in numbers:
        texts = pyarrow.compute.utf8_trim_whitespace(column)
        grouped = pyarrow.compute.match_substring_regex(texts, GROUPED.format(re.escape(sign)))
        any_sign = pyarrow.compute.match_substring_regex(texts, FRACTION.format(re.escape(sign)))
        fraction |= bool(pyarrow.compute.any(pyarrow.compute.and_not(any_sign, grouped)).as_py())
        example = example or next(iter(texts.filter(grouped)[:1].to_pylist()), "")
    return _Shown(fraction, example)


def _without_empty(table: pa.Table) -> pa.Table:
    """Return a table without the rows and the nameless last columns that spreadsheets leave empty."""
    while table.num_columns and not table.column_names[-1] and table[-1].null_count == len(table):
        table = table.remove_column(table.num_columns - 1)
    if not table.num_columns or min(column.null_count for column in table.columns) == 0:
        return table
    known = reduce(pyarrow.compute.or_, (column.is_valid() for column in table.columns))
    return table.filter(known)


def _read(lines: bytes, layout: Layout, types: Mapping[str, Any], decimal: str) -> pa.Table:
    # pyarrow refuses rows that are too short or too long; pandas shifts or fills them
    return pyarrow.csv.read_csv(
        pa.BufferReader(lines),
        read_options=pyarrow.csv.ReadOptions(
            use_threads=False,  # only then an error names the row
            skip_rows=layout.lines,
            column_names=layout.names,
        ),
        parse_options=pyarrow.csv.ParseOptions(delimiter=layout.separator, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(strings_can_be_null=True, column_types=types, decimal_point=decimal),
    )
