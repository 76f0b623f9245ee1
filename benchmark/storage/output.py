"""Where a command's result goes: what the user names, or standard output; a terminal gets nothing that it obeys."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...errors import ParameterError, printable
from .files import explained, write_atomically

OPEN_FILES = Path("/dev/fd")  # this process's, by number; /dev/stdout leads there
WIDEST = 1_000_000  # columns in which every table is measured as it is


def write(content: bytes, path: Path | None, *, is_text: bool = True) -> None:
    """Write content to what the user names, or to standard output without that.

    Raises:
        ParameterError: bytes that are no text would go to a terminal.
        StoreError: it cannot be written.
    """
    if path is not None:
        write_to(path, content)
        return
    if not is_text and sys.stdout.isatty():
        raise ParameterError("this format is not text, got a terminal to write it to; give --output FILE or a pipe")
    if sys.stdout.isatty():
        content = "\n".join(map(printable, content.decode(errors="backslashreplace").split("\n"))).encode()
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def write_to(path: Path, content: bytes) -> None:
    """Write content to a file, whole or not at all; behind a link to its target, and to a pipe or device directly.

    Raises:
        StoreError: it cannot be written.
    """
    with explained(path):
        is_special = _is_special(path)
        if (number := _open_file(path)) is not None:
            sys.stdout.flush()
            _write_all(os.dup(number), content)
        elif is_special:
            _write_all(os.open(path, os.O_WRONLY), content)
        else:
            write_atomically(Path(os.path.realpath(path)) if path.is_symlink() else path, content)


def say(text: str) -> None:
    """Write a line to standard output."""
    sys.stdout.write(f"{printable(text)}\n")


def note(text: str) -> None:
    """Tell the user something on standard error, in one line."""
    sys.stderr.write(f"saltbench: {printable(text)}\n")


def fitting(console: Console, *tables: Table) -> Table:
    """Return the first of tables none of whose words the console would cut, or else the last."""
    unbounded = console.options.update_width(WIDEST)
    fits = (table for table in tables if console.measure(table, options=unbounded).minimum <= console.width)
    return next(fits, tables[-1])


def add_row(table: Table, cells: Sequence[Any]) -> None:
    """Append a row of texts, shown as they are: markup in them means nothing."""
    table.add_row(*(Text(printable(str(cell))) for cell in cells))


def _open_file(path: Path) -> int | None:
    """Return the number of the open file that path stands for, so that what it holds already stays."""
    folder = OPEN_FILES.resolve()
    while path.parent.resolve() != folder:
        if not path.is_symlink():
            return None
        path = path.parent / path.readlink()
    return int(path.name) if path.name.isdigit() else None


def _is_special(path: Path) -> bool:
    try:
        path.stat()  # raises where links go round in circles
    except FileNotFoundError:
        return False
    return not (path.is_file() or path.is_dir())


def _write_all(descriptor: int, content: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
