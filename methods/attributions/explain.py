"""Run an attribution method on a network, chunk by chunk in bounded memory."""

import functools
from collections.abc import Callable, Hashable, Mapping, MutableMapping, Sequence
from numbers import Integral
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ParameterError
from .bound_method import BoundMethod, Method, bound
from .fingerprints.digests import digest_of
from .fingerprints.facts import facts_of, kept_still, measured_of
from .gradient_failures import translate_gradient_failures
from .inputs.held_inputs import each_condition, find_conditioned
from .interception.true_gradients import HiddenCalls, TrueGradients, needs_left_numbers
from .passes.budget import PROBE, Budget
from .passes.malloc import expect_large_blocks
from .passes.model_state import lend
from .passes.passes import Passes, Piece, pick
from .passes.segments import Span
from .refusals import Work, tell_causes, work_of
from .spec import PER_SAMPLE, MethodSpec, Taken
from .validation.arguments import (
    check_alike,
    check_attributions,
    check_background,
    check_classes,
    check_finite,
    check_fixed,
    check_inputs,
    check_outputs,
    check_placement,
    check_seeds,
    check_target,
    check_unchanged,
    check_unwritten,
)

Explain = Callable[[Sequence[int]], Tensor]  # of some samples, (samples, time, features)


def sample_seeds(seed: int, count: int) -> list[int]:
    """Return count seeds in [0, 2^63) drawn from one seed; more seeds begin with the same ones.

    Raises:
        ParameterError: a seed or count that is no whole number, or negative.
    """
    if not all(isinstance(number, Integral) and number >= 0 for number in (seed, count)):
        raise ParameterError(
            f"sample_seeds needs a seed and a count that are whole numbers of at least 0, got {seed!r} and {count!r}"
        )
    words = np.random.SeedSequence(seed).generate_state(count, np.uint64)
    return [int(word) >> 1 for word in words]


def attribute(
    method: Method,
    model: nn.Module | None,
    inputs: Tensor,
    target: Tensor | None = None,
    *,
    baseline: Tensor | None = None,
    background: Tensor | None = None,
    truth: Tensor | None = None,
    seeds: Sequence[int] | None = None,
    memory: int | None = None,
    spec: MethodSpec | None = None,
    parts: Sequence[Span] | None = None,
    fixed: Tensor | None = None,
) -> Tensor:
    """Return a method's attributions, (batch, time, features), computed chunk by chunk in bounded memory.

    The method gets those arguments that its signature names, as `MethodSpec` lists them; the model is in
    evaluation mode with frozen parameters meanwhile, and is left as it was, see `lend`.

    Args:
        method: a function as `MethodSpec` describes, with its own parameters bound (see `bind`).
        model: (batch, time, features) to (batch, classes); None for methods that do not look at it. One that is
            `Conditioned` on a sample explains those samples together whose held values are the same.
        inputs: finite floating point (batch, time, features), of the model's type and device.
        target: int64 (batch,), the explained class of each sample; None explains the predicted class.
        baseline: (batch, time, features), what absence of the input means; None for zeros.
        background: (any, time, features), series to draw absence from, such as training samples.
        truth: (batch, time, features) in [0, 1], for reference methods.
        seeds: one integer a sample (see `sample_seeds`), for methods that draw random numbers.
        memory: bytes that may be taken beside inputs and attributions; None for `default_memory`. From
            `usual_memory` on it does not change a bit of the attributions; less changes their rounding (see
            `rounding`), since fewer samples go through the model at once.
        spec: the method's entry, by which errors name it.
        parts: the features of each of several inputs that make up the series (see `several_inputs`); None for one.
        fixed: bool (batch, time, features), entries that the model sees as they are whatever a row says; None for none.

    Returns:
        (batch, time, features), finite, in the units the method states.

    Raises:
        ShapeError: an argument, the model's output or the method's result of an unexpected shape.
        ParameterError: an argument of the wrong type, out of range, or missing although the method names it.
        NonFiniteError: NaN or infinity in an argument, in the model's outputs or in the attributions.
        RefusedSeriesError: the model does not answer a sample, or a series that the method makes of one.
        UnsupportedOperationError: the method cannot be applied to this model.
        BudgetError: the memory does not hold one sample.
    """
    check_inputs(inputs)
    inputs = inputs.detach()
    ready = bound(method)
    given: dict[str, Any] = {"inputs": inputs, "model": model, "parts": parts}
    if baseline is not None:
        given["baseline"] = check_alike("baseline", baseline, inputs)
    elif "baseline" in ready.takes.names:
        given["baseline"] = torch.zeros_like(inputs)
    given["background"] = None if background is None else check_background(background, inputs)
    given["truth"] = None if truth is None else check_alike("truth", truth, inputs)
    given["fixed"] = None if fixed is None else check_fixed(fixed, inputs)
    given["seeds"] = None if seeds is None else check_seeds(seeds, len(inputs))
    given["target"] = None if target is None else check_target(target, inputs)
    _require(ready.takes, given)
    if not len(inputs):
        return inputs.clone()
    budget = Budget(memory, inputs.device, None if model is None else _measured(model, ready, spec, inputs))
    if model is None:
        return _in_chunks(functools.partial(_explain, ready, given, spec, range(len(inputs))), inputs, budget)
    expect_large_blocks()
    condition = find_conditioned(model)
    with kept_still(model), lend(model, inputs.device):
        given = {name: _with_gradients(value) for name, value in given.items()}
        everyone = range(len(inputs))
        first = given["inputs"][: PROBE if condition is None else 1]
        with tell_causes(work_of(ready, spec, given, everyone)):
            given["model"] = model = _checked(model, first, given["target"])
        passes = Passes(model, budget)
        explain = functools.partial(_attributed, ready, {**given, "passes": passes}, spec, budget)
        if condition is None:
            return explain(everyone)
        attributions = torch.empty_like(inputs)
        for rows in condition.groups(len(inputs)):
            condition.give(rows[0])
            attributions[rows] = explain(rows)
        return attributions


def _attributed(
    method: BoundMethod,
    given: dict[str, Any],
    spec: MethodSpec | None,
    budget: Budget,
    rows: Sequence[int],
) -> Tensor:
    """Return the attributions of some samples, with which the model gets nothing else, or the same."""
    part = {name: rows_of(value, rows) if name in PER_SAMPLE else value for name, value in given.items()}
    inputs, passes = part["inputs"], part["passes"]
    if part["target"] is None:
        with tell_causes(work_of(method, spec, part, rows)):
            part["target"] = _answers(passes.model, inputs, passes).argmax(1)
    explain = functools.partial(_explain, method, part, spec, rows)
    if "passes" in method.takes.names:
        return _in_chunks(explain, inputs, budget)
    return _in_passes(explain, inputs, part["target"], passes)


def _require(takes: Taken, given: Mapping[str, Any]) -> None:
    # A missing target is filled in with the predicted class, which takes the model
    missing = [name for name in takes.required if name not in ("target", "passes") and given[name] is None]
    if given["model"] is None and "passes" in takes.required:
        missing.append("model")
    if given["model"] is None and given["target"] is None and "target" in takes.required:
        missing.append("target")
    if missing:
        raise ParameterError(f"the method needs {', '.join(missing)}, got None; pass {missing[0]}=")


def _in_chunks(explain: Explain, inputs: Tensor, budget: Budget) -> Tensor:
    """Return the attributions of a method that makes its passes itself, or none, for a chunk of samples at a time."""
    attributions = torch.empty_like(inputs)
    size = budget.samples(inputs[0].numel() * inputs.element_size())
    for start in range(0, len(inputs), size):
        samples = slice(start, min(start + size, len(inputs)))
        attributions[samples] = explain(range(len(inputs))[samples])
    return attributions


def _in_passes(explain: Explain, inputs: Tensor, target: Tensor, passes: Passes) -> Tensor:
    """Return the attributions of a method that makes one pass for all samples it gets: the method is the pass."""
    attributions = torch.empty_like(inputs)

    def compute(pieces: Sequence[Piece]) -> Tensor:
        return explain([row for samples, _ in pieces for row in range(samples.start, samples.stop)])

    def take(samples: slice, _draws: slice, part: Tensor) -> None:
        attributions[samples, None] = part

    passes.each("method", target, 1, compute, take)
    return attributions


def _explain(
    method: BoundMethod,
    given: Mapping[str, Any],
    spec: MethodSpec | None,
    numbers: Sequence[int],
    rows: Sequence[int],
) -> Tensor:
    """Return the attributions of some of the given rows, whose samples have these numbers."""
    part = {name: rows_of(given[name], rows) if name in PER_SAMPLE else given[name] for name in method.takes.names}
    like = given["inputs"][:1].expand(len(rows), -1, -1)  # gathering the rows once more would copy them
    if given["model"] is None:
        return check_attributions(method(**part), like)
    own = [numbers[row] for row in rows]
    work = work_of(method, spec, {**given, **part}, own, again=lambda: method(**part))
    with tell_causes(work), translate_gradient_failures():
        return check_attributions(method(**part), like)


def rows_of(values: Any, rows: Sequence[int]) -> Any:
    """Return some rows of a tensor (batch, …), as a view where they follow each other, or of a sequence; None of None.

    Args:
        values: one value a sample.
        rows: the samples' numbers, in any order.
    """
    if values is None:
        return None
    if not isinstance(values, Tensor):
        return [values[row] for row in rows]
    if rows and list(rows) == list(range(rows[0], rows[0] + len(rows))):
        return values[rows[0] : rows[0] + len(rows)]
    return values[list(rows)]


def _with_gradients(value: Any) -> Any:
    # What was made in torch.inference_mode takes no part in gradients
    return value.clone() if isinstance(value, Tensor) and value.is_inference() else value


def _checked(model: nn.Module, inputs: Tensor, target: Tensor | None) -> nn.Module:
    """Return the model, with gradients that are true, after checking that it answers inputs (batch, time, features)."""
    check_placement(model, inputs)
    facts, asked = facts_of(model), (inputs.shape, inputs.dtype, inputs.device, digest_of(inputs))
    known, first = facts.get("first pass", (None, None))
    if known != asked:
        first = _first_pass(model, inputs)
        facts["first pass"] = asked, first
    check_classes(first.classes, target)
    return TrueGradients(model, first.needs_left) if first.hides else model


class _FirstPass(NamedTuple):
    """What a model was seen to do in a pass.

    Attributes:
        classes: how many it tells apart.
        hides: parts of it are hidden from autograd.
        needs_left: its outputs depend on numbers that leave PyTorch.
    """

    classes: int
    hides: bool
    needs_left: bool


def _first_pass(model: nn.Module, inputs: Tensor) -> _FirstPass:
    first = inputs.clone()
    hidden = HiddenCalls()
    with torch.no_grad(), hidden:
        outputs = model(first)
    check_unchanged(first, inputs)
    check_unwritten(first, 0)
    check_outputs(outputs, len(first))
    needs_left = hidden.leaves and needs_left_numbers(model, inputs)
    return _FirstPass(outputs.shape[1], hidden.hides or hidden.leaves, needs_left)


def _measured(
    model: nn.Module, method: BoundMethod, spec: MethodSpec | None, inputs: Tensor
) -> MutableMapping[Hashable, int] | None:
    """Return what rows of the passes of a method that ships with saltbench took, or None for any other."""
    if spec is None or not spec.is_shipped:
        return None
    return measured_of(model, (spec.name, repr(method.parameters)), inputs)


def predicted_classes(model: nn.Module, inputs: Tensor, memory: int | None = None) -> Tensor:
    """Return the class that a model predicts for each series, int64 (batch,), as `attribute` finds it.

    Args:
        model: (batch, time, features) to (batch, classes).
        inputs: finite (batch, time, features), of the model's type and device.
        memory: bytes that may be taken.

    Raises:
        RefusedSeriesError, NonFiniteError: the model does not answer a sample, or by NaN or infinity.
        BudgetError: the memory does not hold one sample.
    """
    return answers_of(model, inputs, memory).argmax(1)


def answers_of(model: nn.Module, inputs: Tensor, memory: int | None = None) -> Tensor:
    """Return what a model makes of each series, (batch, any); arguments and errors as of `predicted_classes`.

    Raises:
        RefusedSeriesError, NonFiniteError: the model does not answer a sample, or by NaN or infinity.
        BudgetError: the memory does not hold one sample.
    """
    found: list[tuple[Sequence[int], Tensor]] = []
    with kept_still(model), lend(model, inputs.device):
        passes = Passes(model, Budget(memory, inputs.device, measured_of(model, "prediction", inputs)))
        for rows in each_condition(model, len(inputs)):
            own = rows_of(inputs, rows)
            with tell_causes(Work("the prediction", "", model, own, rows)):
                found.append((rows, _answers(model, own, passes)))
    if len(found) == 1:
        return found[0][1]
    order = torch.tensor([row for rows, _ in found for row in rows], device=inputs.device)
    return torch.cat([answers for _, answers in found])[order.argsort()]


def _answers(model: nn.Module, inputs: Tensor, passes: Passes) -> Tensor:
    found: list[Tensor] = []

    def compute(pieces: Sequence[Piece]) -> Tensor:
        with torch.no_grad():
            return check_finite(model(pick(inputs, pieces)))

    def take(_samples: slice, _draws: slice, part: Tensor) -> None:
        found.append(part[:, 0].clone())

    passes.each("prediction", inputs.new_zeros(len(inputs)), 1, compute, take)
    return torch.cat(found)
