"""Single recurrent cells, decomposed into linear maps, sigmoid, tanh and products.

The gates are PyTorch's: W_ih, W_hh and the biases stacked as i, f, g, o (LSTM) and r, z, n (GRU). What a gate's
activation is applied to is one linear map of input and state together, so that a rule sees one sum.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import linear

from .interception import Call, Mode, Rule

State = tuple[Tensor, ...]


@dataclass(frozen=True)
class Weights:
    """A cell's weights and biases."""

    w_ih: Tensor
    w_hh: Tensor
    b_ih: Tensor | None = None
    b_hh: Tensor | None = None

    def joint(self, x: Tensor, h: Tensor, rows: slice = slice(None)) -> Tensor:
        """Return W_ih x + b_ih + W_hh h + b_hh for some rows of the weights, (batch, rows)."""
        weights = torch.cat([self.w_ih[rows], self.w_hh[rows]], 1)
        biases = [bias[rows] for bias in (self.b_ih, self.b_hh) if bias is not None]
        return linear(torch.cat([x, h], 1), weights, torch.stack(biases).sum(0) if biases else None)


Cell = Callable[[Tensor, State, Weights], State]


def lstm_step(x: Tensor, state: State, weights: Weights) -> State:
    """Return (h, c) with c = σ(f)·c + σ(i)·tanh(g) and h = σ(o)·tanh(c)."""
    before = weights.joint(x, state[0])
    i, f, _, o = torch.sigmoid(before).chunk(4, 1)
    c = f * state[1] + i * torch.tanh(before.chunk(4, 1)[2])
    return o * torch.tanh(c), c


def gru_step(x: Tensor, state: State, weights: Weights) -> State:
    """Return (h,) with n = tanh(n_x + σ(r)·n_h) and h = (1 - σ(z))·n + σ(z)·h."""
    (h,) = state
    switches, new = slice(2 * h.shape[1]), slice(2 * h.shape[1], None)
    r, z = torch.sigmoid(weights.joint(x, h, switches)).chunk(2, 1)
    reset = r * linear(h, weights.w_hh[new], None if weights.b_hh is None else weights.b_hh[new])
    one = torch.eye(h.shape[1], dtype=h.dtype, device=h.device)
    bias = None if weights.b_ih is None else weights.b_ih[new]
    n = torch.tanh(Weights(weights.w_ih[new], one, bias).joint(x, reset))
    return ((1 - z) * n + z * h,)


def rnn_step(activation: Callable[[Tensor], Tensor]) -> Cell:
    """Return the step h = activation(W_ih x + W_hh h)."""
    return lambda x, state, weights: (activation(weights.joint(x, state[0])),)


def single_step(step: Cell) -> Rule[Mode]:
    """Return the rule of torch.lstm_cell, torch.gru_cell, torch.rnn_tanh_cell and torch.rnn_relu_cell."""

    def rule(call: Call[Mode]) -> Any:
        x, initial, weights = _cell_arguments(*call.args, **call.options)
        is_tuple = isinstance(initial, (list, tuple))
        state = tuple(call.mode.as_varying(part) for part in (initial if is_tuple else [initial]))
        with call.mode:
            final = step(x, state, weights)
        return final if is_tuple else final[0]

    return rule


def _cell_arguments(x: Tensor, hx: Any, *parameters: Tensor, **named: Tensor) -> tuple[Tensor, Any, Weights]:
    return x, hx, Weights(*parameters, **named)
