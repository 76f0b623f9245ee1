"""Explain a network that saltbench did not build."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from ...errors import ParameterError
from ...methods.attributions.array_functions import as_network
from ...methods.attributions.checks.completeness import TOLERANCE, check_tolerance
from ...methods.attributions.explain import sample_seeds
from ...methods.attributions.passes.lending import one_at_a_time
from ...methods.attributions.spec import MethodSpec
from ..suites.installed_entries import installed_registries
from .answering import answer
from .explanation import Explanation
from .inputs import read_embedded, read_inputs
from .kinds.given_kinds import Kinds
from .kinds.kind import ArrayExplanation
from .request import Question, Request
from .targets import Target, chosen_targets

Model = nn.Module | Callable[..., Any]
Inputs = Tensor | ArrayLike | Sequence[Any] | Mapping[str, Any]
Hold = Tensor | ArrayLike | str | Sequence[str | int] | Mapping[str | int, Any]


@overload
def explain(
    model: Model,
    inputs: Tensor,
    target: Target = ...,
    *,
    targets: Sequence[Target] | None = ...,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    embedding: str | Sequence[str] | None = ...,
    axes: str | Sequence[Any] | None = ...,
    lengths: Tensor | ArrayLike | str | None = ...,
    mask: Tensor | ArrayLike | str | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> Explanation: ...


@overload
def explain(
    model: Model,
    inputs: NDArray[Any],
    target: Target = ...,
    *,
    targets: Sequence[Target] | None = ...,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    embedding: str | Sequence[str] | None = ...,
    axes: str | Sequence[Any] | None = ...,
    lengths: Tensor | ArrayLike | str | None = ...,
    mask: Tensor | ArrayLike | str | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> ArrayExplanation: ...


@overload
def explain(
    model: Model,
    inputs: Mapping[str, Any],
    target: Target = ...,
    *,
    targets: Sequence[Target] | None = ...,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    embedding: str | Sequence[str] | None = ...,
    axes: str | Sequence[Any] | None = ...,
    lengths: Tensor | ArrayLike | str | None = ...,
    mask: Tensor | ArrayLike | str | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> dict[str, Any]: ...


@overload
def explain(
    model: Model,
    inputs: Inputs,
    target: Target = ...,
    *,
    targets: Sequence[Target] | None = ...,
    method: str | MethodSpec = ...,
    output: str = ...,
    baseline: Inputs | None = ...,
    background: Inputs | None = ...,
    hold: Hold | None = ...,
    embedding: str | Sequence[str] | None = ...,
    axes: str | Sequence[Any] | None = ...,
    lengths: Tensor | ArrayLike | str | None = ...,
    mask: Tensor | ArrayLike | str | None = ...,
    seed: int = ...,
    memory: int | None = ...,
    tolerance: float = ...,
    **parameters: Any,
) -> Any: ...


@one_at_a_time()
def explain(
    model: Model,
    inputs: Inputs,
    target: Target = None,
    *,
    targets: Sequence[Target] | None = None,
    method: str | MethodSpec = "integrated-gradients",
    output: str = "logit",
    baseline: Inputs | None = None,
    background: Inputs | None = None,
    hold: Hold | None = None,
    embedding: str | Sequence[str] | None = None,
    axes: str | Sequence[Any] | None = None,
    lengths: Tensor | ArrayLike | str | None = None,
    mask: Tensor | ArrayLike | str | None = None,
    seed: int = 0,
    memory: int | None = None,
    tolerance: float = TOLERANCE,
    **parameters: Any,
) -> Any:
    """Return a method's attributions of a model's output, (batch, time, features), and leave the model as it was.

    They are a tensor that also says what it is of, see `Explanation`.

    Args:
        model: (batch, time, features) to logits (batch, classes); see `adapted` for models of another form, such as
            those that return a value. Or a function from arrays (samples, time, features) to scores, explained as they
            are by methods that need no gradients.
        inputs: (batch, time, features), finite, or NaN where a value is missing, which is held; brought to the type and
            device of the model's parameters. For a model that takes several: a tuple or list of them, or a dictionary
            by name, each a series with as many steps, static features (batch, features) or (batch,), or what is held,
            of any shape. The attributions are in the same structure.
        target: the class that is explained, one for all samples or one each, (batch,); None for the predicted ones.
            Where the model returns more than a row, such as (batch, time, classes) or (batch, horizons, variables), a
            tuple, (step, class), of numbers for all samples or one each, -1 for the last; None in the place of the
            class for the one predicted at that step. ("each", class) explains every step of a causal network: at step t
            of the map stands what the method gives the last of the first t steps, explaining the answer there.
        targets: several such, in place of one: the maps stand behind each other, (targets, batch, time, features).
        method: an entry, or its name (`saltbench list methods`).
        output: explain the class's "logit", which may also be a value, or its "probability".
        baseline: (batch, time, features) or one series (time, features), what absence means; None for zeros. In the
            structure of several inputs.
        background: (any, time, features), series to draw absence from, such as training samples. In the structure of
            several inputs.
        hold: what stays as it is in every row that the model sees, and gets 0: the features of one series, or a mask
            (features,); names or positions of inputs; or a dictionary of inputs with True or their features.
        embedding: the name of a module of the model, such as an embedding, or several: explained is what they return,
            of which the map has the shape, and all inputs are held. Baseline and background are of these, by name if
            several.
        axes: the order in which inputs have their axes, such as ("cases", "channels", "time") or "nct"; None for
            (batch, time, features), which the model takes, see `adapted` for others. Of a data frame its columns of
            case and time, or of case, time, feature and value. Maps come back as the inputs are.
        lengths: how many of the first steps are real, (batch,), or the name of the input that says it; what comes after
            is padding, which is held, gets 0, and is in no segment or window.
        mask: which entries are real, (batch, time) or (batch, time, features), in place of lengths.
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
    spec = installed_registries().methods.one(method)
    if spec.is_reference:
        raise ParameterError(f"'{spec.name}' is a reference map and explains no model; choose another method")
    network = as_network(model)
    check_tolerance(tolerance)
    spec.configure(parameters)  # before the network is asked anything
    chosen = chosen_targets(target, targets)
    kinds = Kinds.of(inputs, axes)
    if embedding is None:
        given = read_inputs(network, kinds.read(inputs), hold, lengths, mask)
    else:
        network, given = read_embedded(network, kinds.read(inputs), embedding, hold, lengths, mask)
        kinds = Kinds.of_tensors(len(given.explained))
    absent = given.baseline(network, kinds.read(baseline))
    drawn_from = given.background(network, kinds.read(background))
    question = Question(network, given, absent, drawn_from, sample_seeds(seed, len(given.rows)))
    request = Request(spec, parameters, output, memory, tolerance)
    found = answer(request, question, chosen)
    seconds = time.perf_counter() - started
    explanations = request.explanations(question, found, targets is not None, seconds)
    return given.in_kind(kinds.give(explanations, targets is not None))
