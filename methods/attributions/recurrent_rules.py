"""Recurrent layers that DeepLIFT takes apart, step by step, into linear maps, sigmoid, tanh and products.

The gates are PyTorch's: W_ih, W_hh and the biases stacked as i, f, g, o (LSTM) and r, z, n (GRU).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from .interception import Call, Rule

State = tuple[Tensor, ...]
Cell = Callable[[Tensor, Tensor, State], State]


def lstm_step(from_input: Tensor, from_hidden: Tensor, state: State) -> State:
    """Return (h, c) with c = σ(f)·c + σ(i)·tanh(g) and h = σ(o)·tanh(c)."""
    gates = from_input + from_hidden
    i, f, _, o = torch.sigmoid(gates).chunk(4, -1)
    c = f * state[1] + i * torch.tanh(gates.chunk(4, -1)[2])
    return o * torch.tanh(c), c


def gru_step(from_input: Tensor, from_hidden: Tensor, state: State) -> State:
    """Return (h,) with n = tanh(n_x + σ(r)·n_h) and h = (1 - σ(z))·n + σ(z)·h."""
    hidden = state[0].shape[-1]
    input_gates, input_new = from_input.tensor_split([2 * hidden], -1)
    hidden_gates, hidden_new = from_hidden.tensor_split([2 * hidden], -1)
    r, z = torch.sigmoid(input_gates + hidden_gates).chunk(2, -1)
    n = torch.tanh(input_new + r * hidden_new)
    return ((1 - z) * n + z * state[0],)


def rnn_step(activation: Callable[[Tensor], Tensor]) -> Cell:
    """Return the step h = activation(x-part + h-part)."""
    return lambda from_input, from_hidden, _state: (activation(from_input + from_hidden),)


def layers(step: Cell) -> Rule:
    """Return the rule of torch.lstm, torch.gru, torch.rnn_tanh and torch.rnn_relu for a step.

    Raises:
        UnsupportedOperationError: packed sequences, projections (proj_size), or dropout that is switched on.
    """

    def rule(call: Call) -> tuple[Tensor, ...]:
        if not isinstance(call.args[2], (list, tuple)):
            raise call.unsupported("on a PackedSequence (give padded series)")
        inputs, initial, *_, batch_first = call.args
        stack = _Stack.of(call)
        states: State = tuple(initial) if isinstance(initial, (list, tuple)) else (initial,)
        with call.pairs:
            inputs = inputs.transpose(0, 1) if batch_first else inputs
            outputs, *final = stack.run(step, inputs, states)
            return (outputs.transpose(0, 1) if batch_first else outputs, *final)

    return rule


def single_step(step: Cell) -> Rule:
    """Return the rule of torch.lstm_cell, torch.gru_cell, torch.rnn_tanh_cell and torch.rnn_relu_cell."""

    def rule(call: Call) -> Any:
        inputs, initial, w_ih, w_hh, *biases = call.args
        b_ih, b_hh = biases or (None, None)
        is_tuple = isinstance(initial, (list, tuple))
        state = tuple(initial) if is_tuple else (initial,)
        with call.pairs:
            final = step(linear(inputs, w_ih, b_ih), linear(state[0], w_hh, b_hh), state)
        return final if is_tuple else final[0]

    return rule


@dataclass(frozen=True)
class _Stack:
    weights: Sequence[Sequence[Tensor]]  # of each layer and direction
    directions: int

    @classmethod
    def of(cls, call: Call) -> "_Stack":
        _, _, flat, has_bias, count, dropout, training, bidirectional, _ = call.args
        size, directions = 4 if has_bias else 2, 1 + bidirectional
        if len(flat) != size * count * directions:
            raise call.unsupported("with proj_size")
        if training and dropout > 0:
            raise call.unsupported("with dropout in training mode")
        return cls([flat[start : start + size] for start in range(0, len(flat), size)], directions)

    def run(self, step: Cell, inputs: Tensor, states: State) -> tuple[Tensor, ...]:
        final: list[State] = []
        for layer in range(0, len(self.weights), self.directions):
            outputs = []
            for index in range(layer, layer + self.directions):
                start = tuple(state[index] for state in states)
                output, end = _one_direction(step, inputs, start, self.weights[index], index > layer)
                outputs.append(output)
                final.append(end)
            inputs = torch.cat(outputs, -1)
        return (inputs, *(torch.stack(parts) for parts in zip(*final, strict=True)))


def _one_direction(
    step: Cell, inputs: Tensor, state: State, weights: Sequence[Tensor], backward: bool
) -> tuple[Tensor, State]:
    w_ih, w_hh, *biases = weights
    b_ih, b_hh = biases or (None, None)
    projected = linear(inputs, w_ih, b_ih).unbind(0)
    outputs = []
    for from_input in reversed(projected) if backward else projected:
        state = step(from_input, linear(state[0], w_hh, b_hh), state)
        outputs.append(state[0])
    return torch.stack(outputs[::-1] if backward else outputs), state
