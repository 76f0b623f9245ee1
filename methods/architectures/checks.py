"""The check of their input that the architectures share."""

from torch import Tensor

from ...errors import ShapeError


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
