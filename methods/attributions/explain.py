"""Explain a model's outputs with an attribution method, chunk by chunk, leaving the model as it was."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import ParameterError
from .arguments import (
    check_alike,
    check_attributions,
    check_classes,
    check_inputs,
    check_placement,
    check_seeds,
    check_target,
)
from .model_state import lent
from .spec import MethodSpec

# Samples explained at once: enough for the recurrent layers' small matrices, while DeepLIFT on input-cell
# attention, the hungriest pair, stays near 1 GB at 100 steps of 100 features in float64
CHUNK = 32

_ARGUMENTS = ("model", "inputs", "target", "baseline", "truth", "seeds")


class Probabilities(nn.Module):
    """A classifier's probabilities: softmax over the logits, (batch, time, features) to (batch, classes)."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Return probabilities (batch, classes) that sum to 1."""
        return torch.softmax(self.model(inputs), dim=1)


def sample_seeds(seed: int, count: int) -> list[int]:
    """Return count seeds in [0, 2^63) drawn from one seed; more seeds begin with the same ones.

    Raises:
        ParameterError: a negative seed or count.
    """
    if seed < 0 or count < 0:
        raise ParameterError(f"sample_seeds needs a seed and a count of at least 0, got {seed} and {count}")
    words = np.random.SeedSequence(seed).generate_state(count, np.uint64)
    return [int(word) >> 1 for word in words]


def bind(spec: MethodSpec, overrides: Mapping[str, Any] | None = None) -> Callable[..., Tensor]:
    """Return a method with its own parameters set to the entry's defaults updated with overrides.

    Raises:
        UnknownNameError: a parameter that the method does not have.
        ParameterError: a value of another type than the default's.
    """
    return functools.partial(spec.load(), **spec.configure(overrides or {}))


def attribute(
    method: Callable[..., Tensor],
    model: nn.Module | None,
    inputs: Tensor,
    target: Tensor | None = None,
    *,
    baseline: Tensor | None = None,
    truth: Tensor | None = None,
    seeds: Sequence[int] | None = None,
    chunk: int = CHUNK,
) -> Tensor:
    """Return a method's attributions, (batch, time, features), computed chunk by chunk in bounded memory.

    The method gets those of (model, inputs, target, baseline, truth, seeds) that its signature names; the
    model is in evaluation mode with frozen parameters meanwhile. It is left as it was, and so is PyTorch's
    random state.

    Args:
        method: a function as `MethodSpec` describes, with its own parameters bound (see `bind`).
        model: (batch, time, features) to (batch, classes); None for methods that do not look at it.
        inputs: finite floating point (batch, time, features), of the model's type and device.
        target: int64 (batch,), the explained class of each sample; None explains the predicted class.
        baseline: (batch, time, features), what absence of the input means; None for zeros.
        truth: (batch, time, features) in [0, 1], for reference methods.
        seeds: one integer a sample (see `sample_seeds`), for methods that draw random numbers.
        chunk: samples explained at once; results do not depend on it beyond rounding.

    Returns:
        (batch, time, features), finite, in the units the method states.

    Raises:
        ShapeError: an argument, the model's output or the method's result of an unexpected shape.
        ParameterError: an argument of the wrong type, out of range, or missing although the method names it.
        NonFiniteError: NaN or infinity in an argument or in the attributions.
        UnsupportedOperationError: the method has no rule for an operation of the model.
    """
    check_inputs(inputs)
    if chunk < 1:
        raise ParameterError(f"chunk must be at least 1 sample, got {chunk}")
    inputs = inputs.detach()
    needed = _needed(method)
    given: dict[str, Any] = {"inputs": inputs}
    given["baseline"] = torch.zeros_like(inputs) if baseline is None else check_alike("baseline", baseline, inputs)
    given["truth"] = None if truth is None else check_alike("truth", truth, inputs)
    given["seeds"] = None if seeds is None else _checked_seeds(seeds, len(inputs))
    given["target"] = None if target is None else _checked_target(target, inputs)
    given["model"] = model
    _require(needed, given)
    with nullcontext() if model is None else lent(model, inputs.device):
        parts = [_explain(method, needed, part) for part in _chunks(given, len(inputs), chunk)]
    return torch.cat([inputs[:0], *parts])


def _needed(method: Callable[..., Tensor]) -> tuple[str, ...]:
    parameters = inspect.signature(method).parameters.values()
    unbound = [p.name for p in parameters if p.default is p.empty and p.name not in _ARGUMENTS]
    if unbound:
        raise ParameterError(
            f"an attribution method takes {', '.join(_ARGUMENTS)} and bound parameters, got the unbound "
            f"{', '.join(unbound)}; bind them with functools.partial"
        )
    return tuple(p.name for p in parameters if p.name in _ARGUMENTS)


def _require(needed: Sequence[str], given: Mapping[str, Any]) -> None:
    # A missing target is filled in with the predicted class, which takes the model
    missing = [name for name in needed if name != "target" and given[name] is None]
    if "target" in needed and given["target"] is None and given["model"] is None:
        missing.append("target")
    if missing:
        raise ParameterError(f"the method needs {', '.join(missing)}, got None; pass {missing[0]}= to attribute")


def _checked_seeds(seeds: Sequence[int], batch: int) -> list[int]:
    check_seeds(seeds, batch)
    return [int(seed) for seed in seeds]


def _checked_target(target: Tensor, inputs: Tensor) -> Tensor:
    check_target(target, len(inputs))
    return target.to(inputs.device)


def _chunks(given: Mapping[str, Any], batch: int, chunk: int) -> Iterator[dict[str, Any]]:
    for start in range(0, batch, chunk):
        yield {
            name: value if name == "model" or value is None else value[start : start + chunk]
            for name, value in given.items()
        }


def _explain(method: Callable[..., Tensor], needed: Sequence[str], part: dict[str, Any]) -> Tensor:
    if "model" in needed:
        part["target"] = _resolve_target(part["model"], part["inputs"], part["target"])
    attributions = method(**{name: part[name] for name in needed})
    return check_attributions(attributions, part["inputs"])


def _resolve_target(model: nn.Module, inputs: Tensor, target: Tensor | None) -> Tensor:
    check_placement(model, inputs)
    with torch.no_grad():
        outputs = model(inputs)
    check_classes(outputs, len(inputs), target)
    predicted: Tensor = outputs.argmax(1)
    return predicted if target is None else target
