"""The border to the libraries that parse files: whatever they raise on damaged bytes becomes one line."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import DataError, SaltbenchError, text_of

LONGEST = 200  # characters of a library's own text


@contextmanager
def refusing(before: str, after: str) -> Iterator[None]:
    """Raise a DataError for a library's errors and warnings: what it says, in one line, between two texts."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a doubtful file is no good file, and a warning no message to a user
            yield
    except SaltbenchError:
        raise
    except Exception as error:  # on damaged bytes parsers raise what their documentation does not list
        raise DataError(f"{before}{_reason(error)}{after}") from error


def _reason(error: Exception) -> str:
    text = text_of(error).rstrip(".") or type(error).__name__
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
