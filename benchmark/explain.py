"""Explain a network that saltbench did not build."""

from typing import Any

from numpy.typing import ArrayLike
from torch import Tensor, nn

from ..errors import ParameterError
from ..methods.attributions.adapters import Probabilities, is_value
from ..methods.attributions.arguments import check_inputs
from ..methods.attributions.explain import attribute, bind, sample_seeds
from ..methods.attributions.lending import one_at_a_time
from ..methods.attributions.spec import MethodSpec
from .answers import check_answers, check_choice, check_model
from .registry import load_registries
from .suite import OUTPUTS
from .tensors import classes_of, like_parameters, one_each


@one_at_a_time()
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
        model: (batch, time, features) to logits (batch, classes); see `adapted` for models of another form, such as
            those that return a value.
        inputs: finite (batch, time, features); brought to the type and device of the model's parameters.
        target: the class that is explained, one for all samples or one each, (batch,); None for the predicted ones.
        method: an entry, or its name (`saltbench list methods`).
        output: explain the class's "logit", which may also be a value, or its "probability".
        baseline: (batch, time, features) or one series (time, features), what absence means; None for zeros.
        background: (any, time, features), series to draw absence from, such as training samples.
        seed: of the random numbers, where the method draws any.
        memory: bytes that may be taken beside inputs and attributions; None for a quarter of what is free.
        **parameters: the method's own.

    Raises:
        UnknownNameError: no such method or parameter.
        ShapeError, ParameterError, NonFiniteError: an argument or the model's output is not as described.
        RefusedSeriesError: the model does not answer a sample, or a series that the method makes of one.
        UnsupportedOperationError: the method cannot be applied to this model.
        BudgetError: the memory does not hold one sample.
    """
    spec = load_registries().methods.get(method) if isinstance(method, str) else method
    if spec.is_reference:
        raise ParameterError(f"'{spec.name}' is a reference map and explains no model; choose another method")
    check_model(model)
    rows = like_parameters(model, inputs)
    check_inputs(rows)
    check_answers(model, rows)
    return attribute(
        bind(spec, parameters),
        _asked(model, output),
        rows,
        classes_of(target, len(rows)),
        baseline=None if baseline is None else one_each(like_parameters(model, baseline), rows),
        background=None if background is None else like_parameters(model, background),
        seeds=sample_seeds(seed, len(rows)),
        memory=memory,
        spec=spec,
    )


def _asked(model: nn.Module, output: str) -> nn.Module:
    check_choice("output", output, OUTPUTS)
    if output == "logit":
        return model
    if is_value(model):
        raise ParameterError("output must be 'logit' for a model that returns a value, got 'probability'; leave it out")
    return Probabilities(model)
