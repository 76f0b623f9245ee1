"""What a network answers, checked once before it is explained."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ....errors import ParameterError, ShapeError
from ....methods.attributions.adapters import is_multi_label, is_probabilities, is_scores, is_value, sizes_of
from ....methods.attributions.fingerprints.digests import digest_of
from ....methods.attributions.fingerprints.facts import facts_of
from ....methods.attributions.inputs.held_inputs import Conditioned
from ....methods.attributions.passes.model_state import lend_once
from ....methods.attributions.validation.arguments import check_logits
from .earlier_answers import answers_as_before
from .neighbours import another
from .repeatability import check_repeated
from .sample_independence import check_alone, check_held
from .trial_passes import first_answer


def check_answers(model: nn.Module, inputs: Tensor) -> int:
    """Return how many classes a model tells apart, after checking that it answers series with logits.

    That is, it maps inputs (batch, time, features) to logits (batch, classes), each sample for itself. A network that
    was checked and has not changed since is not checked again on the same series, and on others of their number and
    size only by `answers_as_before`.

    Raises:
        ShapeError: inputs that the model does not take, or outputs of another form; and how to adapt them.
        ParameterError: integers, complex numbers or probabilities in place of logits, or outputs that depend on the
            rest of the batch, on earlier calls or on chance, or inputs that the model changes in place.
    """
    facts = facts_of(model)
    kind, digest = ("answers", inputs.shape, inputs.dtype, inputs.device), digest_of(inputs)
    classes, checked = facts.get(kind, (0, None))
    if checked is None or not (digest == checked or answers_as_before(model, inputs, classes)):
        outputs = _first_outputs(model, inputs)
        if not outputs.numel() or not bool(torch.isfinite(outputs).all()):
            return outputs.shape[1]
        classes = outputs.shape[1]
    facts[kind] = classes, digest
    return int(classes)


def output_sizes(model: nn.Module, inputs: Tensor) -> tuple[int, ...]:
    """Return the sizes behind the batch of what a model returns, such as steps and classes; () if it is no such batch.

    Args:
        model: of which nothing has to be known.
        inputs: (batch, time, features).

    Raises:
        ShapeError: inputs that the model does not take.
        ParameterError: inputs that the model changes in place.
    """
    facts, kind = facts_of(model), ("output sizes", inputs.shape[1:], inputs.dtype, inputs.device)
    if kind not in facts:
        probe, outputs = _probed(model, inputs)
        is_batch = isinstance(outputs, Tensor) and outputs.ndim > 0 and len(outputs) == len(probe)
        facts[kind] = tuple(outputs.shape[1:]) if is_batch else ()
    sizes: tuple[int, ...] = facts[kind]
    return sizes


def _probed(model: nn.Module, inputs: Tensor) -> tuple[Tensor, Any]:
    """Return some series, (some, time, features), and what a model of which nothing is known makes of them."""
    probe = inputs[[0, 0, 0]] if len(inputs) else inputs
    _check_precision(model)
    return probe, first_answer(model, probe, inputs)


def _first_outputs(model: nn.Module, inputs: Tensor) -> Tensor:
    """Return a model's outputs (some, classes), checking all of which nothing is known; raise as `check_answers`."""
    probe, outputs = _probed(model, inputs)
    if isinstance(outputs, Tensor):
        check_logits(outputs)
    are_apart = is_value(model) or is_multi_label(model) or is_scores(model)
    is_row = are_apart and outputs.ndim == 2 and len(outputs) == len(probe)
    advice = "" if is_row else _advice(outputs, len(probe))
    if advice:
        got = tuple(outputs.shape) if isinstance(outputs, Tensor) else type(outputs).__name__
        wanted = f"{len(probe)} samples to logits ({len(probe)}, classes)"
        raise ShapeError(f"the model must map {wanted}, got {got}; {advice}")
    if outputs.numel() and bool(torch.isfinite(outputs).all()):  # others are refused with the target
        check_repeated(model, probe, another(inputs).expand_as(probe))
        with lend_once(model, inputs.device):  # it was seen to answer alike whatever it was asked before
            check_alone(model, inputs, len(probe))
            if isinstance(model, Conditioned):
                check_held(model, inputs)
    _check_scale(model, outputs.reshape(len(outputs), *sizes_of(model, outputs)))
    found: Tensor = outputs
    return found


def _check_scale(model: nn.Module, outputs: Tensor) -> None:
    """Raise unless outputs, (batch, …, classes), are what the model was adapted to return."""
    if is_probabilities(model):
        _check_logarithms(outputs)
    elif is_multi_label(model):
        _check_log_odds(outputs)
    elif (
        len(outputs)
        and not (is_value(model) or is_scores(model))
        and bool((outputs >= 0).all())
        and _sum_to_one(outputs)
    ):
        raise ParameterError(
            "the model must return logits, got probabilities (at least 0, with sum 1); "
            "wrap it: saltbench.adapted(model, output='probabilities') explains their logarithms"
        )


def _check_precision(model: nn.Module) -> None:
    """Raise if layers are quantised as they go: the range of the whole batch says how each sample is rounded."""
    for name, module in model.named_modules():
        if type(module).__module__.startswith("torch.ao.nn.quantized.dynamic"):
            raise ParameterError(
                f"the model must answer each sample by itself, got `{name}` dynamically quantised, which rounds by the "
                "whole batch and has no gradients; give the network that was quantised"
            )


def _check_logarithms(outputs: Tensor) -> None:
    """Raise unless outputs, (batch, …, classes), are logarithms of probabilities."""
    # adapted has put the smallest number in the place of what is below 0: the sum tells of that too
    if bool(torch.isfinite(outputs).all()) and not _sum_to_one(outputs.exp()):
        raise ParameterError(
            "saltbench.adapted(model, output='probabilities') needs probabilities, at least 0 with sum 1, got others; "
            "if they are logits, leave output out, or for one logit of two classes give output='single-logit'"
        )


def _check_log_odds(outputs: Tensor) -> None:
    """Raise where log-odds, (batch, …, labels), are beyond those of the smallest probability, and so of none."""
    most = -math.log(torch.finfo(outputs.dtype).tiny) * (1 + 4 * torch.finfo(outputs.dtype).eps)
    if bool((outputs.abs() > most).any()):
        raise ParameterError(
            "saltbench.adapted(model, output='multi-label-probabilities') needs probabilities in 0 … 1, got others; "
            "if they are logits, give output='multi-label'"
        )


def _sum_to_one(outputs: Tensor) -> bool:
    sums, number = outputs.double().sum(-1), torch.finfo(outputs.dtype)
    # adapted gives a class the smallest number at least: in half precision many of them add up
    tolerance = max(1e-4, 4 * number.eps) + outputs.shape[-1] * number.tiny
    return torch.allclose(sums, torch.ones_like(sums), atol=tolerance)


def _advice(outputs: Any, batch: int) -> str:
    """Return how to adapt outputs to (batch, classes), or nothing where they have this form."""
    if isinstance(outputs, (tuple, list)):
        return "wrap it: saltbench.adapted(model, item=0) takes the first of several outputs"
    if isinstance(outputs, Mapping):
        return f"wrap it: saltbench.adapted(model, item='{next(iter(outputs), 'logits')}') takes one of several outputs"
    if not isinstance(outputs, Tensor):
        return "wrap it in a module that returns a tensor"
    return _advice_on_shape(outputs, batch)


def _advice_on_shape(outputs: Tensor, batch: int) -> str:
    if outputs.shape in ((batch,), (batch, 1)):
        single = (
            "wrap it: saltbench.adapted(model, output='value') explains a number, "
            "saltbench.adapted(model, output='single-logit') makes two classes of one logit"
        )
        of_probability = ", saltbench.adapted(model, output='probabilities') of one probability"
        return single + of_probability if bool(((outputs >= 0) & (outputs <= 1)).all()) else single
    if outputs.ndim == 2 and len(outputs) != batch:
        return "if it takes (time, batch, features), wrap it: saltbench.adapted(model, time_first=True)"
    if outputs.ndim > 2 and len(outputs) == batch:
        return (
            "wrap it: saltbench.adapted(model, item=-1) takes those of the last step, and saltbench.explain any, by "
            "target=(step, class)"
        )
    return "" if outputs.ndim == 2 else "wrap it in a module that returns one row of logits a sample"


def check_choice(name: str, value: str, options: tuple[str, ...]) -> None:
    """Raise unless value is one of the options.

    Raises:
        ParameterError: another value.
    """
    if value not in options:
        raise ParameterError(f"{name} must be one of {', '.join(options)}, got '{value}'")
