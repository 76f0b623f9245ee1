"""Recurrent layers for every rule set: stacked layers, directions and the backward pass."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import torch
from torch import Tensor

from .interception import Call, Mode, Rule
from .recurrence import CellShares, Shares, States

StatesOf = Callable[[Tensor, Tensor, Tensor | None, tuple[Tensor, ...]], States]
SharesType = TypeVar("SharesType", bound=Shares | CellShares)
Backward = Callable[[Tensor, tuple[Tensor, ...], SharesType, Tensor], tuple[Tensor, tuple[Tensor, ...]]]


@dataclass(frozen=True)
class Direction:
    """The weights of one layer in one direction of time."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None
    b_hh: Tensor | None
    is_backward: bool

    def project(self, *inputs: Tensor) -> Tensor:
        """Return W_ih x + b_ih of one or more x, (time, batch, features), as (time, gates · hidden, batches)."""
        parts = [self._projected(x.transpose(1, 2)) for x in inputs]
        return self.ordered(torch.cat(parts, 2) if len(parts) > 1 else parts[0])

    def _projected(self, x: Tensor) -> Tensor:
        weights = self.w_ih.expand(len(x), -1, -1)
        return torch.bmm(weights, x) if self.b_ih is None else torch.baddbmm(self.b_ih[:, None], weights, x)

    def to_input(self, at_gates: Tensor) -> Tensor:
        """Return W_ihᵀ applied to what reached the gates, (time, batch, features)."""
        return torch.bmm(self.ordered(at_gates).transpose(1, 2), self.w_ih.expand(len(at_gates), -1, -1))

    def ordered(self, series: Tensor) -> Tensor:
        """Turn (time, …) from the input's order to the layer's, or back."""
        return series.flip(0) if self.is_backward else series

    def output(self, states: States, count: int) -> list[Tensor]:
        """Return h_1 … h_T, (time, batch, hidden), and the count final states, (batch, hidden)."""
        last = [over_time[-1].t() for over_time in states.over_time[:count]]
        return _usable(self.ordered(states.hidden[1:].transpose(1, 2)), *last)

    def back(
        self, backward: "Backward[SharesType]", arriving: Tensor, last: tuple[Tensor, ...], shares: SharesType
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Return what reaches the gates, (time, gates · hidden, batch), and the initial states, (batch, hidden)."""
        with torch.inference_mode():
            ordered = self.ordered(arriving.transpose(1, 2)).contiguous()
            at_gates, at_start = backward(ordered, tuple(at.t() for at in last), shares, self.w_hh)
        return at_gates, tuple(_usable(*(at.t() for at in at_start)))


OneDirection = Callable[[Call[Mode], Tensor, tuple[Tensor, ...], Direction], tuple[Tensor, ...]]


def layers(one_direction: OneDirection[Mode]) -> Rule[Mode]:
    """Return the rule of torch.lstm, torch.gru, torch.rnn_tanh and torch.rnn_relu.

    Args:
        one_direction: returns outputs (time, batch, hidden) and final states of a layer in one direction, noted.

    Raises:
        UnsupportedOperationError: packed sequences, projections (proj_size), dropout that is switched on, autocast
            of the model's own, weights that vary, or arguments given by name.
    """

    def rule(call: Call[Mode]) -> tuple[Tensor, ...]:
        if call.options:
            raise call.unsupported("with arguments given by name")
        if not isinstance(call.args[2], (list, tuple)):
            raise call.unsupported("on a PackedSequence (give padded series)")
        inputs, initial, *_, batch_first = call.args
        if torch.is_autocast_enabled(inputs.device.type):
            raise call.unsupported("under torch.autocast")
        directions, count = _directions(call)
        with call.mode:
            series = inputs.transpose(0, 1) if batch_first else inputs
            starts = [state.unbind(0) for state in (initial if isinstance(initial, (list, tuple)) else [initial])]
        ends: list[tuple[Tensor, ...]] = []
        for layer in range(0, len(directions), count):
            found = [
                one_direction(call, series, tuple(start[index] for start in starts), directions[index])
                for index in range(layer, layer + count)
            ]
            ends += [states[1:] for states in found]
            with call.mode:
                series = torch.cat([states[0] for states in found], -1) if count > 1 else found[0][0]
        with call.mode:
            final = [torch.stack(parts) for parts in zip(*ends, strict=True)]
            return (series.transpose(0, 1) if batch_first else series, *final)

    return rule


def propagate_by(
    values: Sequence[Tensor],
    sources: Sequence[Tensor],
    backward: Callable[..., tuple[Tensor, ...]],
) -> tuple[Tensor, ...]:
    """Return values through which autograd propagates to sources by backward(arriving at h, at final states …)."""
    propagate: Any = _Propagation.apply
    results: tuple[Tensor, ...] = propagate(backward, len(values), *values, *sources)
    return results


class _Propagation(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, backward: Callable[..., tuple[Tensor, ...]], count: int, *tensors: Tensor) -> Any:
        ctx.propagate, ctx.count = backward, count
        return tuple(value.detach() for value in tensors[:count])

    @staticmethod
    def backward(ctx: Any, *arriving: Tensor) -> Any:
        return (None, None, *[None] * ctx.count, *ctx.propagate(*arriving))


def _directions(call: Call[Any]) -> tuple[list[Direction], int]:
    _, _, flat, has_bias, layer_count, dropout, training, bidirectional, _ = call.args
    size, count = 4 if has_bias else 2, 1 + bidirectional
    if len(flat) != size * layer_count * count:
        raise call.unsupported("with proj_size")
    if training and dropout > 0:
        raise call.unsupported("with dropout in training mode")
    if call.mode.varying(flat):
        raise call.unsupported("with weights that depend on the input")
    groups = [flat[start : start + size] for start in range(0, len(flat), size)]
    weights = [(*group, None, None)[:4] for group in groups]
    return [
        Direction(w_ih, w_hh, b_ih, b_hh, is_backward=index % count == 1)
        for index, (w_ih, w_hh, b_ih, b_hh) in enumerate(weights)
    ], count


def _usable(*tensors: Tensor) -> list[Tensor]:
    # Steps run in inference mode, where small operations cost less, but autograd takes no tensors made there
    return [tensor.clone() for tensor in tensors]
