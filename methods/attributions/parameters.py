"""What is asked of the parameters of an attribution method."""

from ...errors import ParameterError


def check_least(name: str, value: float, least: int) -> None:
    """Raise unless value is at least least.

    Raises:
        ParameterError: a smaller value or NaN, with the parameter's name.
    """
    if not value >= least:
        raise ParameterError(f"{name} must be at least {least}, got {value}")
