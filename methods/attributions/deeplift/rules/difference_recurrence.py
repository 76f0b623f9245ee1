"""DeepLIFT's multipliers of recurrent layers, in closed form for all steps at once.

They are what its rules, composed step by step, give: the mean of a factor's value and twin for the other factor of
a product, and the rescale multipliers without cancellation, however small Δx is:
Δtanh/Δx = (1 - tanh x · tanh x′) · tanh(Δx)/Δx and Δσ/Δx = (σ + σ′ - 2σσ′) · tanh(Δx/2)/Δx.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ...interception.interception import Call
from ...interception.recurrence import CellShares, Shares, States, cell_shares
from ...interception.recurrent_layers import Backward, Direction, OneDirection, SharesType, StatesOf, propagate_by
from ..paired_pass import PairedPass

SharesOf = Callable[[States], SharesType]


def paired(
    states_of: StatesOf, shares_of: SharesOf[SharesType], backward: Backward[SharesType]
) -> OneDirection[PairedPass]:
    """Return the rule of one layer in one direction: input and baseline run as one batch.

    Args:
        states_of: the cell's states.
        shares_of: the cell's multipliers, of states whose batch is values followed by twins.
        backward: the way back through the cell.
    """

    def one_direction(
        call: Call[PairedPass], x: Tensor, start: tuple[Tensor, ...], layer: Direction
    ) -> tuple[Tensor, ...]:
        twin = call.mode.twin
        with torch.inference_mode():
            both = tuple(torch.cat([state, twin(state)]).t() for state in start)
            states = states_of(layer.project(x, twin(x)), layer.w_hh, layer.b_hh, both)
            shares = shares_of(states)
        pairs = [part.chunk(2, -2) for part in layer.output(states, len(start))]

        def back(arriving: Tensor, *last: Tensor) -> tuple[Tensor, ...]:
            at_gates, at_start = layer.back(backward, arriving, last, shares)
            return (layer.to_input(at_gates), *at_start)

        values = propagate_by([value for value, _ in pairs], (x, *start), back)
        call.noted(values, [reference for _, reference in pairs])
        return values

    return one_direction


def lstm_multipliers(states: States) -> CellShares:
    """Return the multipliers of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c)."""
    means = _mean(states.gates)
    slopes = _gate_slopes(states, means, tanh_gate=2)
    cells, tanh_c = states.kept, torch.tanh(states.kept[1:])
    i, f, g, o = means.chunk(4, 1)
    by_i, by_f, by_g, by_o = slopes.chunk(4, 1)
    parts = [by_i * g, by_f * _mean(cells[:-1]), by_g * i, f]
    return cell_shares(parts, _tanh_slope(cells[1:], tanh_c).mul_(o), by_o * _mean(tanh_c))


def gru_multipliers(states: States) -> Shares:
    """Return the multipliers of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h."""
    means = _mean(states.gates)
    slopes = _gate_slopes(states, means, tanh_gate=2)
    r, z, n = means.chunk(3, 1)
    by_r, by_z, by_new = slopes.chunk(3, 1)
    new = by_new * (1 - z)
    by_r.mul_(new).mul_(_mean(states.kept))
    by_z.mul_(_mean(states.hidden[:-1]).sub_(n))
    torch.mul(new, r, out=by_new)
    return Shares(slopes, kept=z, new=new)


def tanh_multipliers(states: States) -> Shares:
    """Return the multipliers of h = tanh(a)."""
    return Shares(_tanh_slope(states.before, states.gates))


def relu_multipliers(states: States) -> Shares:
    """Return the multipliers of h = relu(a): the derivative, 0 or 1, where a equals its twin."""
    change, change_of_y = _difference(states.before), _difference(states.gates)
    same = change == 0
    derivative = (states.before.chunk(2, 2)[0] > 0).to(change)
    return Shares(torch.where(same, derivative, change_of_y / torch.where(same, 1.0, change)))


def _gate_slopes(states: States, means: Tensor, tanh_gate: int) -> Tensor:
    """Return Δy/Δx of every gate's activation, of which one is tanh and the others σ, (time, gates · hidden, batch)."""
    width = states.hidden.shape[1]
    rows = slice(tanh_gate * width, (tanh_gate + 1) * width)
    value, twin = states.gates.chunk(2, 2)
    # σ is tanh of half its argument: both quotients at once
    scale = value.new_full((value.shape[1], 1), 0.5)
    scale[rows] = 1.0
    spread = torch.addcmul(means, value, twin, value=-1)
    torch.addcmul(value.new_ones(()), value[:, rows], twin[:, rows], value=-1, out=spread[:, rows])
    return _tanh_quotient(_difference(states.before).mul_(scale)).mul_(spread)


def _tanh_slope(x: Tensor, y: Tensor) -> Tensor:
    value, twin = y.chunk(2, 2)
    return _tanh_quotient(_difference(x)).mul_(1 - value * twin)


def _tanh_quotient(x: Tensor) -> Tensor:
    """Return tanh(x) / x, which is even and 1 at 0, in place of x."""
    x.abs_().clamp_(min=torch.finfo(x.dtype).tiny)
    return torch.div(torch.tanh(x), x, out=x)


def _difference(tensor: Tensor) -> Tensor:
    value, twin = tensor.chunk(2, 2)
    return value - twin


def _mean(tensor: Tensor) -> Tensor:
    value, twin = tensor.chunk(2, 2)
    return (value + twin).mul_(0.5)
