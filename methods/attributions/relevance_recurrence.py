"""LRP through recurrent layers, in closed form for all steps at once: what its rules, step by step, give.

Source: Arras, Montavon, Müller, Samek, "Explaining Recurrent Neural Network Predictions in Sentiment Analysis",
WASSA 2017; Arras et al., "Explaining and Interpreting LSTMs", 2019 (LRP-all and LRP-prop).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from .interception import Call
from .recurrence import Shares, States
from .recurrent_layers import Backward, Direction, OneDirection, StatesOf, propagating
from .relevance_pass import RelevancePass, Role, stable_reciprocal

SharesOf = Callable[[States, float, bool], Shares]


def relevant(states_of: StatesOf, shares_of: SharesOf, backward: Backward) -> OneDirection[RelevancePass]:
    """Return the rule of one layer in one direction.

    Args:
        states_of: the cell's states.
        shares_of: function of states, ε and halves, the shares of relevance that each step hands on.
        backward: the way back through the cell.
    """

    def one_direction(
        call: Call[RelevancePass], x: Tensor, start: tuple[Tensor, ...], layer: Direction
    ) -> tuple[Tensor, ...]:
        with torch.no_grad():
            states = states_of(layer.project(x), layer.w_hh, layer.b_hh, start)
            shares = shares_of(states, call.mode.epsilon, call.mode.halves)
            last = [over_time[-1] for over_time in states.over_time[: len(start)]]
            results = [layer.ordered(states.hidden[1:]), *last]

        def back(arriving: Tensor, *last: Tensor) -> tuple[Tensor, ...]:
            at_gates, at_start = backward(layer.ordered(arriving), last, shares, layer.w_hh)
            return (layer.to_input(at_gates, x) * x, *at_start)

        values = propagating(results, (x, *start), back)
        call.noted(values, [Role.SIGNAL] * len(values))
        return values

    return one_direction


def lstm_relevance(states: States, epsilon: float, halves: bool) -> Shares:
    """Return the shares of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c)."""
    to_signal, to_gate = _product(halves)
    i, f, g, _ = states.gates.chunk(4, -1)
    inverse = stable_reciprocal(states.kept[1:], epsilon)
    of_kept, of_new = f * states.kept[:-1] * inverse, i * g * inverse
    output = torch.full_like(inverse, to_gate)
    parts = torch.cat([to_gate * of_new, to_gate * of_kept, to_signal * of_new, output], -1)
    return Shares(
        parts.mul_(stable_reciprocal(states.before, epsilon)),
        kept=of_kept.mul_(to_signal),
        to_cell=torch.full_like(inverse, to_signal),
        hidden=states.hidden[:-1],
    )


def gru_relevance(states: States, epsilon: float, halves: bool) -> Shares:
    """Return the shares of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h."""
    to_signal, to_gate = _product(halves)
    r, z, n = states.gates.chunk(3, -1)
    inverse = stable_reciprocal(states.hidden[1:], epsilon)
    of_kept, of_new = z * states.hidden[:-1] * inverse, (1 - z) * n * inverse
    inverse_r, inverse_z, inverse_n = stable_reciprocal(states.before, epsilon).chunk(3, -1)
    new = to_signal * of_new * inverse_n
    reset = r * states.kept * new
    from_hidden = to_signal * reset * stable_reciprocal(states.kept, epsilon)
    parts = [to_gate * reset * inverse_r, to_gate * (of_kept + of_new) * inverse_z, from_hidden]
    return Shares(torch.cat(parts, -1), kept=to_signal * of_kept, hidden=states.hidden[:-1], new=new)


def plain_relevance(states: States, epsilon: float, _halves: bool) -> Shares:
    """Return the shares of h = activation(a)."""
    return Shares(stable_reciprocal(states.before, epsilon), hidden=states.hidden[:-1])


def _product(halves: bool) -> tuple[float, float]:
    """Return the shares of a product's relevance that the signal and the gate get."""
    return (0.5, 0.5) if halves else (1.0, 0.0)
