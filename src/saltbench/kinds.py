"""Which kind of value an argument is: a whole number, a number, a text, or a list of what."""

from collections.abc import Collection, Mapping
from numbers import Integral, Real

from .errors import ParameterError, kind_of, repr_of


def require_whole(**values: object) -> None:
    """Raise unless every value is a whole number; NumPy's are some, True and 2.0 are none.

    Raises:
        ParameterError: another value, with its name.
    """
    for name, value in values.items():
        if not isinstance(value, Integral) or isinstance(value, bool):
            raise ParameterError(f"{name} must be a whole number, got {repr_of(value)}")


def require_numbers(**values: object) -> None:
    """Raise unless every value is a real number; NaN and infinity are some, True and "2" are none.

    Raises:
        ParameterError: another value, with its name.
    """
    for name, value in values.items():
        if not isinstance(value, Real) or isinstance(value, bool):
            raise ParameterError(f"{name} must be a number, got {repr_of(value)}")


def require_texts(**values: object) -> None:
    """Raise unless every value is a text.

    Raises:
        ParameterError: another value, with its name.
    """
    for name, value in values.items():
        if not isinstance(value, str):
            raise ParameterError(f"{name} must be a text, got {repr_of(value)}")


def require_lists(**values: object) -> None:
    """Raise unless every value holds others in an order, as a list, a tuple or an array does; a text does not count.

    Raises:
        ParameterError: another value, with its name.
    """
    for name, value in values.items():
        if isinstance(value, str | bytes | Mapping) or not isinstance(value, Collection):
            raise ParameterError(f"{name} must be a list, got {repr_of(value)}")


def require_instances(kind: type, **values: object) -> None:
    """Raise unless every value is an instance of a class.

    Raises:
        ParameterError: another value, with its name.
    """
    for name, value in values.items():
        if not isinstance(value, kind):
            raise ParameterError(f"{name} must be a {kind.__name__}, got {kind_of(value)} {repr_of(value)}")
