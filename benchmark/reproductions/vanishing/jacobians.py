"""Closed forms of an LSTM's Jacobians, of one step and of its state (h, c).

With a = o_t ⊙ (1 − tanh² c_t), and diagonal matrices where a vector stands before a matrix, the source writes

    J_t = tanh(c_t) o_t (1 − o_t) W_ho
        + a [c_{t−1} f_t (1 − f_t) W_hf + c̃_t i_t (1 − i_t) W_hi + i_t (1 − c̃_t²) W_hc̃ + f_t]

and calls it ∂h_t/∂h_{t−1}. But an LSTM's state is the pair (h, c), and it matters what c_{t−1} does meanwhile:

- c_{t−1} held fixed: ∂h_t/∂h_{t−1} is J_t without its last term f_t (`hidden_by_hidden`).
- h_{t−1} held fixed: ∂h_t/∂c_{t−1} is that last term, a f_t (`source_approximation`).
- J_t is their sum: the derivative of h_t where c_{t−1} moves by as much as h_{t−1} (`source_jacobian`).

So the product of J_t is not the chain rule, since ∂c_{t−1}/∂h_{t−1} is not the identity. The chain rule holds for the
Jacobian of the state (`state_jacobian`). Where the weights W_h vanish, that one's product is Π f_i for c and a_T Π f_i
for h: the factor a, which lies below 1, enters once. The source's approximation a f_t puts it into every step, and
therefore decays faster.

Source: Ismail et al., Input-Cell Attention Reduces Vanishing Saliency of Recurrent Neural Networks, NeurIPS 2019.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ....errors import ParameterError, ShapeError


@dataclass(frozen=True)
class Trajectory:
    """What an LSTM's forward direction did, step by step.

    Attributes:
        input_gate, forget_gate, candidate, output_gate: i_t, f_t, c̃_t and o_t, (batch, time, hidden).
        previous_cell, cell: c_{t−1} and c_t, (batch, time, hidden).
        hidden_weights: W_hi, W_hf, W_hc̃ and W_ho, one above the other, (4 · hidden, hidden).
        input_weights: the same for the input, (4 · hidden, features).
    """

    input_gate: Tensor
    forget_gate: Tensor
    candidate: Tensor
    output_gate: Tensor
    previous_cell: Tensor
    cell: Tensor
    hidden_weights: Tensor
    input_weights: Tensor


def trace(lstm: nn.LSTM, inputs: Tensor) -> Trajectory:
    """Return the trajectory of a one-layer LSTM from a zero state; of a bidirectional one, its forward direction.

    Args:
        lstm: one layer, batch_first, without projection.
        inputs: what the LSTM reads, (batch, time, features), in the precision of its weights.

    Raises:
        ParameterError: more than one layer, a projection, or time on the first axis.
        ShapeError: inputs of another shape.
    """
    if lstm.num_layers != 1 or lstm.proj_size or not lstm.batch_first:
        raise ParameterError(
            "the closed form needs nn.LSTM with num_layers=1, proj_size=0 and batch_first=True, got "
            f"num_layers={lstm.num_layers}, proj_size={lstm.proj_size} and batch_first={lstm.batch_first}"
        )
    if inputs.dim() != 3 or inputs.shape[2] != lstm.input_size or not inputs.shape[1]:
        raise ShapeError(f"the LSTM reads (batch, time, {lstm.input_size}), got {tuple(inputs.shape)}")
    with torch.no_grad():
        hidden = lstm(inputs)[0][..., : lstm.hidden_size]
        before = torch.cat([torch.zeros_like(hidden[:, :1]), hidden[:, :-1]], dim=1)
        weights = dict(lstm.named_parameters())
        by_input, by_hidden = weights["weight_ih_l0"].detach(), weights["weight_hh_l0"].detach()
        drive = inputs @ by_input.T + before @ by_hidden.T
        if lstm.bias:
            drive = drive + weights["bias_ih_l0"] + weights["bias_hh_l0"]
        entering, forget, candidate, output = drive.chunk(4, dim=2)
        i, f, g, o = entering.sigmoid(), forget.sigmoid(), candidate.tanh(), output.sigmoid()
        cells = [torch.zeros_like(i[:, 0])]
        for step in range(inputs.shape[1]):
            cells.append(f[:, step] * cells[-1] + i[:, step] * g[:, step])
        cell = torch.stack(cells, dim=1)
        return Trajectory(i, f, g, o, cell[:, :-1], cell[:, 1:], by_hidden, by_input)


def source_jacobian(steps: Trajectory) -> Tensor:
    """Return J_t as the source writes it, (batch, time, hidden, hidden); entry [.., j, k] is of h_t[j] by h_{t−1}[k].

    It is the derivative of h_t along directions in which c_{t−1} moves by as much as h_{t−1}.
    """
    return hidden_by_hidden(steps) + torch.diag_embed(source_approximation(steps))


def hidden_by_hidden(steps: Trajectory) -> Tensor:
    """Return ∂h_t/∂h_{t−1} with c_{t−1} and x_t held fixed, (batch, time, hidden, hidden)."""
    *_, W_ho = steps.hidden_weights.chunk(4)
    o = steps.output_gate
    through_output = (steps.cell.tanh() * o * (1 - o)).unsqueeze(3) * W_ho
    return through_output + exposure(steps).unsqueeze(3) * cell_by_hidden(steps)


def cell_by_hidden(steps: Trajectory) -> Tensor:
    """Return ∂c_t/∂h_{t−1} with c_{t−1} and x_t held fixed, (batch, time, hidden, hidden)."""
    W_hi, W_hf, W_hg, _ = steps.hidden_weights.chunk(4)
    by_input, by_forget, by_candidate = cell_by_gates(steps)
    return by_forget.unsqueeze(3) * W_hf + by_input.unsqueeze(3) * W_hi + by_candidate.unsqueeze(3) * W_hg


def cell_by_gates(steps: Trajectory) -> tuple[Tensor, Tensor, Tensor]:
    """Return the derivatives of c_t by what enters i_t, f_t and c̃_t, each (batch, time, hidden)."""
    i, f, g = steps.input_gate, steps.forget_gate, steps.candidate
    return g * i * (1 - i), steps.previous_cell * f * (1 - f), i * (1 - g * g)


def exposure(steps: Trajectory) -> Tensor:
    """Return a = o_t ⊙ (1 − tanh² c_t), how much of a change of c_t shows in h_t, (batch, time, hidden)."""
    return steps.output_gate * (1 - steps.cell.tanh().square())


def source_approximation(steps: Trajectory) -> Tensor:
    """Return o_t ⊙ (1 − tanh² c_t) f_t, to which the source reduces J_t, (batch, time, hidden).

    It is ∂h_t/∂c_{t−1} with h_{t−1} held fixed.
    """
    return exposure(steps) * steps.forget_gate


def state_jacobian(steps: Trajectory) -> Tensor:
    """Return ∂(h_t, c_t)/∂(h_{t−1}, c_{t−1}) with x_t held fixed, (batch, time, 2 · hidden, 2 · hidden).

    In blocks: [[∂h_t/∂h_{t−1}, a f_t], [∂c_t/∂h_{t−1}, f_t]], each with the other half of the state held fixed.
    """
    by_cell = torch.diag_embed(source_approximation(steps)), torch.diag_embed(steps.forget_gate)
    upper = torch.cat([hidden_by_hidden(steps), by_cell[0]], dim=3)
    lower = torch.cat([cell_by_hidden(steps), by_cell[1]], dim=3)
    return torch.cat([upper, lower], dim=2)


def input_gradient(steps: Trajectory, adjoint: Tensor) -> Tensor:
    """Return ∂S/∂x_t = ∂S/∂(h_t, c_t) · ∂(h_t, c_t)/∂x_t, (batch, time, features).

    Args:
        steps: the trajectory.
        adjoint: ∂S/∂(h_t, c_t), (batch, time, 2 · hidden).
    """
    by_h, by_c = adjoint.chunk(2, dim=2)
    o = steps.output_gate
    through_cell = by_c + by_h * exposure(steps)
    by_gates = [through_cell * factor for factor in cell_by_gates(steps)]
    return torch.cat([*by_gates, by_h * steps.cell.tanh() * o * (1 - o)], dim=2) @ steps.input_weights
