"""Recurrent cells over time: their states and gates forward, and a linear propagation through them backward.

Everything that does not depend on the step before is computed for all steps at once. The gates are PyTorch's: W_ih,
W_hh and the biases stacked as i, f, g, o (LSTM) and r, z, n (GRU). Time is the first axis.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class States:
    """What a layer's cells computed, in one direction.

    Attributes:
        hidden: h_0 … h_T, (time + 1, batch, hidden).
        before: what the gates' activations were applied to, (time, batch, gates · hidden).
        gates: the activated gates, (time, batch, gates · hidden).
        kept: c_0 … c_T of an LSTM, (time + 1, batch, hidden); W_hn h + b_hn of a GRU, (time, batch, hidden).
    """

    hidden: Tensor
    before: Tensor
    gates: Tensor
    kept: Tensor

    @property
    def over_time(self) -> tuple[Tensor, Tensor]:
        """Return what an LSTM's state is made of."""
        return self.hidden, self.kept


def lstm_states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
    """Return the states of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c); projected is W_ih x + b_ih."""
    projected = projected if b_hh is None else projected + b_hh
    hidden, cells = (_steps(start, len(projected)) for start in state)
    before, gates = torch.empty_like(projected), torch.empty_like(projected)
    tanh_c = torch.empty_like(hidden[0])
    weights = w_hh.t()
    quarters = [part.unbind(0) for part in gates.chunk(4, -1)]
    new = before.chunk(4, -1)[2].unbind(0)
    rows = zip(projected.unbind(0), before.unbind(0), gates.unbind(0), new, *quarters, strict=True)
    h, c = hidden.unbind(0), cells.unbind(0)
    for step, (from_input, a, activated, a_new, i, f, g, o) in enumerate(rows):
        torch.addmm(from_input, h[step], weights, out=a)
        torch.sigmoid(a, out=activated)
        torch.tanh(a_new, out=g)
        torch.mul(f, c[step], out=c[step + 1]).addcmul_(i, g)
        torch.mul(o, torch.tanh(c[step + 1], out=tanh_c), out=h[step + 1])
    return States(hidden, before, gates, cells)


def gru_states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
    """Return the states of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h; projected is W_ih x + b_ih."""
    time, batch, size = projected.shape
    width = size // 3
    hidden = _steps(state[0], time)
    before, gates = torch.empty_like(projected), torch.empty_like(projected)
    kept, reset = hidden.new_empty(time, batch, width), hidden.new_empty(batch, width)
    from_hidden = projected.new_empty(batch, size)
    switches_h, new_h = from_hidden.split([2 * width, width], -1)
    weights, bias = w_hh.t(), torch.zeros_like(w_hh[:, 0]) if b_hh is None else b_hh
    parts = [tensor.split([2 * width, width], -1) for tensor in (projected, before, gates)]
    (switch_x, new_x), (a_switch, a_new), (switch, new) = [[part.unbind(0) for part in pair] for pair in parts]
    resets, updates = (part.unbind(0) for part in gates[..., : 2 * width].chunk(2, -1))
    h, u = hidden.unbind(0), kept.unbind(0)
    for step in range(time):
        torch.addmm(bias, h[step], weights, out=from_hidden)
        u[step].copy_(new_h)
        torch.sigmoid(torch.add(switch_x[step], switches_h, out=a_switch[step]), out=switch[step])
        torch.add(new_x[step], torch.mul(resets[step], new_h, out=reset), out=a_new[step])
        n = torch.tanh(a_new[step], out=new[step])
        torch.lerp(n, h[step], updates[step], out=h[step + 1])
    return States(hidden, before, gates, kept)


def rnn_states(activation: Activation) -> Callable[[Tensor, Tensor, Tensor | None, tuple[Tensor, ...]], States]:
    """Return the function for the states of h = activation(projected + W_hh h + b_hh)."""

    def states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
        projected = projected if b_hh is None else projected + b_hh
        hidden = _steps(state[0], len(projected))
        before, weights = torch.empty_like(projected), w_hh.t()
        h = hidden.unbind(0)
        for step, (from_input, a) in enumerate(zip(projected.unbind(0), before.unbind(0), strict=True)):
            h[step + 1].copy_(activation(torch.addmm(from_input, h[step], weights, out=a)))
        return States(hidden, before, hidden[1:], hidden)

    return states


@dataclass(frozen=True)
class Shares:
    """What each step hands on, backward: factors of what arrives at h_t, and at c_t in an LSTM.

    Attributes:
        gates: to what the gates' activations are applied to, (time, batch, gates · hidden).
        kept: to h_{t-1} past the gates (GRU) or from c_t to c_{t-1} (LSTM), (time, batch, hidden); None for none.
        to_cell: from h_t to c_t, (time, batch, hidden); None without a cell state.
        hidden: factor of what reaches h_{t-1} by W_hh, (time, batch, hidden); None for 1.
        new: from h_t to W_in x + b_in of a GRU, whose third gate is W_hn h + b_hn, (time, batch, hidden).
    """

    gates: Tensor
    kept: Tensor | None = None
    to_cell: Tensor | None = None
    hidden: Tensor | None = None
    new: Tensor | None = None


def backward_through_cells(
    arriving: Tensor, last: tuple[Tensor, ...], shares: Shares, w_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Propagate through an LSTM: the gates i, f, g get their share from c_t, and o from h_t.

    Args:
        arriving: at h_1 … h_T from outside, (time, batch, hidden).
        last: at h_T and c_T as final states, (batch, hidden) each.
        shares: of every step.
        w_hh: (4 · hidden, hidden).

    Returns:
        what reaches the gates, (time, batch, 4 · hidden), and what reaches the initial states.
    """
    assert shares.to_cell is not None
    assert shares.kept is not None
    time, batch, width = arriving.shape
    at_gates = torch.empty_like(shares.gates)
    inner = [tensor.view(time, batch, 4, width)[:, :, :3].unbind(0) for tensor in (shares.gates, at_gates)]
    outer = [tensor[..., 3 * width :].unbind(0) for tensor in (shares.gates, at_gates)]
    to_cell, kept, rows = shares.to_cell.unbind(0), shares.kept.unbind(0), at_gates.unbind(0)
    at_hidden, at_cell = arriving[-1] + last[0], last[1].clone()
    spread = at_cell.unsqueeze(1)
    for step in reversed(range(time)):
        at_cell.addcmul_(at_hidden, to_cell[step])
        torch.mul(inner[0][step], spread, out=inner[1][step])
        torch.mul(outer[0][step], at_hidden, out=outer[1][step])
        at_hidden = _earlier(rows[step], w_hh, shares, arriving, step)
        at_cell.mul_(kept[step])
    return at_gates, (at_hidden, at_cell)


def backward_through_states(
    arriving: Tensor, last: tuple[Tensor, ...], shares: Shares, w_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Propagate through a GRU or a plain cell: every gate gets its share from h_t.

    Args:
        arriving: at h_1 … h_T from outside, (time, batch, hidden).
        last: at h_T as final state, (batch, hidden).
        shares: of every step.
        w_hh: (gates · hidden, hidden).

    Returns:
        what reaches the gates' part from the input, (time, batch, gates · hidden), and the initial state.
    """
    time, batch, width = arriving.shape
    at_gates, at_states = torch.empty_like(shares.gates), torch.empty_like(arriving)
    count = shares.gates.shape[-1] // width
    factors, products = (tensor.view(time, batch, count, width).unbind(0) for tensor in (shares.gates, at_gates))
    rows, states = at_gates.unbind(0), at_states.unbind(0)
    at_hidden = arriving[-1] + last[0]
    for step in reversed(range(time)):
        states[step].copy_(at_hidden)
        torch.mul(factors[step], at_hidden.unsqueeze(1), out=products[step])
        earlier = _earlier(rows[step], w_hh, shares, arriving, step)
        at_hidden = earlier if shares.kept is None else earlier.addcmul_(at_hidden, shares.kept[step])
    if shares.new is not None:
        at_gates[..., 2 * width :] = at_states * shares.new
    return at_gates, (at_hidden,)


def _earlier(at_gates: Tensor, w_hh: Tensor, shares: Shares, arriving: Tensor, step: int) -> Tensor:
    outside = arriving[step - 1] if step else None
    if shares.hidden is not None:
        through = (at_gates @ w_hh).mul_(shares.hidden[step])
        return through if outside is None else through.add_(outside)
    return at_gates @ w_hh if outside is None else torch.addmm(outside, at_gates, w_hh)


def _steps(start: Tensor, time: int) -> Tensor:
    states = start.new_empty(time + 1, *start.shape)
    states[0] = start
    return states
