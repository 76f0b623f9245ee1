"""Errors a user can act on: each message is one line that says what was expected, what was given, what to do."""

from collections.abc import Callable
from typing import Any

NO_MEMORY = ("can't allocate memory", "cannot allocate memory", "out of memory", "bad_alloc", "failed to map segment")
LONGEST = 1000  # characters of a text that third-party code gives


class SaltbenchError(Exception):
    """Base of every error caused by input, files or entries rather than by a fault in saltbench."""


def text_of(error: BaseException) -> str:
    """Return an error's own text in one printable line of at most 1,000 characters, or that it has none to be read."""
    return _shown(str, error)


def described(error: BaseException) -> str:
    """Return the name of an error's class, and its text where it has one."""
    return f"{kind_of(error)}: {text_of(error)}".removesuffix(": ")


def repr_of(value: object) -> str:
    """Return the repr of anything as `text_of` returns the text of an error."""
    return _shown(repr, value)


def kind_of(value: object) -> str:
    """Return the name of a value's class in one printable line, whatever its metaclass says."""
    return _in_one_line(type.__dict__["__name__"].__get__(type(value)))


def _shown(show: Callable[[Any], str], value: object) -> str:
    try:
        return _in_one_line(show(value))
    except BaseException as another:  # noqa: BLE001 - the class may be third-party code, which can even exit
        return f"its text cannot be read, that raises {kind_of(another)}"


def _in_one_line(text: str) -> str:
    # str's own methods, not those of a subclass, and no walk through megabytes
    head = str.__getitem__(text, slice(10 * LONGEST))
    line = printable(" ".join(head.split()))
    is_whole = len(head) == str.__len__(text) and len(line) <= LONGEST
    return line if is_whole else f"{line[:LONGEST]}…"


def printable(text: str) -> str:
    """Return text with line breaks and other unprintable characters written as escapes."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def is_out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory could not be had."""
    text = text_of(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in NO_MEMORY)


class UnknownNameError(SaltbenchError):
    """A name that no registry entry, suite, parameter or published table has."""


class DuplicateNameError(SaltbenchError):
    """Two entries of one registry share a name."""


class ParameterError(SaltbenchError):
    """A parameter whose type or value is impossible."""


class ShapeError(SaltbenchError):
    """An array whose shape does not fit its contract."""


class NonFiniteError(SaltbenchError):
    """NaN or infinity where a number is needed."""


class DataError(SaltbenchError):
    """A file of a data set that is missing, damaged or not the published one."""


class UnsupportedOperationError(SaltbenchError):
    """A network operation for which an attribution method has no rule."""


class RefusedSeriesError(SaltbenchError):
    """A series, of the user or made by an attribution method, that the network does not answer."""


class IncompleteError(SaltbenchError):
    """A map that misses a part of the output's change, although its method promises all of it."""


class BudgetError(SaltbenchError):
    """A memory budget that does not hold the smallest piece of work."""


class MissingPackageError(SaltbenchError):
    """An optional package that an entry needs and that is not installed."""

    @classmethod
    def of(cls, what: str, package: str, extra: str, error: ModuleNotFoundError) -> "MissingPackageError":
        """Return the error of what needs a package that an extra of saltbench brings."""
        return cls(
            f"{what} need the package {package}, got no module '{error.name}'; "
            f"install it with pip install '.[{extra}]' in saltbench's checkout"
        )


class RandomisationError(SaltbenchError):
    """A network whose parameters cannot all be given new values."""


class PluginError(SaltbenchError):
    """A plugin file or entry point that cannot be loaded or that offers no entry."""


class ContractError(SaltbenchError):
    """An entry that does or returns what its kind must not."""


class StoreError(SaltbenchError):
    """A results folder that cannot be read or written."""


class OutputError(SaltbenchError):
    """Standard output that takes nothing more."""


class WorkerError(SaltbenchError):
    """A worker process that ended without an answer."""


class LackingDataError(SaltbenchError):
    """A figure or table that needs data which a results folder lacks."""
