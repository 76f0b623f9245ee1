"""Validate the arguments and results of an attribution."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ....errors import NonFiniteError, ParameterError, ShapeError

CHANGED_IN_PLACE = (
    "the model must leave its inputs as they are, got them changed in place; "
    "let it work on a copy: write x = x.clone() first in forward"
)


def check_inputs(inputs: Tensor) -> None:
    """Raise unless inputs are finite floating-point numbers of shape (batch, time, features).

    Raises:
        ShapeError: another shape, or no time step or feature.
        ParameterError: another type of numbers.
        NonFiniteError: NaN or infinity.
    """
    if inputs.ndim != 3:
        raise ShapeError(f"inputs must have shape (batch, time, features), got {tuple(inputs.shape)}")
    if not inputs.shape[1] or not inputs.shape[2]:
        raise ShapeError(
            f"inputs must have at least one time step and one feature, got {tuple(inputs.shape)}; "
            "check how the series were cut"
        )
    if not inputs.is_floating_point():
        raise ParameterError(f"inputs must be floating point, got {inputs.dtype}; convert them with .float()")
    count = count_nonfinite(inputs)
    if count:
        raise NonFiniteError(
            f"inputs must be finite, got NaN or infinity in {count} of {len(inputs)} samples; clean the series first"
        )


def check_alike(name: str, value: Tensor, inputs: Tensor) -> Tensor:
    """Return value in the inputs' type and place, after checking that it is finite and has their shape, (batch, …).

    Raises:
        ShapeError: another shape.
        NonFiniteError: NaN or infinity.
    """
    if value.shape != inputs.shape:
        raise ShapeError(
            f"{name} must have the inputs' shape {tuple(inputs.shape)}, got {tuple(value.shape)}; expand it"
        )
    count = count_nonfinite(value)
    if count:
        raise NonFiniteError(f"{name} must be finite, got NaN or infinity in {count} of {len(value)} samples")
    return value.detach().to(inputs)


def check_fixed(fixed: Tensor, inputs: Tensor) -> Tensor:
    """Return which entries are fixed in the inputs' place, after checking that they are bool (batch, time, features).

    Raises:
        ShapeError: another shape.
        ParameterError: another type.
    """
    if fixed.shape != inputs.shape:
        raise ShapeError(
            f"fixed must have the inputs' shape {tuple(inputs.shape)}, got {tuple(fixed.shape)}; expand it"
        )
    if fixed.dtype != torch.bool:
        raise ParameterError(f"fixed must be bool, got {fixed.dtype}; convert it with .bool()")
    return fixed.to(inputs.device)


def check_background(background: Tensor, inputs: Tensor) -> Tensor:
    """Return background in the inputs' type and place, after checking that it is (any, time, features).

    Raises:
        ShapeError: no series, or series of another size.
        NonFiniteError: NaN or infinity.
    """
    if background.ndim != 3 or not len(background) or background.shape[1:] != inputs.shape[1:]:
        wanted = ("any", *inputs.shape[1:])
        raise ShapeError(
            f"background must hold series of the inputs' size ({', '.join(map(str, wanted))}), "
            f"got {tuple(background.shape)}; give training samples"
        )
    count = count_nonfinite(background)
    if count:
        raise NonFiniteError(f"background must be finite, got NaN or infinity in {count} of {len(background)} series")
    return background.detach().to(inputs)


def check_placement(model: nn.Module, inputs: Tensor) -> None:
    """Raise unless inputs, (batch, time, features), have the type and the device of the model's parameters.

    Raises:
        ParameterError: another type or device.
    """
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    if parameter is None or (parameter.dtype, parameter.device) == (inputs.dtype, inputs.device):
        return
    raise ParameterError(
        f"inputs must be {parameter.dtype} on {parameter.device} like the model's parameters, "
        f"got {inputs.dtype} on {inputs.device}; convert them with .to(next(model.parameters()))"
    )


def check_target(target: Tensor, inputs: Tensor) -> Tensor:
    """Return target, (batch,), in the place of inputs, after checking that it is one int64 class a sample.

    Raises:
        ParameterError: another type.
        ShapeError: another shape.
    """
    if target.dtype != torch.int64:
        raise ParameterError(f"target must be int64, got {target.dtype}; convert it with .long()")
    if target.shape != (len(inputs),):
        raise ShapeError(f"target must have shape ({len(inputs)},), one class a sample, got {tuple(target.shape)}")
    return target.to(inputs.device)


def check_outputs(outputs: object, batch: int) -> None:
    """Raise unless outputs are finite real (batch, classes).

    Raises:
        ShapeError: outputs of another shape, or of something else.
        ParameterError: outputs of another type.
        NonFiniteError: NaN or infinity in an output.
    """
    if not isinstance(outputs, Tensor) or outputs.ndim != 2 or len(outputs) != batch:
        got = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        raise ShapeError(f"the model must map {batch} samples to ({batch}, classes), got {got}; wrap it in a module")
    check_logits(outputs)
    check_finite(outputs)


def check_classes(classes: int, target: Tensor | None) -> None:
    """Raise unless every target, (batch,), is one of so many classes.

    Raises:
        ParameterError: a target that is none of the classes.
    """
    if target is not None and classes == 1 and bool((target != 0).any()):
        raise ParameterError(
            f"target must be 0 or None, the model returns one value, got {int(target.min())} … {int(target.max())}; "
            "leave target out"
        )
    if target is not None and not bool(((target >= 0) & (target < classes)).all()):
        raise ParameterError(
            f"target must lie in 0 … {classes - 1}, the model's {classes} classes, "
            f"got {int(target.min())} … {int(target.max())}"
        )


def check_finite(outputs: Tensor) -> Tensor:
    """Return a model's outputs, (batch, classes), after checking that they are finite.

    Raises:
        NonFiniteError: NaN or infinity.
    """
    if count_nonfinite(outputs):
        raise NonFiniteError("the model's outputs must be finite, got NaN or infinity; check its weights and its input")
    return outputs


def check_logits(outputs: Tensor) -> None:
    """Raise unless outputs, (batch, classes), are of a floating-point type.

    Raises:
        ParameterError: another type, such as whole numbers.
    """
    if not outputs.is_floating_point():
        raise ParameterError(
            f"the model's outputs must be floating-point logits, got {outputs.dtype}; "
            "return what comes before rounding or argmax, or convert them with .float()"
        )


def check_unchanged(given: Tensor, inputs: Tensor) -> None:
    """Raise unless what a model was given is still equal to the inputs, (batch, time, features), that it was a copy of.

    Raises:
        ParameterError: the model changed it in place.
    """
    if not torch.equal(given, inputs):
        raise ParameterError(CHANGED_IN_PLACE)


def check_unwritten(given: Tensor, version: int) -> None:
    """Raise if a model wrote to what it was given, be it what stood there: autograd allows no `x[x.isnan()] = 0`.

    Args:
        given: the model's input, (batch, time, features), no tensor of `torch.inference_mode`.
        version: its `_version` before, which every operation in place counts up, also one on a view.

    Raises:
        ParameterError: it wrote.
    """
    if given._version != version:
        raise ParameterError(CHANGED_IN_PLACE)


def check_seeds(seeds: Sequence[int], batch: int) -> list[int]:
    """Return the seeds as integers, after checking that there is one a sample.

    Raises:
        ShapeError: more or fewer.
    """
    if len(seeds) != batch:
        raise ShapeError(f"seeds must be {batch} integers, one a sample, got {len(seeds)}; use sample_seeds")
    return [int(seed) for seed in seeds]


def check_attributions(attributions: object, inputs: Tensor) -> Tensor:
    """Return attributions, (batch, time, features), after checking that they are finite, in shape and place as inputs.

    Raises:
        ShapeError: another shape, or something else.
        ParameterError: no floating-point numbers, or on another device.
        NonFiniteError: NaN or infinity.
    """
    if not isinstance(attributions, Tensor) or attributions.shape != inputs.shape:
        got = tuple(attributions.shape) if isinstance(attributions, Tensor) else type(attributions).__name__
        raise ShapeError(f"the method must return attributions of the inputs' shape {tuple(inputs.shape)}, got {got}")
    if not attributions.is_floating_point() or attributions.device != inputs.device:
        raise ParameterError(
            f"the method must return floating-point attributions on {inputs.device}, "
            f"got {attributions.dtype} on {attributions.device}; convert them with .to(inputs)"
        )
    count = count_nonfinite(attributions)
    if count:
        raise NonFiniteError(
            f"attributions must be finite, got NaN or infinity in {count} of {len(inputs)} samples "
            "of a chunk; check the model's outputs, or compute in float64"
        )
    return attributions.detach()


def count_nonfinite(values: Tensor) -> int:
    """Return in how many samples values, (batch, …), are NaN or infinite."""
    # A finite sum has finite terms, and takes a twentieth of the time; that of large finite terms may still overflow
    if bool(torch.isfinite(values.sum())):
        return 0
    return int((~torch.isfinite(values)).flatten(1).any(1).sum())
