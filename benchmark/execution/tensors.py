"""Series and classes that a user gives, as tensors in a network's type and place."""

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ...errors import ParameterError, text_of


def like_parameters(model: nn.Module, values: Tensor | ArrayLike) -> Tensor:
    """Return series, (batch, time, features), in the type and on the device of a model's parameters.

    Raises:
        ParameterError: what is not real numbers of one shape.
    """
    tensor = values if isinstance(values, Tensor) else as_tensor(values)
    if tensor.is_complex():
        raise ParameterError(
            f"series must be real numbers, got {tensor.dtype}; give real and imaginary parts as features of their own"
        )
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    if parameter is None:
        return tensor if tensor.is_floating_point() else tensor.float()
    return tensor.to(parameter.device, parameter.dtype)


def one_each(baseline: Tensor, rows: Tensor) -> Tensor:
    """Return a baseline with one series for each of the rows, (batch, time, features), of these or of one for all."""
    return baseline.expand(rows.shape) if baseline.shape == rows.shape[1:] else baseline


def classes_of(target: Tensor | ArrayLike | int | None, batch: int) -> Tensor | None:
    """Return one class a sample, (batch,), of one for all or one each, whole numbers as int64; None stays None.

    Raises:
        ParameterError: what is not numbers of one shape.
    """
    if target is None:
        return None
    classes = target if isinstance(target, Tensor) else as_tensor(target)
    if torch.can_cast(classes.dtype, torch.int64) or not classes.numel():
        classes = classes.long()
    return classes.expand(batch) if classes.ndim == 0 else classes


def as_tensor(values: ArrayLike) -> Tensor:
    """Return a copy of values of any shape, (…), which may be read-only, reversed or in another byte order.

    Raises:
        ParameterError: what is not numbers of one shape.
    """
    try:
        array = np.array(values, order="C")
        return torch.as_tensor(array.astype(array.dtype.newbyteorder("="), copy=False))
    except (TypeError, ValueError) as error:
        raise ParameterError(
            "series and classes must be a tensor, an array or nested lists of numbers, "
            f"got {type(values).__name__}: {text_of(error)}; convert it"
        ) from error
