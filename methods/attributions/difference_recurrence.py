"""DeepLIFT's multipliers of recurrent layers, in closed form for all steps at once.

They are what its rules, composed step by step, give: the mean of a factor's value and twin for the other factor of
a product, and the rescale multipliers without cancellation, however small Δx is:
Δtanh/Δx = (1 - tanh x · tanh x′) · tanh(Δx)/Δx and Δσ/Δx = (σ + σ′ - 2σσ′) · tanh(Δx/2)/Δx.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from .interception import Call
from .paired_pass import PairedPass
from .recurrence import Shares, States
from .recurrent_layers import Backward, Direction, OneDirection, StatesOf, propagating

SharesOf = Callable[[States], Shares]


def paired(states_of: StatesOf, shares_of: SharesOf, backward: Backward) -> OneDirection[PairedPass]:
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
        with torch.no_grad():
            both = tuple(torch.cat([state, twin(state)]).t() for state in start)
            states = states_of(layer.project(x, twin(x)), layer.w_hh, layer.b_hh, both)
            shares = shares_of(states)
            pairs = [part.chunk(2, -2) for part in layer.output(states, len(start))]

        def back(arriving: Tensor, *last: Tensor) -> tuple[Tensor, ...]:
            at_gates, at_start = layer.back(backward, arriving, last, shares)
            return (layer.to_input(at_gates, x), *at_start)

        values = propagating([value for value, _ in pairs], (x, *start), back)
        call.noted(values, [reference for _, reference in pairs])
        return values

    return one_direction


def lstm_multipliers(states: States) -> Shares:
    """Return the multipliers of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c)."""
    i, f, g, o = _mean(states.gates).chunk(4, 1)
    cells, tanh_c = states.kept, torch.tanh(states.kept[1:])
    slopes = _sigmoid_slope(states.before, states.gates)
    by_i, by_f, by_g, by_o = slopes.chunk(4, 1)
    by_g.copy_(_tanh_slope(*(tensor.chunk(4, 1)[2] for tensor in (states.before, states.gates))))
    for slope, other in zip((by_i, by_f, by_g, by_o), (g, _mean(cells[:-1]), i, _mean(tanh_c)), strict=True):
        slope.mul_(other)
    return Shares(slopes, kept=f, to_cell=_tanh_slope(cells[1:], tanh_c).mul_(o))


def gru_multipliers(states: States) -> Shares:
    """Return the multipliers of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h."""
    r, z, n = _mean(states.gates).chunk(3, 1)
    width = n.shape[1]
    new = _tanh_slope(*(tensor[:, 2 * width :] for tensor in (states.before, states.gates))).mul_(1 - z)
    to_switches = torch.cat([new * _mean(states.kept), _mean(states.hidden[:-1]) - n], 1)
    by_switches = _sigmoid_slope(*(tensor[:, : 2 * width] for tensor in (states.before, states.gates)))
    return Shares(torch.cat([by_switches.mul_(to_switches), new * r], 1), kept=z, new=new)


def tanh_multipliers(states: States) -> Shares:
    """Return the multipliers of h = tanh(a)."""
    return Shares(_tanh_slope(states.before, states.gates))


def relu_multipliers(states: States) -> Shares:
    """Return the multipliers of h = relu(a): the derivative, 0 or 1, where a equals its twin."""
    change, change_of_y = _difference(states.before), _difference(states.gates)
    same = change == 0
    derivative = (states.before.chunk(2, 2)[0] > 0).to(change)
    return Shares(torch.where(same, derivative, change_of_y / torch.where(same, 1.0, change)))


def _tanh_slope(x: Tensor, y: Tensor) -> Tensor:
    value, twin = y.chunk(2, 2)
    return _tanh_quotient(_difference(x)).mul_(1 - value * twin)


def _sigmoid_slope(x: Tensor, y: Tensor) -> Tensor:
    value, twin = y.chunk(2, 2)
    spread = torch.addcmul(value + twin, value, twin, value=-2)
    return _tanh_quotient(_difference(x).mul_(0.5)).mul_(spread).mul_(0.5)


def _tanh_quotient(x: Tensor) -> Tensor:
    """Return tanh(x) / x, which is 1 at 0."""
    return torch.where(x == 0, 1.0, torch.tanh(x) / x)


def _difference(tensor: Tensor) -> Tensor:
    value, twin = tensor.chunk(2, 2)
    return value - twin


def _mean(tensor: Tensor) -> Tensor:
    value, twin = tensor.chunk(2, 2)
    return (value + twin).mul_(0.5)
