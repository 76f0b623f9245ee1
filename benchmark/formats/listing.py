"""The entries of a registry in the formats that people read and programs parse."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from ..storage.output import add_row
from ..storage.text_bytes import json_bytes, utf8

COLUMNS = ("name", "version", "description", "reference")  # of CSV

Rows = Sequence[Mapping[str, Any]]


def table_of(rows: Rows) -> bytes:
    """Return names, versions and descriptions as a table as wide as the terminal."""
    table = Table("name", "version", "description", box=None)
    for row in rows:
        add_row(table, (row["name"], row["version"], row["description"]))
    sink = io.StringIO()
    Console(file=sink, highlight=False, width=Console().width).print(table)
    return utf8(sink.getvalue())


def csv_of(rows: Rows) -> bytes:
    """Return one line an entry."""
    sink = io.StringIO()
    writer = csv.DictWriter(sink, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return utf8(sink.getvalue())


def json_of(rows: Rows) -> bytes:
    """Return one object an entry."""
    return json_bytes(rows)
