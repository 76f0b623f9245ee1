"""Answer for each target what is asked of a network."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext

import torch
from torch import Tensor, nn

from ...errors import NonFiniteError
from ...methods.attributions.adapters import Flat, is_multi_label, is_value
from ...methods.attributions.bound_method import bind
from ...methods.attributions.explain import answers_of
from ...methods.attributions.fingerprints.facts import kept_still
from ...methods.attributions.inputs.several_inputs import check_joint
from ...methods.attributions.passes.model_state import lend_once
from ..execution.network_checks.network_checks import check_answers, output_sizes
from .each_step import explain_each_step, is_each
from .given import Given
from .padding import blocks
from .request import Found, Question, Request
from .targets import Outputs, Target, check_named


def answer(request: Request, question: Question, targets: Sequence[Target]) -> list[Found]:
    """Return what is found for each of the targets, of which there is one at least.

    Raises:
        SaltbenchError: as `explain`.
    """
    given, rows, spec = question.given, question.given.rows, request.spec
    if given.layout is not None:
        check_joint(spec, bind(spec, request.parameters).takes.names, given.layout)
    with kept_still(given.model(question.network)) as known, _missing_values_told(given):
        sizes = output_sizes(known, rows)
        model = known if len(sizes) < 2 else _in_a_row(question, sizes)
        with kept_still(model):
            outputs = _outputs(request, question, model, sizes)
            count = check_answers(model, rows)
            numbers = [None if is_each(target) else outputs.number(target) for target in targets]
            for number, target in zip(numbers, targets, strict=True):
                if not is_each(target):
                    check_named(model, count, number)
            asked = request.asked(model)
            with lend_once(asked, rows.device) if spec.is_shipped else nullcontext():
                return [
                    explain_each_step(request, question, sizes, target[1])  # type: ignore[index]
                    if is_each(target)
                    else _placed(_found(request, question, asked, number, sizes), outputs)
                    for target, number in zip(targets, numbers, strict=True)
                ]


def _in_a_row(question: Question, sizes: tuple[int, ...]) -> nn.Module:
    """Return the network as a model of the rows, with its outputs, (batch, any), in a row."""
    network = question.network if len(sizes) < 2 else Flat(question.network, sizes)
    return question.given.model(network)


def _found(
    request: Request, question: Question, asked: nn.Module, number: Tensor | None, sizes: tuple[int, ...]
) -> Found:
    """Return what is found for one output of each sample, int64 (batch,), None for the predicted one.

    Samples with as much padding are explained together, as series without it, which the network gets with it.
    """
    rows, real = question.given.rows, question.given.real
    if real is None:
        return request.complete(asked, rows, number, question.options())
    whole = Found(torch.zeros_like(rows), rows.new_zeros(len(rows)).long(), rows.new_zeros(len(rows)).double())
    for samples, span in blocks(real):
        part = question.cut(samples, span)
        model = request.asked(_in_a_row(part, sizes))
        own = None if number is None else number[samples]
        found = request.complete(model, part.given.rows, own, part.options())
        whole.attributions[samples, span.start : span.stop] = found.attributions
        whole = Found(whole.attributions, *map(_written, whole[1:], [samples] * 2, found[1:]))
    return whole


def _written(whole: Tensor | None, samples: Sequence[int], part: Tensor | None) -> Tensor | None:
    """Return values (batch,) with those of some samples written to them; None where one has none."""
    if whole is None or part is None:
        return None
    whole[list(samples)] = part.to(whole)
    return whole


def _placed(found: Found, outputs: Outputs) -> Found:
    return found._replace(target=outputs.places(found.target))


@contextmanager
def _missing_values_told(given: Given) -> Iterator[None]:
    """Let an error about outputs that are not finite say where inputs are missing.

    Raises:
        NonFiniteError: of the block, with that cause.
    """
    try:
        yield
    except NonFiniteError as error:
        missing = [] if given.layout is None else [p.values.isnan() for p in given.layout.parts if p.fixed is not None]
        samples = torch.stack([part.flatten(1).any(1) for part in missing]).any(0) if missing else torch.zeros(1)
        if not bool(samples.any()):
            raise
        raise NonFiniteError(
            f"inputs must be finite, got NaN or infinity in {int(samples.sum())} of {len(samples)} samples, which the "
            "network answers by NaN or infinity; clean the series first, or let the network take missing values"
        ) from error


def _outputs(request: Request, question: Question, model: nn.Module, sizes: tuple[int, ...]) -> Outputs:
    """Return how the outputs of a model of the rows, (batch, any), are counted."""
    rows, network = question.given.rows, question.network

    def predict() -> Tensor:
        predicted: Tensor = answers_of(model, rows, request.memory).unflatten(1, sizes).argmax(-1)
        return predicted

    are_apart = is_value(network) or is_multi_label(network)  # and not classes of each step
    return Outputs(len(rows), sizes, predict if len(sizes) == 2 and not are_apart else None)
