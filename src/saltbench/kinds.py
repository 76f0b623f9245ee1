"""Which kind of value an argument is: a whole number, a number, a text, or a list of what."""

from collections.abc import Collection, Mapping
from numbers import Integral, Real
from typing import Any

from .errors import ParameterError, repr_of


def require_whole(**values: object) -> None:
    """Raise unless every value is a whole number; NumPy's are some, True and 2.0 are none.

    Raises:
        ParameterError: another value, with its name.
    """
    _require(values, Integral, "a whole number", but=bool)


def require_numbers(**values: object) -> None:
    """Raise unless every value is a real number; NaN and infinity are some, True and "2" are none.

    Raises:
        ParameterError: another value, with its name.
    """
    _require(values, Real, "a number", but=bool)


def require_texts(**values: object) -> None:
    """Raise unless every value is a text.

    Raises:
        ParameterError: another value, with its name.
    """
    _require(values, str, "a text")


def require_lists(**values: object) -> None:
    """Raise unless every value holds others, as a list, a tuple or an array does; a text or a table does not count.

    Raises:
        ParameterError: another value, with its name.
    """
    _require(values, Collection, "a list", but=(str, bytes, Mapping))


def require_instances(kind: type, **values: object) -> None:
    """Raise unless every value is an instance of a class.

    Raises:
        ParameterError: another value, with its name.
    """
    _require(values, kind, f"a {kind.__name__}")


def _require(values: Mapping[str, object], kind: Any, words: str, but: Any = ()) -> None:
    for name, value in values.items():
        if not isinstance(value, kind) or isinstance(value, but):
            raise ParameterError(f"{name} must be {words}, got {repr_of(value)}")
