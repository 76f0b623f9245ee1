"""Explain every step of a causal recurrent network at once: its past is held, and one step is differentiated.

What a causal network answers at step t depends on x_t and on its states before t, which the steps before have left.
With these states as constants, ∂Σ_t y_t / ∂x_t is ∂y_t / ∂x_t at every t, since y_t' for t' > t sees x_t through the
states alone: one pass gives what T prefixes do, the gradient of each prefix's last output by its last step.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ..adapters import Flat, Probabilities, SameOutputs, flat_inside
from ..passes.prefix_caching import Layer, State

Function = Callable[..., Any]

# The points at which these take gradients are, for a prefix, the prefixes of those that they are for the series
ALIKE_FOR_PREFIXES = frozenset({"saliency", "input-x-gradient", "integrated-gradients"})


class EachStep(SameOutputs):
    """The sum over all steps of what a causal network answers, (batch, time, features) to (batch, classes).

    Where gradients are on, the states of recurrent layers before each step are constants.

    Args:
        model: `Flat` or the `Probabilities` of one, steps and classes in a row.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__(model)
        flat = flat_inside(model.model if isinstance(model, Probabilities) else model)
        assert isinstance(flat, Flat)
        self.sizes = flat.sizes

    def forward(self, rows: Tensor) -> Tensor:
        """Return Σ_t y_t, (batch, classes)."""
        return self.answers(rows).sum(1)

    def answers(self, rows: Tensor) -> Tensor:
        """Return y_t of every step, (batch, time, classes), of rows (batch, time, features)."""
        if not torch.is_grad_enabled():
            outputs: Tensor = self.model(rows)
        else:
            with _HeldPast():
                outputs = self.model(rows)
        answers: Tensor = outputs.unflatten(1, self.sizes)
        return answers


def holds_all_past(model: EachStep, series: Tensor) -> bool:
    """Return whether, with the states of recurrent layers held, no answer depends on another step.

    For each bit of the steps' numbers, those with it and those without are differentiated by each other: any two steps
    differ in one.

    Args:
        model: of a causal network.
        series: (batch, time, features), at least one.
    """
    rows = series.detach().clone().requires_grad_()
    with torch.enable_grad():
        answers = model.answers(rows)
    if not answers.requires_grad:
        return True
    weighed = (answers * torch.linspace(1, 2, answers.shape[2], dtype=rows.dtype, device=rows.device)).sum((0, 2))
    for chosen in _halves(len(weighed), rows.device):
        (slope,) = torch.autograd.grad(weighed[chosen].sum(), rows, retain_graph=True, allow_unused=True)
        if slope is not None and bool(slope[:, ~chosen].any()):
            return False
    return True


def _halves(steps: int, device: torch.device) -> Iterator[Tensor]:
    numbers = torch.arange(steps, device=device)
    for bit in range((steps - 1).bit_length()):
        has_bit = (numbers >> bit) % 2 == 1
        yield has_bit
        yield ~has_bit


class _HeldPast(TorchFunctionMode):
    """Lets recurrent layers in one direction pass each step by itself, from states that are constants."""

    def __torch_function__(
        self, func: Function, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        layer = Layer.of(func, args, kwargs)
        if layer is None:
            return func(*args, **(kwargs or {}))
        return _step_by_step(layer)


def _step_by_step(layer: Layer) -> tuple[Tensor, ...]:
    """Return the outputs and the last states of a layer whose steps are rows, each from the states before it."""
    with torch._C.DisableTorchFunction(), torch.no_grad():  # out of sight of what lets gradients pass
        before = _states_before(layer)
    folded = [torch.stack(parts, layer.time_axis + 1).flatten(1, 2) for parts in zip(*before, strict=True)]
    inputs = layer.inputs.flatten(0, 1).unsqueeze(layer.time_axis)
    initial: Any = tuple(folded) if layer.function is torch.lstm else folded[0]
    outputs, *final = layer.function(inputs, initial, layer.weights, *layer.options)
    sizes = layer.inputs.shape[:2]
    last = [state.unflatten(1, sizes).select(layer.time_axis + 1, -1) for state in final]
    return (outputs.squeeze(layer.time_axis).unflatten(0, sizes), *last)


def _states_before(layer: Layer) -> list[State]:
    """Return the states, (layers, batch, hidden) each, before every step."""
    if layer.options[1] == 1 and layer.function is not torch.lstm:
        outputs, _ = layer.run(0, layer.steps, layer.initial)
        return [layer.initial, *((output[None],) for output in outputs.unbind(layer.time_axis)[:-1])]
    states = [layer.initial]
    for step in range(layer.steps - 1):
        states.append(layer.run(step, step + 1, states[-1])[1])
    return states
