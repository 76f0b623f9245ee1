"""Explain what a network answers at each step by the observations of that step: what they add to those before."""

from typing import Any

import torch
from torch import Tensor, nn

from ...errors import ParameterError, UnsupportedOperationError
from ...methods.attributions.adapters import Flat, adapted, tells_classes
from ...methods.attributions.checks.guard import attribute_checked
from ...methods.attributions.explain import answers_of
from ...methods.attributions.fingerprints.digests import digest_of
from ...methods.attributions.fingerprints.facts import facts_of, kept_still
from ...methods.attributions.passes.model_state import lend
from ...methods.attributions.steps.held_past import ALIKE_FOR_PREFIXES, EachStep, holds_all_past
from ..execution.network_checks.causality import check_causal
from ..execution.tensors import classes_of
from .request import Found, Question, Request

EACH = "each"
_FEW = 4  # samples on which it is seen whether the states of recurrent layers are all of the past


def is_each(target: Any) -> bool:
    """Return whether a target asks for all steps."""
    return isinstance(target, (tuple, list)) and len(target) == 2 and isinstance(target[0], str) and target[0] == EACH


def explain_each_step(request: Request, question: Question, sizes: tuple[int, ...], wanted: Any) -> Found:
    """Return at each step of a map, (batch, time, features), that of the answer there on the series up to it.

    The entries (t, f) are those that the method gives x_t of the first t steps, explaining what the network answers at
    t. Gradients of networks whose only memory are recurrent layers take one pass for all steps.

    Args:
        request: how.
        question: of what.
        sizes: of the network's outputs behind the batch.
        wanted: the class, for all samples, one each, (batch,), or one each step, (batch, time); None for the predicted.

    Raises:
        UnsupportedOperationError: the network looks at later steps, or a static feature is to be explained.
        ParameterError: the outputs are not of each step, or there is no such class.
    """
    rows = question.given.rows
    if len(sizes) != 2 or sizes[0] != rows.shape[1]:
        raise ParameterError(
            f"target=('each', class) needs outputs (batch, {rows.shape[1]}, classes), of each step, got (batch, "
            f"{', '.join(map(str, sizes))}); name one output"
        )
    if question.given.layout is not None and question.given.layout.explains_static:
        raise UnsupportedOperationError(
            "target=('each', class) explains each step by what was observed there, got static features to explain; "
            "hold them"
        )
    real = question.given.real
    if real is not None and not bool(real[:, 0].all()):
        raise UnsupportedOperationError(
            "target=('each', class) explains each step by the series up to it, got series that begin with padding; cut "
            "it off"
        )
    flat = question.given.model(Flat(question.network, sizes))
    with kept_still(flat):
        asked = request.asked(flat)
        steps = EachStep(asked)
        is_alike = request.spec.name in ALIKE_FOR_PREFIXES and len(rows) > 0 and _is_held(steps, rows)
        if len(rows):
            _check_causal(question, flat, takes_prefixes=not is_alike)
        classes = _classes(request, flat, question, sizes, wanted)
        maps = _at_once(request, steps, question, classes) if is_alike else _by_prefixes(request, question, classes)
    return Found(maps if real is None else maps * real[..., None].to(maps), classes, None)


def _check_causal(question: Question, flat: nn.Module, takes_prefixes: bool) -> None:
    """Raise unless a network is causal, found once for the same series; see `check_causal`."""
    rows = question.given.rows
    facts, kind = facts_of(flat), ("causal", takes_prefixes, rows.shape, rows.dtype, rows.device)
    digest = digest_of(rows)
    if facts.get(kind) != digest:
        check_causal(question.given.model(question.network), rows, takes_prefixes)
        facts[kind] = digest


def _is_held(model: EachStep, rows: Tensor) -> bool:
    """Return whether the past of a network is held, found once for series (batch, time, features) of a size."""
    facts, kind = facts_of(model), ("holds all past", rows.shape[1:], rows.dtype, rows.device)
    if kind not in facts:
        with lend(model, rows.device):
            facts[kind] = holds_all_past(model, rows[:_FEW])
    return bool(facts[kind])


def _classes(request: Request, model: nn.Module, question: Question, sizes: tuple[int, ...], wanted: Any) -> Tensor:
    """Return the explained class of each step, int64 (batch, time)."""
    rows, (steps, count) = question.given.rows, sizes
    if wanted is None:
        if not tells_classes(question.network):
            raise ParameterError("target=('each', label) must name one of the outputs, got None; none is predicted")
        predicted: Tensor = answers_of(model, rows, request.memory).unflatten(1, sizes).argmax(2)
        return predicted
    classes = classes_of(wanted, len(rows))
    assert classes is not None
    classes = (classes[:, None] if classes.ndim == 1 else classes).to(rows.device)
    is_within = classes.dtype == torch.int64 and bool(((classes >= 0) & (classes < count)).all())
    if not is_within or classes.shape not in ((len(rows), 1), (len(rows), steps)):
        raise ParameterError(
            f"target=('each', class) must give classes in 0 … {count - 1}, one, ({len(rows)},) or ({len(rows)}, "
            f"{steps}) of them, got {wanted!r}"
        )
    return classes.expand(-1, steps)


def _at_once(request: Request, model: EachStep, question: Question, classes: Tensor) -> Tensor:
    rows = question.given.rows
    found = torch.zeros_like(rows)
    for name in classes.unique().tolist():
        target = torch.full((len(rows),), name, dtype=torch.int64, device=rows.device)
        options = {**question.options(), "memory": request.memory}
        maps = attribute_checked(request.spec, request.parameters, model, rows, target=target, **options)
        found = torch.where((classes == name)[..., None], maps, found)
    return found


def _by_prefixes(request: Request, question: Question, classes: Tensor) -> Tensor:
    rows = question.given.rows
    last = request.asked(question.given.model(adapted(question.network, item=-1)))
    found = torch.empty_like(rows)
    for step in range(rows.shape[1]):
        beginning, target = rows[:, : step + 1], classes[:, step].contiguous()
        found[:, step] = request.complete(last, beginning, target, question.options(step + 1)).attributions[:, -1]
    return found
