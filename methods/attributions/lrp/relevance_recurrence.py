"""LRP through recurrent layers, in closed form for all steps at once.

Source: Arras, Montavon, Müller, Samek, "Explaining Recurrent Neural Network Predictions in Sentiment Analysis",
WASSA 2017; Arras et al., "Explaining and Interpreting LSTMs", 2019 (LRP-all, LRP-abs and LRP-half).
"""

from collections.abc import Callable

import torch
from torch import Tensor

from ..interception.interception import Call
from ..interception.recurrence import CellShares, Shares, States, cell_shares
from ..interception.recurrent_layers import Backward, Direction, OneDirection, SharesType, StatesOf, propagate_by
from .relevance_pass import Product, RelevancePass, Role, stable_reciprocal

SharesOf = Callable[[States, float, Product], SharesType]


def relevant(
    states_of: StatesOf, shares_of: SharesOf[SharesType], backward: Backward[SharesType]
) -> OneDirection[RelevancePass]:
    """Return the rule of one layer in one direction.

    Args:
        states_of: the cell's states.
        shares_of: function of states, ε and how products share, the shares of relevance that each step hands on.
        backward: the way back through the cell.
    """

    def one_direction(
        call: Call[RelevancePass], x: Tensor, start: tuple[Tensor, ...], layer: Direction
    ) -> tuple[Tensor, ...]:
        with torch.inference_mode():
            states = states_of(layer.project(x), layer.w_hh, layer.b_hh, tuple(state.t() for state in start))
            shares = shares_of(states, call.mode.epsilon, call.mode.product)

        def back(arriving: Tensor, *last: Tensor) -> tuple[Tensor, ...]:
            at_gates, at_start = layer.back(backward, arriving, last, shares)
            return (layer.to_input(at_gates).mul_(x), *at_start)

        values = propagate_by(layer.output(states, len(start)), (x, *start), back)
        call.noted(values, [Role.SIGNAL] * len(values))
        return values

    return one_direction


def lstm_relevance(states: States, epsilon: float, product: Product) -> CellShares:
    """Return the shares of c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c)."""
    i, f, g, o = states.gates.chunk(4, 1)
    cells, kept = states.kept[1:], states.kept[:-1]
    to_kept, to_f = product.shares(kept, f, epsilon)
    to_g, to_i = product.shares(g, i, epsilon)
    to_cell, to_o = product.shares(torch.tanh(cells), o, epsilon)
    inverse = stable_reciprocal(cells, epsilon)
    of_kept, of_new = f * kept * inverse, i * g * inverse
    by_i, by_f, by_g, by_o = stable_reciprocal(states.before, epsilon).chunk(4, 1)
    parts = [of_new * to_i * by_i, of_kept * to_f * by_f, of_new * to_g * by_g, of_kept * to_kept]
    return cell_shares(parts, to_cell, to_o * by_o, hidden=states.hidden[:-1])


def gru_relevance(states: States, epsilon: float, product: Product) -> Shares:
    """Return the shares of n = tanh(n_x + σ(r)·n_h), h = (1 - σ(z))·n + σ(z)·h."""
    r, z, n = states.gates.chunk(3, 1)
    hidden = states.hidden[:-1]
    to_hidden, to_z = product.shares(hidden, z, epsilon)
    to_n, to_rest = product.shares(n, 1 - z, epsilon)
    to_u, to_r = product.shares(states.kept, r, epsilon)
    inverse = stable_reciprocal(states.hidden[1:], epsilon)
    of_kept, of_new = z * hidden * inverse, (1 - z) * n * inverse
    inverse_r, inverse_z, inverse_n = stable_reciprocal(states.before, epsilon).chunk(3, 1)
    new = of_new * to_n * inverse_n
    reset = r * states.kept * new
    from_hidden = reset * to_u * stable_reciprocal(states.kept, epsilon)
    parts = [reset * to_r * inverse_r, (of_kept * to_z + of_new * to_rest) * inverse_z, from_hidden]
    return Shares(torch.cat(parts, 1), kept=of_kept * to_hidden, hidden=hidden, new=new)


def plain_relevance(states: States, epsilon: float, _product: Product) -> Shares:
    """Return the shares of h = activation(a)."""
    return Shares(stable_reciprocal(states.before, epsilon), hidden=states.hidden[:-1])
