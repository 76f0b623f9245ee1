"""Explain a network that saltbench did not build."""

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..errors import ParameterError, text_of
from ..methods.attributions.adapters import Probabilities
from ..methods.attributions.arguments import check_inputs
from ..methods.attributions.explain import attribute, bind, sample_seeds
from ..methods.attributions.spec import MethodSpec
from .answers import check_answers, check_choice
from .registry import load_registries
from .suite import OUTPUTS


def explain(
    model: nn.Module,
    inputs: Tensor | ArrayLike,
    target: Tensor | ArrayLike | int | None = None,
    *,
    method: str | MethodSpec = "integrated-gradients",
    output: str = "logit",
    baseline: Tensor | ArrayLike | None = None,
    background: Tensor | ArrayLike | None = None,
    seed: int = 0,
    memory: int | None = None,
    **parameters: Any,
) -> Tensor:
    """Return a method's attributions of a model's output, (batch, time, features), and leave the model as it was.

    Args:
        model: (batch, time, features) to logits (batch, classes); see `adapted` for models of another form.
        inputs: finite (batch, time, features); brought to the type and device of the model's parameters.
        target: the class that is explained, one for all samples or one each, (batch,); None for the predicted ones.
        method: an entry, or its name (`saltbench list methods`).
        output: explain the class's "logit" or its "probability".
        baseline: (batch, time, features) or one series (time, features), what absence means; None for zeros.
        background: (any, time, features), series to draw absence from, such as training samples.
        seed: of the random numbers, where the method draws any.
        memory: bytes that may be taken beside inputs and attributions; None for a quarter of what is free.
        **parameters: the method's own.

    Raises:
        UnknownNameError: no such method or parameter.
        ShapeError, ParameterError, NonFiniteError: an argument or the model's output is not as described.
        UnsupportedOperationError: the method cannot be applied to this model.
        BudgetError: the memory does not hold one sample.
    """
    spec = load_registries().methods.get(method) if isinstance(method, str) else method
    if spec.is_reference:
        raise ParameterError(f"'{spec.name}' is a reference map and explains no model; choose another method")
    rows = like_parameters(model, inputs)
    check_inputs(rows)
    check_answers(model, rows)
    return attribute(
        bind(spec, parameters),
        _asked(model, output),
        rows,
        classes_of(target, len(rows)),
        baseline=None if baseline is None else _one_each(like_parameters(model, baseline), rows),
        background=None if background is None else like_parameters(model, background),
        seeds=sample_seeds(seed, len(rows)),
        memory=memory,
    )


def _one_each(baseline: Tensor, rows: Tensor) -> Tensor:
    return baseline.expand(rows.shape) if baseline.shape == rows.shape[1:] else baseline


def _asked(model: nn.Module, output: str) -> nn.Module:
    check_choice("output", output, OUTPUTS)
    return Probabilities(model) if output == "probability" else model


def like_parameters(model: nn.Module, values: Tensor | ArrayLike) -> Tensor:
    """Return series in the type and on the device of a model's parameters.

    Raises:
        ParameterError: what is not real numbers of one shape.
    """
    tensor = values if isinstance(values, Tensor) else _tensor(values)
    if tensor.is_complex():
        raise ParameterError(
            f"series must be real numbers, got {tensor.dtype}; give real and imaginary parts as features of their own"
        )
    parameter = next((p for p in model.parameters() if p.is_floating_point()), None)
    if parameter is None:
        return tensor if tensor.is_floating_point() else tensor.float()
    return tensor.to(parameter.device, parameter.dtype)


def classes_of(target: Tensor | ArrayLike | int | None, batch: int) -> Tensor | None:
    """Return one class a sample, (batch,), of one for all or one each; None stays None.

    Raises:
        ParameterError: what is not numbers of one shape.
    """
    if target is None or isinstance(target, Tensor):
        return target
    classes = _tensor(target) if np.size(target) else torch.empty(0, dtype=torch.int64)
    return classes.expand(batch) if classes.ndim == 0 else classes


def _tensor(values: ArrayLike) -> Tensor:
    """Return a copy of values, which may be read-only, reversed or in another byte order.

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
