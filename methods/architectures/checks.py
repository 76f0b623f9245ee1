"""Checks of sizes, dropout and input that the architectures share."""

from torch import Tensor

from ...errors import ParameterError, ShapeError, repr_of

MOST = 1_000_000  # of features, classes or neurons


def check_sizes(**sizes: int) -> None:
    """Require every named size to be from 1 to 1,000,000.

    Raises:
        ParameterError: a smaller or a larger size.
    """
    for name, size in sizes.items():
        if size < 1:
            raise ParameterError(f"{name} must be at least 1, got {size}; choose a positive number")
        if size > MOST:
            raise ParameterError(f"{name} must be at most {MOST}, got {repr_of(size)}; take a smaller number")


def check_dropout(dropout: float) -> None:
    """Require a probability below 1: at 1 nothing would reach the next layer.

    Raises:
        ParameterError: dropout outside [0, 1).
    """
    if not 0 <= dropout < 1:
        raise ParameterError(f"dropout must lie in [0, 1), got {dropout}; use 0 to switch it off")


def check_series(inputs: Tensor, features: int) -> None:
    """Require the shape (batch, time, features) with at least one time step.

    Raises:
        ShapeError: another number of axes or of features, or no time step.
    """
    shape = tuple(inputs.shape)
    if len(shape) != 3 or shape[2] != features or shape[1] < 1:
        raise ShapeError(
            f"the network takes (batch, time, {features}) with at least one time step, got {shape}; "
            "put time on the second axis and features on the third"
        )
