"""Values of a JSON document, checked one by one: each function returns its value or refuses it with a TypeError."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from ...errors import ParameterError, StoreError


@contextmanager
def must_describe(path: Path, described: str) -> Iterator[None]:
    """Refuse a file, in one line, whose values lack something or do not belong where they stand.

    Args:
        path: of the file.
        described: what it has to describe, and what to do where it does not.

    Raises:
        StoreError: it does not describe that.
    """
    try:
        yield
    except (ValueError, KeyError, TypeError, ParameterError) as error:
        raise StoreError(f"{path} does not describe {described}") from error


def one_of(value: Any, options: tuple[str, ...]) -> str:
    """Return a text that is one of the options."""
    return text(value) if value in options else refuse(value)


def count(value: Any, most: int) -> int:
    """Return a whole number from 1 to most."""
    return whole(value) if 1 <= whole(value) <= most else refuse(value)


def whole(value: Any) -> int:
    """Return a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else refuse(value)


def number(value: Any) -> float:
    """Return a number."""
    return value if isinstance(value, float) else whole(value)


def text(value: Any) -> str:
    """Return a text."""
    return value if isinstance(value, str) else refuse(value)


def switch(value: Any) -> bool:
    """Return true or false."""
    return value if isinstance(value, bool) else refuse(value)


def array(value: Any) -> list[Any]:
    """Return an array."""
    return value if isinstance(value, list) else refuse(value)


def table(value: Any) -> dict[str, Any]:
    """Return an object."""
    return value if isinstance(value, dict) else refuse(value)


def texts(value: Any) -> dict[str, str]:
    """Return an object whose values are texts."""
    return {key: text(one) for key, one in table(value).items()}


def refuse(value: Any) -> NoReturn:
    """Refuse a value that does not belong where it stands.

    Raises:
        TypeError: always.
    """
    raise TypeError(f"{value!r} does not belong there")
