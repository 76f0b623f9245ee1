"""Tables for people, as text."""

import io
import os
import sys

from rich.console import Console
from rich.table import Table

from ..storage.output import fitting
from ..storage.text_bytes import utf8


def printed(*tables: Table, width: int | None = None, least: int = 0) -> bytes:
    """Return the table that fits as text in UTF-8, as wide as the terminal or as COLUMNS says.

    Args:
        tables: the same in ever narrower forms.
        width: in columns where standard output is no terminal and COLUMNS is not set; None for the usual 80.
        least: columns that are needed at any width.
    """
    is_told = width is None or sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit()
    columns = max(least, Console().width if is_told else width or 0)
    sink = io.StringIO()
    console = Console(file=sink, highlight=False, width=columns)
    console.print(fitting(console, *tables))
    return utf8(sink.getvalue())
