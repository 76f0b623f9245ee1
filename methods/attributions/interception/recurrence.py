"""Recurrent layers unrolled: states and gates forward, a linear propagation through them backward.

Everything that does not depend on the step before is computed for all steps at once. Backward, what comes to less than
1.2e-35 (2.3e-305 in float64, nothing in float16) at a gate or state is dropped, as it vanishes over time. Tensors are
(time, width, batch): each gate of each step is one contiguous block. The gates are PyTorch's: W_ih, W_hh and the biases
stacked as i, f, g, o (LSTM) and r, z, n (GRU).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Activation = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class States:
    """What a layer's cells computed, in one direction.

    Attributes:
        hidden: h_0 … h_T, (time + 1, hidden, batch).
        before: what the gates' activations were applied to, (time, gates · hidden, batch).
        gates: the activated gates, (time, gates · hidden, batch).
        kept: c_0 … c_T of an LSTM, (time + 1, hidden, batch); W_hn h + b_hn of a GRU, (time, hidden, batch).
    """

    hidden: Tensor
    before: Tensor
    gates: Tensor
    kept: Tensor

    @property
    def over_time(self) -> tuple[Tensor, Tensor]:
        """Return what an LSTM's state is made of, each (time + 1, hidden, batch)."""
        return self.hidden, self.kept


def lstm_states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
    """Return the states of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c).

    Args:
        projected: W_ih x + b_ih, (time, gates · hidden, batch), which is overwritten.
        w_hh: (gates · hidden, hidden).
        b_hh: (gates · hidden,), or None.
        state: h_0 and c_0, (hidden, batch).
    """
    if b_hh is not None:
        projected.add_(b_hh[:, None])
    hidden, cells = (_steps(start, len(projected)) for start in state)
    activated, tanh_c = torch.empty_like(projected[0]), torch.empty_like(hidden[0])
    i, f, g, o = activated.chunk(4)
    new = projected.chunk(4, 1)[2]
    h, c = hidden.unbind(0), cells.unbind(0)
    for step, (before, before_new) in enumerate(zip(projected.unbind(0), new.unbind(0), strict=True)):
        before.addmm_(w_hh, h[step])
        torch.sigmoid(before, out=activated)
        torch.tanh(before_new, out=g)
        torch.mul(f, c[step], out=c[step + 1]).addcmul_(i, g)
        torch.mul(o, torch.tanh(c[step + 1], out=tanh_c), out=h[step + 1])
    gates = torch.sigmoid(projected)
    torch.tanh(new, out=gates.chunk(4, 1)[2])
    return States(hidden, projected, gates, cells)


def gru_states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
    """Return the states of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h.

    Args:
        projected: W_ih x + b_ih, (time, gates · hidden, batch), which is overwritten.
        w_hh: (gates · hidden, hidden).
        b_hh: (gates · hidden,), or None.
        state: h_0, (hidden, batch).
    """
    time, size, batch = projected.shape
    width = size // 3
    hidden = _steps(state[0], time)
    before, gates = torch.empty_like(projected), torch.empty_like(projected)
    kept, reset = hidden.new_empty(time, width, batch), hidden.new_empty(width, batch)
    bias = w_hh.new_zeros(size, 1) if b_hh is None else b_hh[:, None]
    inner = [slice(2 * width), slice(2 * width, None)]
    projected[:, inner[0]].add_(bias[inner[0]])
    (switch_x, new_x), (a_switch, a_new), (switch, new) = [
        [tensor[:, part].unbind(0) for part in inner] for tensor in (projected, before, gates)
    ]
    resets, updates = (part.unbind(0) for part in gates[:, inner[0]].chunk(2, 1))
    (to_switch, to_new), bias_new = [w_hh[part] for part in inner], bias[inner[1]].expand(width, batch)
    h, u = hidden.unbind(0), kept.unbind(0)
    for step in range(time):
        torch.sigmoid(torch.addmm(switch_x[step], to_switch, h[step], out=a_switch[step]), out=switch[step])
        torch.addmm(bias_new, to_new, h[step], out=u[step])
        torch.add(new_x[step], torch.mul(resets[step], u[step], out=reset), out=a_new[step])
        n = torch.tanh(a_new[step], out=new[step])
        torch.lerp(n, h[step], updates[step], out=h[step + 1])
    return States(hidden, before, gates, kept)


def rnn_states(activation: Activation) -> Callable[[Tensor, Tensor, Tensor | None, tuple[Tensor, ...]], States]:
    """Return the function for the states of h = activation(projected + W_hh h + b_hh)."""

    def states(projected: Tensor, w_hh: Tensor, b_hh: Tensor | None, state: tuple[Tensor, ...]) -> States:
        if b_hh is not None:
            projected.add_(b_hh[:, None])
        hidden = _steps(state[0], len(projected))
        before = torch.empty_like(projected)
        h = hidden.unbind(0)
        for step, (from_input, a) in enumerate(zip(projected.unbind(0), before.unbind(0), strict=True)):
            h[step + 1].copy_(activation(torch.addmm(from_input, w_hh, h[step], out=a)))
        return States(hidden, before, hidden[1:], hidden)

    return states


@dataclass(frozen=True)
class Shares:
    """What each step of a GRU or a plain cell hands on, backward: factors of what arrives at h_t.

    Attributes:
        gates: to what the gates' activations are applied to, (time, gates · hidden, batch).
        kept: to h_{t-1} past the gates, (time, hidden, batch); None for none.
        hidden: factor of what reaches h_{t-1} by W_hh, (time, hidden, batch); None for 1.
        new: from h_t to W_in x + b_in of a GRU, whose third gate is W_hn h + b_hn, (time, hidden, batch).
    """

    gates: Tensor
    kept: Tensor | None = None
    hidden: Tensor | None = None
    new: Tensor | None = None


@dataclass(frozen=True)
class CellShares:
    """What each step of an LSTM hands on, backward, to what the gates i, f, g, o are applied to and to c_{t-1}.

    Attributes:
        from_cell: factors of what arrives at c_t, (time, 5, hidden, batch).
        from_hidden: factors of what arrives at h_t, by way of c_t or of o, (time, 5, hidden, batch).
        hidden: factor of what reaches h_{t-1} by W_hh, (time, hidden, batch); None for 1.
    """

    from_cell: Tensor
    from_hidden: Tensor
    hidden: Tensor | None = None


def cell_shares(
    new_and_kept: Sequence[Tensor], to_cell: Tensor | float, to_o: Tensor, hidden: Tensor | None = None
) -> CellShares:
    """Return the shares of an LSTM from those of its parts, (time, hidden, batch) each.

    Args:
        new_and_kept: from c_t to what i, f and g are applied to and to c_{t-1}.
        to_cell: from h_t to c_t.
        to_o: from h_t to what o is applied to.
        hidden: factor of what reaches h_{t-1} by W_hh.
    """
    *new, kept = new_and_kept
    from_cell = torch.stack([*new, torch.zeros_like(kept), kept], 1)
    from_hidden = from_cell * (to_cell.unsqueeze(1) if isinstance(to_cell, Tensor) else to_cell)
    from_hidden[:, 3] = to_o
    return CellShares(from_cell, from_hidden, hidden)


def backward_through_cells(
    arriving: Tensor, last: tuple[Tensor, ...], shares: CellShares, w_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Propagate through an LSTM.

    Args:
        arriving: at h_1 … h_T from outside, (time, hidden, batch).
        last: at h_T and c_T as final states, (hidden, batch) each.
        shares: of every step.
        w_hh: (4 · hidden, hidden).

    Returns:
        what reaches the gates, (time, 4 · hidden, batch), and what reaches the initial states.
    """
    width = arriving.shape[1]
    reached = arriving.new_empty(len(arriving), 5 * width, arriving.shape[2])
    at_five = torch.empty_like(shares.from_cell[0])
    at_both = torch.cat([arriving[-1] + last[0], last[1]])
    at_hidden, at_cell = at_both.chunk(2)
    weights = torch.block_diag(w_hh.t(), torch.eye(width, dtype=w_hh.dtype, device=w_hh.device))
    joined, least = _joined(arriving, shares.hidden), _negligible(arriving)
    steps = [*zip(*(t.unbind(0) for t in (shares.from_cell, shares.from_hidden, reached)), strict=True)]
    for step, (from_cell, from_hidden, row) in reversed([*enumerate(steps)]):
        torch.mul(from_cell, at_cell, out=at_five).addcmul_(from_hidden, at_hidden)
        torch.hardshrink(at_five.view(row.shape), least, out=row)
        torch.mm(weights, row, out=at_both)
        joined(at_hidden, step)
    return reached[:, : 4 * width], (at_hidden, at_cell)


def backward_through_states(
    arriving: Tensor, last: tuple[Tensor, ...], shares: Shares, w_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """Propagate through a GRU or a plain cell: every gate gets its share from h_t.

    Args:
        arriving: at h_1 … h_T from outside, (time, hidden, batch).
        last: at h_T as final state, (hidden, batch).
        shares: of every step.
        w_hh: (gates · hidden, hidden).

    Returns:
        what reaches the gates' part from the input, (time, gates · hidden, batch), and the initial state.
    """
    width = arriving.shape[1]
    at_gates, at_states = torch.empty_like(shares.gates), torch.empty_like(arriving)
    factors, products = (tensor.unflatten(1, (-1, width)).unbind(0) for tensor in (shares.gates, at_gates))
    rows, states = at_gates.unbind(0), at_states.unbind(0)
    at_hidden = arriving[-1] + last[0]
    weights = w_hh.t()
    joined, least = _joined(arriving, shares.hidden), _negligible(arriving)
    for step in reversed(range(len(arriving))):
        at_hidden = torch.hardshrink(at_hidden, least, out=states[step])
        torch.mul(factors[step], at_hidden, out=products[step])
        before = joined(torch.mm(weights, rows[step]), step)
        at_hidden = before if shares.kept is None else before.addcmul_(at_hidden, shares.kept[step])
    if shares.new is not None:
        at_gates[:, 2 * width :] = at_states * shares.new
    return at_gates, (at_hidden,)


def _joined(arriving: Tensor, hidden: Tensor | None) -> Callable[[Tensor, int], Tensor]:
    """Return the function that turns what W_hh brings to the state before a step into all that arrives there."""
    outside = (torch.zeros_like(arriving[0]), *arriving[:-1].unbind(0))
    if hidden is None:
        return lambda brought, step: brought.add_(outside[step])
    factors = hidden.unbind(0)
    return lambda brought, step: torch.addcmul(outside[step], factors[step], brought, out=brought)


def _negligible(tensor: Tensor) -> float:
    """Return 1024 times the smallest normal number: what is larger stays normal when it is shared on.

    A CPU takes a hundred times as long for denormal numbers, which hold few digits. In half precision nothing is
    negligible: 1024 times its smallest normal number is 0.06, and a CPU computes it in single precision.
    """
    return 0.0 if tensor.dtype == torch.float16 else 1024 * torch.finfo(tensor.dtype).tiny


def _steps(start: Tensor, time: int) -> Tensor:
    states = start.new_empty(time + 1, *start.shape)
    states[0] = start
    return states
