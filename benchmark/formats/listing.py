"""The entries of a registry in the formats that people read and programs parse."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rich.cells import cell_len
from rich.table import Column, Table

from ...errors import printable
from ..storage.output import add_row
from ..storage.text_bytes import json_bytes, utf8
from .console_table import printed

COLUMNS = ("name", "version", "description", "reference")  # of CSV

MOST = 12  # entries of a family that a table shows one by one unless they are asked for

BESIDE = 40  # columns of a table that versions and descriptions need

Rows = Sequence[Mapping[str, Any]]


def table_of(rows: Rows, patterns: Sequence[str] = ()) -> bytes:
    """Return names, versions and descriptions as a table as wide as the terminal; a large family has one line.

    Args:
        rows: what entries state of themselves.
        patterns: that chose the entries: then all of them are shown.
    """
    lines = list(dict.fromkeys(_line(row, is_folded=not patterns) for row in rows))
    # its width is fixed, since names are there to be copied
    longest = max((cell_len(printable(name)) for name, *_ in lines), default=0)
    table = Table(Column("name", width=max(longest, len("name"))), "version", "description", box=None)
    for line in lines:
        add_row(table, line)
    return printed(table, least=longest + BESIDE)


def _line(row: Mapping[str, Any], *, is_folded: bool) -> tuple[Any, ...]:
    family = row.get("family", {"members": 1})
    if is_folded and family["members"] > MOST:
        pattern = re.sub(r"{.*?}", "*", family["name"])
        return family["name"], row["version"], f"a family of {family['members']}; the pattern '{pattern}' shows them"
    return row["name"], row["version"], row["description"]


def csv_of(rows: Rows, _patterns: Sequence[str] = ()) -> bytes:
    """Return one line an entry."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return utf8(sink.getvalue())


def json_of(rows: Rows, _patterns: Sequence[str] = ()) -> bytes:
    """Return one object an entry."""
    return json_bytes(rows)
