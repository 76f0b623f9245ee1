"""Validate the parameters of attribution methods."""

from ....errors import ParameterError, repr_of

MOST = 1_000_000  # of anything that a method counts: passes, draws, epochs, neurons


def check_least(name: str, value: float, least: int) -> None:
    """Raise unless value is at least least.

    Raises:
        ParameterError: a smaller value or NaN, with the parameter's name.
    """
    if not value >= least:
        raise ParameterError(f"{name} must be at least {least}, got {value}")


def check_count(name: str, value: int, least: int = 1) -> None:
    """Raise unless value is from least to 1,000,000.

    Raises:
        ParameterError: a smaller or a larger value, with the parameter's name.
    """
    check_least(name, value, least)
    if value > MOST:
        raise ParameterError(f"{name} must be at most {MOST}, got {repr_of(value)}; take a smaller number")
