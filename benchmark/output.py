"""Where a command's result goes: a file, or standard output."""

import sys
from pathlib import Path

from ..errors import ParameterError
from .store import write_atomically


def write(content: bytes, path: Path | None, *, is_text: bool = True) -> None:
    """Write content to a file, whole or not at all, or to standard output without one.

    Raises:
        ParameterError: bytes that are no text would go to a terminal.
        StoreError: the file cannot be written.
    """
    if path is not None:
        write_atomically(path, content)
        return
    if not is_text and sys.stdout.isatty():
        raise ParameterError("this format is not text, got a terminal to write it to; give --output FILE or a pipe")
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def note(text: str) -> None:
    """Tell the user something on standard error, in one line."""
    sys.stderr.write(f"saltbench: {text}\n")
