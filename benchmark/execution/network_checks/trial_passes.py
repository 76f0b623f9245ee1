"""Passes through a user's network, to see what it answers and whether it does so again."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from ....errors import SaltbenchError, ShapeError
from ....methods.attributions.inputs.held_inputs import Conditioned
from ....methods.attributions.passes.model_state import lend
from ....methods.attributions.validation.arguments import check_unchanged
from ..failures import reason_for
from .forward_arguments import instead

_MANY = 64  # series at most in one pass


@contextmanager
def trial(model: nn.Module, series: Tensor) -> Iterator[None]:
    """Lend a network for passes without gradients, series (batch, time, features) being in place."""
    with lend(model, series.device), torch.no_grad():
        yield


def attempted(model: nn.Module, series: Tensor) -> object:
    """Return what a lent network makes of series, (batch, time, features), or what it raises."""
    try:
        return model(series)
    except (SaltbenchError, Warning):
        raise
    except Exception as error:  # noqa: BLE001 - a user's network raises anything
        return error


def first_answer(model: nn.Module, series: Tensor, inputs: Tensor) -> object:
    """Return what a network makes of series (batch, time, features), which nobody has asked it about yet.

    Args:
        model: of which nothing is known.
        series: some of the user's.
        inputs: all of the user's, to see whether the network answers another number of them.

    Raises:
        ShapeError: it does not answer them, and why.
        ParameterError: it changes them in place.
    """
    given = series.clone()
    with trial(model, given):
        found = attempted(model, given)
    if not isinstance(found, Exception):
        check_unchanged(given, series)
        return found
    for other in (inputs[:1], inputs[:_MANY]):
        if len(other) != len(series) and _is_logits(_attempt(model, other), len(other)):
            raise _of_one_size(model, series, len(other), found) from found
    shapes = model.shapes if isinstance(model, Conditioned) else tuple(series.shape)
    raise ShapeError(
        f"the model must take inputs (batch, time, features), got an error for {shapes}: "
        f"{_reason(found)}; {_placement(model) or _mended(found) or instead(model)}"
    ) from found


def logits(model: nn.Module, series: Tensor, answered: int) -> Tensor:
    """Return the outputs (batch, classes) that a network makes of series (batch, time, features).

    Args:
        model: answers as many series as answered says with logits.
        series: those of a user, whom the network has to answer.
        answered: how many series it is known to answer at once.

    Raises:
        ShapeError: it does not answer that many of them.
    """
    found = _attempt(model, series)
    if not _is_logits(found, len(series)):
        raise _of_one_size(model, series, answered, found) from (found if isinstance(found, Exception) else None)
    assert isinstance(found, Tensor)
    return found


def _is_logits(found: object, batch: int) -> bool:
    return isinstance(found, Tensor) and found.ndim == 2 and len(found) == batch


def _attempt(model: nn.Module, series: Tensor) -> object:
    with trial(model, series):
        return attempted(model, series.clone())  # a network may work in place


def _of_one_size(model: nn.Module, series: Tensor, answered: int, found: object) -> ShapeError:
    if isinstance(found, Exception):
        got = f"an error for {len(series)} where it answers {answered}: {_reason(found)}"
    else:
        shape = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
        got = f"{shape} for {len(series)} where it answers {answered}"
    is_compiled = any(isinstance(part, (torch.jit.ScriptModule, torch.fx.GraphModule)) for part in model.modules())
    remedy = (
        "trace or export it with a batch of any size, or give the network that it was made of"
        if is_compiled
        else "let forward take any batch of them, with its size from the input"
    )
    return ShapeError(f"the model must take any number of series at once, got {got}; {remedy}")


def _reason(error: Exception) -> str:
    if "failed in the TorchScript interpreter" in str(error):  # lines and lines of code, then the reason
        return str(error).strip().splitlines()[-1]
    return reason_for(error)


def _placement(model: nn.Module) -> str:
    devices = sorted({str(parameter.device) for parameter in model.parameters()})
    if len(devices) < 2:
        return ""
    return f"its parameters are on {' and '.join(devices)}: put it on one with .to(), or move what passes in forward"


def _mended(error: Exception) -> str:
    """Return what to do about an error of forward's own, or nothing where other series may mend it."""
    if isinstance(error, (NameError, AttributeError, ImportError, NotImplementedError)):
        return "mend its forward, or wrap it in a module whose forward takes a tensor (batch, time, features)"
    if isinstance(error, RuntimeError) and any(word in str(error) for word in ("dtype", "scalar type")):
        return (
            "compute in one type: give all layers one, .float() or .double(), and tensors made in forward the input's"
        )
    return ""


def are_close(first: Tensor, second: Tensor, power: float) -> bool:
    """Return whether outputs (any, classes) differ by rounding only: by ε^power of the largest, at most."""
    # Outputs near 0 may be differences of larger numbers
    tolerance = torch.finfo(second.dtype).eps ** power * second.abs().max().clamp(min=0.01)
    return bool(((first - second).abs() <= tolerance).all())
