"""Answer for each target what is asked of a network."""

from collections.abc import Sequence
from contextlib import nullcontext

from torch import Tensor, nn

from ...methods.attributions.adapters import Flat, is_multi_label, is_value
from ...methods.attributions.bound_method import bind
from ...methods.attributions.explain import answers_of
from ...methods.attributions.fingerprints.facts import kept_still
from ...methods.attributions.inputs.several_inputs import check_joint
from ...methods.attributions.passes.model_state import lend_once
from ..execution.network_checks.network_checks import check_answers, output_sizes
from .each_step import explain_each_step, is_each
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
    with kept_still(given.model(question.network)) as known:
        sizes = output_sizes(known, rows)
        model = known if len(sizes) < 2 else given.model(Flat(question.network, sizes))
        with kept_still(model):
            outputs = _outputs(request, question, model, sizes)
            count = check_answers(model, rows)
            numbers = [None if is_each(target) else outputs.number(target) for target in targets]
            for number, target in zip(numbers, targets, strict=True):
                if not is_each(target):
                    check_named(model, count, number)
            asked, options = request.asked(model), question.options()
            with lend_once(asked, rows.device) if spec.is_shipped else nullcontext():
                return [
                    explain_each_step(request, question, sizes, target[1])  # type: ignore[index]
                    if is_each(target)
                    else _placed(request.complete(asked, rows, number, options), outputs)
                    for target, number in zip(targets, numbers, strict=True)
                ]


def _placed(found: Found, outputs: Outputs) -> Found:
    return found._replace(target=outputs.places(found.target))


def _outputs(request: Request, question: Question, model: nn.Module, sizes: tuple[int, ...]) -> Outputs:
    """Return how the outputs of a model of the rows, (batch, any), are counted."""
    rows, network = question.given.rows, question.network

    def predict() -> Tensor:
        predicted: Tensor = answers_of(model, rows, request.memory).unflatten(1, sizes).argmax(-1)
        return predicted

    are_apart = is_value(network) or is_multi_label(network)  # and not classes of each step
    return Outputs(len(rows), sizes, predict if len(sizes) == 2 and not are_apart else None)
