"""LRP's relevance of prefix attention as one sum y_t = Σ_{s <= t} a_ts v_s, a the mean attention over hops.

A term a_ts v_s has a_ts v_s / (y_t + ε sign y_t) of what arrives, R_t, as in every sum; the rule for products says how
a and v share it, and hops share what a gets in proportion to their attention. As softmax passes on what arrives, that
is what their scores get. Where each factor gets half, all of this are products with a triangle of low rank: time and
memory are linear in the steps. In proportion to the factors' sizes a share is a function of both a_ts and v_s: steps
are taken in blocks, so that memory is linear, and time is not.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...causal_products import reverse_causal_product
from ..interception.hop_layout import MeanOfHops, layout_of
from ..interception.interception import Call, elementary
from ..interception.recurrent_layers import propagate_by
from .relevance_pass import Product, RelevancePass, Role, stable_reciprocal
from .relevance_rules import linear

RelevanceCall = Call[RelevancePass]
Relevances = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

_BLOCK = 2**17  # pairs of steps of a sample that are computed at once; the fastest of 2^13 to 2^20 from 1,000 steps on
_ROOM = 8.0  # of the exponents of a type that keys and their sums leave to what they are multiplied by


def attention(call: RelevanceCall) -> Tensor:
    """Apply the mean over hops, of scores (batch, time, hops) and values (batch, time, features)."""
    return _attended(call, is_per_hop=False)


def attention_per_hop(call: RelevanceCall) -> Tensor:
    """Apply attention for each hop: that of a single one, hops taking the place of samples."""
    return _attended(call, is_per_hop=True)


def _attended(call: RelevanceCall, is_per_hop: bool) -> Tensor:
    scores, values = call.args
    if not call.mode.varies(scores):
        return linear(call)
    is_signal = call.mode.varies(values) and call.mode.noted(values) is Role.SIGNAL
    if is_signal and call.mode.product is Product.SIGNAL_TAKES_ALL:
        result = call.mode.left(call.function(scores.detach(), call.mode.entering(values)))
        call.noted(result, Role.SIGNAL)
        return result
    layout = layout_of(scores, is_per_hop)
    relevances = _relevances(layout.scores(scores.detach()), call.mode) if is_signal else None
    if relevances is None:
        by_definition: Tensor = elementary(call)
        return by_definition
    return _propagated(call, layout, relevances)


def _propagated(call: RelevanceCall, layout: MeanOfHops, relevances: Relevances) -> Tensor:
    scores, values = call.args
    with torch.no_grad():
        value, own = call.run(), layout.values(values.detach())

    def back(arriving: Tensor) -> tuple[Tensor, Tensor]:
        with torch.no_grad():
            per_unit = layout.arriving(arriving * stable_reciprocal(value, call.mode.epsilon))
            to_scores, to_values = relevances(own, per_unit)
        return layout.to_scores(to_scores), layout.to_values(to_values)

    (result,) = propagate_by([value], (scores, values), back)
    call.noted(result, Role.SIGNAL)
    return result


def _relevances(scores: Tensor, mode: RelevancePass) -> Relevances | None:
    """Return what makes relevances of scores (batch, time, hops) and values (batch, time, features), or None.

    It takes the values and, of each result, what arrives for each unit of it, (batch, time, features).
    """
    if mode.product is Product.HALF:
        return _halves(scores)
    return _in_proportion(scores, mode) if mode.product is Product.PROPORTIONAL else None


def _halves(scores: Tensor) -> Relevances | None:
    rises, number = scores - scores[:, :1], torch.finfo(scores.dtype)
    if float(rises.max()) > math.log(number.max / scores.shape[1]) - _ROOM:
        return None
    keys = rises.exp_()
    shares = (scores.shape[2] * keys.cumsum(1)).reciprocal_()

    def relevances(values: Tensor, per_unit: Tensor) -> tuple[Tensor, Tensor]:
        to_scores = reverse_causal_product(per_unit, values, shares).mul_(keys)
        to_values = reverse_causal_product(shares, keys, per_unit).mul_(values)
        return to_scores / 2, to_values / 2

    return relevances


def _in_proportion(scores: Tensor, mode: RelevancePass) -> Relevances:
    logs = scores.logcumsumexp(1)

    def relevances(values: Tensor, per_unit: Tensor) -> tuple[Tensor, Tensor]:
        to_scores, to_values = torch.zeros_like(scores), torch.zeros_like(values)
        time, size = scores.shape[1], max(1, _BLOCK // scores.shape[1])
        for start in range(0, time, size):
            end = min(start + size, time)
            attended = (scores[:, None, :end] - logs[:, start:end, None]).exp_()  # (batch, steps, end, hops)
            attended.masked_fill_(_later(start, end, scores)[..., None], 0)
            mean = attended.mean(3)
            at_mean = torch.zeros_like(mean)
            for feature in range(values.shape[2]):
                value = values[:, None, :end, feature]
                to_attention, to_value = mode.product.shares(mean, value, mode.epsilon)
                term = value * per_unit[:, start:end, feature, None]
                at_mean += term * to_attention
                to_values[:, :end, feature] += (term * mean * to_value).sum(1)
            to_scores[:, :end] += torch.einsum("btsh,bts->bsh", attended, at_mean) / scores.shape[2]
        return to_scores, to_values

    return relevances


def _later(start: int, end: int, like: Tensor) -> Tensor:
    """Return whether step s comes after step t, (steps from start to end, end)."""
    return torch.ones(end - start, end, dtype=torch.bool, device=like.device).triu_(start + 1)
