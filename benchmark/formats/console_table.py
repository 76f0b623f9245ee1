"""Tables for people, as text."""

import io
import sys

from rich.console import Console
from rich.table import Table

from ..storage.text_bytes import utf8


def printed(table: Table, width: int | None = None) -> bytes:
    """Return a table as text in UTF-8, as wide as the terminal.

    Args:
        table: to show.
        width: in columns where standard output is no terminal; None for the usual 80.
    """
    columns = Console().width if width is None or sys.stdout.isatty() else width
    sink = io.StringIO()
    Console(file=sink, highlight=False, width=columns).print(table)
    return utf8(sink.getvalue())
