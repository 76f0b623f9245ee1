"""Standard output and error of a command, whatever they are connected to."""

import errno
import io
import locale
import os
import sys
from contextlib import suppress
from typing import Any, NoReturn, TextIO

from ...errors import OutputError, SaltbenchError, printable

LAST = 2  # number of standard error, the last of the three standard streams


class _Output(io.FileIO):
    def write(self, content: Any) -> int:
        try:
            return super().write(content)
        except BrokenPipeError:
            raise
        except OSError as error:
            why = "it is closed" if error.errno == errno.EBADF else error.strerror
            raise OutputError(
                f"cannot write standard output: {why}; what is in files already is kept, "
                "give it a place that takes it and run the same command again"
            ) from error


class _Error(io.FileIO):
    def write(self, content: Any) -> int:
        with suppress(OSError):  # there is no place left to tell it
            return super().write(content)
        return len(content)


def open_streams() -> None:
    """Let what cannot be written to standard output be a mistake, and to standard error be lost.

    Where one of them is closed, its number is taken, so that no results file gets it, which other code may write to.
    Characters that the locale lacks are written as escapes.
    """
    _take_numbers()
    if sys.stdout is sys.__stdout__:
        sys.stdout = _reopened(sys.stdout, _Output, os.O_RDONLY)  # where it is closed, every write fails
    if sys.stderr is sys.__stderr__:
        sys.stderr = _reopened(sys.stderr, _Error, os.O_WRONLY)


def reopen_streams() -> None:
    """Open standard output and error anew where other code has closed them, or taken their files away."""
    if not _is_usable(sys.stdout):
        sys.stdout = _text(_Output(1, "w", closefd=False), locale.getencoding())
    if not _is_usable(sys.stderr):
        sys.stderr = _text(_Error(2, "w", closefd=False), locale.getencoding())


def fail(text: str) -> NoReturn:
    """End with status 1 and a line on standard error."""
    _flush()
    sys.exit(f"saltbench: {printable(text)}")


def fail_quietly() -> NoReturn:
    """End with status 1, as where nobody reads standard output any more."""
    _flush()
    sys.exit(1)


def _take_numbers() -> None:
    while (number := os.open(os.devnull, os.O_RDWR)) <= LAST:
        os.set_inheritable(number, True)
    os.close(number)


def _is_usable(stream: TextIO | None) -> bool:
    with suppress(ValueError):  # it is detached
        return stream is None or not getattr(stream, "closed", False)  # what a user puts there may lack it
    return False


def _reopened(stream: TextIO | None, kind: type[io.FileIO], flags: int) -> TextIO:
    if stream is None:
        return _text(kind(os.open(os.devnull, flags), "w"), "utf-8")
    stream.flush()
    return _text(kind(stream.fileno(), "w", closefd=False), stream.encoding)


def _text(raw: io.FileIO, encoding: str) -> TextIO:
    lines = raw.isatty()
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding, errors="backslashreplace", line_buffering=lines)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except (OSError, SaltbenchError):
        # what is left is thrown away: the interpreter would try again at its end, and tell in many lines
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
