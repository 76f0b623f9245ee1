"""Explain a network that saltbench did not build."""

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple, overload

from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ...errors import ParameterError, SaltbenchError
from ...methods.attributions.adapters import Probabilities, is_value
from ...methods.attributions.bound_method import bind
from ...methods.attributions.checks.completeness import TOLERANCE, check_tolerance, completed, is_promised
from ...methods.attributions.checks.completeness import Explanation as Explained
from ...methods.attributions.checks.guard import attribute_checked
from ...methods.attributions.explain import predicted_classes, sample_seeds
from ...methods.attributions.fingerprints.facts import kept_still
from ...methods.attributions.inputs.several_inputs import check_joint
from ...methods.attributions.passes.lending import one_at_a_time
from ...methods.attributions.passes.model_state import lend_once
from ...methods.attributions.spec import MethodSpec
from ..execution.network_checks.network_checks import check_answers, check_choice, check_model
from ..execution.tensors import classes_of
from ..suites.installed_entries import installed_registries
from ..suites.suite import OUTPUTS
from .explanation import Explanation
from .inputs import read_inputs

Inputs = Tensor | ArrayLike | Sequence[Any] | Mapping[str, Any]
Maps = Explanation | list[Explanation] | tuple[Explanation, ...] | dict[str, Explanation]
Hold = Tensor | ArrayLike | str | Sequence[str | int] | Mapping[str | int, Any]


@overload
def explain(
    model: nn.Module,
    inputs: Tensor | NDArray[Any],
    target: Tensor | ArrayLike | int | None = ...,
    *,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> Explanation: ...


@overload
def explain(
    model: nn.Module,
    inputs: Mapping[str, Any],
    target: Tensor | ArrayLike | int | None = ...,
    *,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> dict[str, Explanation]: ...


@overload
def explain(
    model: nn.Module,
    inputs: Inputs,
    target: Tensor | ArrayLike | int | None = ...,
    *,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> Maps: ...


@one_at_a_time()
def explain(
    model: nn.Module,
    inputs: Inputs,
    target: Tensor | ArrayLike | int | None = None,
    *,
    method: str | MethodSpec = "integrated-gradients",
    output: str = "logit",
    baseline: Inputs | None = None,
    background: Inputs | None = None,
    hold: Hold | None = None,
    seed: int = 0,
    memory: int | None = None,
    tolerance: float = TOLERANCE,
    **parameters: Any,
) -> Maps:
    """Return a method's attributions of a model's output, (batch, time, features), and leave the model as it was.

    They are a tensor that also says what it is of, see `Explanation`.

    Args:
        model: (batch, time, features) to logits (batch, classes); see `adapted` for models of another form, such as
            those that return a value.
        inputs: finite (batch, time, features); brought to the type and device of the model's parameters. For a model
            that takes several: a tuple or list of them, or a dictionary by name, each a series with as many steps,
            static features (batch, features) or (batch,), or what is held, of any shape. The attributions are in the
            same structure.
        target: the class that is explained, one for all samples or one each, (batch,); None for the predicted ones.
        method: an entry, or its name (`saltbench list methods`).
        output: explain the class's "logit", which may also be a value, or its "probability".
        baseline: (batch, time, features) or one series (time, features), what absence means; None for zeros. In the
            structure of several inputs.
        background: (any, time, features), series to draw absence from, such as training samples. In the structure of
            several inputs.
        hold: what stays as it is in every row that the model sees, and gets 0: the features of one series, or a mask
            (features,); names or positions of inputs; or a dictionary of inputs with True or their features.
        seed: of the random numbers, where the method draws any.
        memory: bytes that may be taken beside inputs and attributions; None for a quarter of what is free.
        tolerance: share of the output's change that a map may miss whose method promises all of it, see
            `completeness.completed`; float("inf") accepts any map.
        **parameters: the method's own.

    Raises:
        UnknownNameError: no such method or parameter.
        ShapeError, ParameterError, NonFiniteError: an argument or the model's output is not as described.
        RefusedSeriesError: the model does not answer a sample, or a series that the method makes of one.
        IncompleteError: a map misses more of the output's change than the tolerance.
        UnsupportedOperationError: the method cannot be applied to this model.
        BudgetError: the memory does not hold one sample.
        ContractError: a method of one's own changes what it is lent, or draws random numbers without seeds.
    """
    started = time.perf_counter()
    spec = installed_registries().methods.get(method) if isinstance(method, str) else method
    if spec.is_reference:
        raise ParameterError(f"'{spec.name}' is a reference map and explains no model; choose another method")
    check_model(model)
    check_tolerance(tolerance)
    given = read_inputs(model, inputs, hold)
    explained, rows = given.model(model), given.rows
    if given.layout is not None:
        check_joint(spec, bind(spec, parameters).takes.names, given.layout)
    with kept_still(explained):
        check_answers(explained, rows)
        asked, classes = _asked(explained, output), classes_of(target, len(rows))
        absent = given.baseline(model, baseline)
        options: dict[str, Any] = {
            "baseline": absent,
            "background": given.background(model, background),
            "seeds": sample_seeds(seed, len(rows)),
            "memory": memory,
            "parts": None if given.layout is None else given.layout.spans,
        }
        with lend_once(asked, rows.device) if spec.is_shipped else nullcontext():
            found = _complete(spec, parameters, asked, rows, classes, tolerance, options)
    maps = given.maps(found.attributions, spec.is_complete)
    takes_baseline = "baseline" in bind(spec, parameters).takes.names
    absences = given.absences(absent) if takes_baseline else [None] * len(maps)
    notes: dict[str, Any] = {
        "method": spec.name,
        "version": spec.version,
        "parameters": spec.configure(parameters),
        "target": found.classes,
        "residual": found.residual,
        "seconds": time.perf_counter() - started,
    }
    pairs = zip(maps, absences, strict=True)
    explanations: Maps = given.in_kind([Explanation(own, baseline=absence, **notes) for own, absence in pairs])
    return explanations


class _Found(NamedTuple):
    """Maps, (batch, time, features), of these classes, int64 (batch,), and what they miss, float64 (batch,)."""

    attributions: Tensor
    classes: Tensor | None
    residual: Tensor | None


def _complete(
    spec: MethodSpec,
    parameters: Mapping[str, Any],
    model: nn.Module,
    rows: Tensor,
    classes: Tensor | None,
    tolerance: float,
    options: Mapping[str, Any],
) -> _Found:
    """Return the attributions of rows, (batch, time, features), after checking that they are complete if promised."""
    is_measured = spec.is_complete and len(rows) > 0
    if is_measured and classes is None:
        classes = predicted_classes(model, rows, options["memory"])
    attributions = attribute_checked(spec, parameters, model, rows, target=classes, **options)
    if not is_measured or classes is None:
        return _Found(attributions, classes, None)
    explained = Explained(spec, spec.configure(parameters), model, rows, classes.to(rows.device), **options)
    try:
        ends = explained.ends()
    except SaltbenchError:
        if math.isfinite(tolerance) and is_promised(spec):
            raise
        return _Found(attributions, classes, None)  # any map is accepted
    if is_promised(spec):
        attributions = completed(explained, attributions, ends, tolerance)
    return _Found(attributions, classes, attributions.double().sum((1, 2)) - ends.change)


def _asked(model: nn.Module, output: str) -> nn.Module:
    check_choice("output", output, OUTPUTS)
    if output == "logit":
        return model
    if is_value(model):
        raise ParameterError("output must be 'logit' for a model that returns a value, got 'probability'; leave it out")
    return Probabilities(model)
