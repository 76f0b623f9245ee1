"""Tables for people, as text."""

import io
import sys

from rich.console import Console
from rich.table import Table

from ..storage.output import fitting
from ..storage.text_bytes import utf8


def printed(*tables: Table, width: int | None = None) -> bytes:
    """Return the table that fits as text in UTF-8, as wide as the terminal.

    Args:
        tables: the same in ever narrower forms.
        width: in columns where standard output is no terminal; None for the usual 80.
    """
    columns = Console().width if width is None or sys.stdout.isatty() else width
    sink = io.StringIO()
    console = Console(file=sink, highlight=False, width=columns)
    console.print(fitting(console, *tables))
    return utf8(sink.getvalue())
