"""Errors a user can act on: each message is one line that says what was expected, what was given, what to do."""


class SaltbenchError(Exception):
    """Base of every error caused by input, files or entries rather than by a fault in saltbench."""


def text_of(error: BaseException) -> str:
    """Return an error's own text in one line, or that it has none to be read."""
    try:
        return " ".join(str(error).split())
    except Exception as another:  # noqa: BLE001 - the class may be third-party code, which can raise anything
        return f"its text cannot be read, that raises {type(another).__name__}"


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


class BudgetError(SaltbenchError):
    """A memory budget that does not hold the smallest piece of work."""


class MissingPackageError(SaltbenchError):
    """An optional package that an entry needs and that is not installed."""


class RandomisationError(SaltbenchError):
    """A network whose parameters cannot all be given new values."""


class PluginError(SaltbenchError):
    """A plugin file or entry point that cannot be loaded or that offers no entry."""


class ContractError(SaltbenchError):
    """An entry that does or returns what its kind must not."""


class StoreError(SaltbenchError):
    """A results folder that cannot be read or written."""


class WorkerError(SaltbenchError):
    """A worker process that ended without an answer."""


class LackingDataError(SaltbenchError):
    """A figure or table that needs data which a results folder lacks."""
