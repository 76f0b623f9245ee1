"""Turn whatever a parsing library raises on damaged bytes into one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path

from ...errors import DataError, SaltbenchError, text_of

MOST_BYTES = 2**27  # of a file that is read whole; the longest of MNIST has 47,040,016
PIECE = 2**20
LONGEST = 200  # characters of a library's own text


@contextmanager
def translate_failures(before: str, after: str) -> Iterator[None]:
    """Turn a library's errors and warnings into what they say, in one line, between two texts.

    Raises:
        DataError: the library failed or warned.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a doubtful file is no good file, and a warning no message to a user
            yield
    except SaltbenchError:
        raise
    except Exception as error:  # on damaged bytes parsers raise what their documentation does not list
        raise DataError(f"{before}{_reason(error)}{after}") from error


def read_limited(file: BufferedIOBase, path: Path) -> bytes:
    """Return the content of a file, which may be one that is decompressed on the way, a thousand times as long.

    Raises:
        DataError: more than 2^27 bytes; path is named.
    """
    pieces, room = [], MOST_BYTES
    while piece := file.read(PIECE):
        pieces.append(piece)
        room -= len(piece)
        if room < 0:
            raise DataError(f"{path} is too long: expected at most {MOST_BYTES} bytes, also decompressed; get it anew")
    return b"".join(pieces)


def _reason(error: Exception) -> str:
    text = text_of(error).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
