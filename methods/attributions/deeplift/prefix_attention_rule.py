"""DeepLIFT's multipliers of prefix attention, in time and memory linear in the steps.

They are those of its definition, a softmax over each prefix and a product. Between baseline and input the attention of
step t to s, a = exp(l) with l = score_s - log Σ_{r <= t} exp score_r, has the multiplier Δa/Δl, which neither t nor s
says alone. But Δa/Δl = ∫₀¹ exp(u l + (1 - u) l′) du, and at each node u of a quadrature the integrand is a product of
what t says and what s says: sums over s or over t are products with a triangle of low rank.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ...causal_products import (
    causal_product,
    for_each_hop,
    hops_as_samples,
    reverse_causal_product,
    samples_as_hops,
)
from ..interception.interception import Call, elementary
from ..interception.recurrent_layers import propagate_by
from ..quadrature import nodes_for, quadrature
from .difference_rules import linear
from .paired_pass import PairedPass

_MOST_NODES = 64  # for changes up to about 100 in single precision; beyond, the definition
_ROOM = 8.0  # of the exponents of a type that keys and their sums leave to what they are multiplied by


def attention(call: Call[PairedPass]) -> Tensor:
    """Apply the mean over hops, of scores (batch, time, hops) and values (batch, time, features)."""
    return _attended(call, is_per_hop=False)


def attention_per_hop(call: Call[PairedPass]) -> Tensor:
    """Apply attention for each hop: that of a single one, hops taking the place of samples."""
    return _attended(call, is_per_hop=True)


def _attended(call: Call[PairedPass], is_per_hop: bool) -> Tensor:
    scores, values = call.args
    twin = call.mode.twin
    if not call.mode.varies(scores):
        result: Tensor = linear(call)
        return result
    layout = _PerHop(scores.shape[2]) if is_per_hop else _Mean()
    with torch.no_grad():
        change = _Change.of(layout.scores(scores), layout.scores(twin(scores)))
    if change is None:
        by_definition: Tensor = elementary(call)
        return by_definition
    with torch.no_grad():
        present, absent = layout.values(values), layout.values(twin(values))
        found = change.attended(present, absent)
        mean = (present + absent) / 2

    def back(arriving: Tensor) -> tuple[Tensor, Tensor]:
        own = layout.arriving(arriving)
        return layout.to_scores(change.to_scores(own, mean)), layout.to_values(change.to_values(own))

    (value,) = propagate_by([layout.result(found[0])], (scores, values), back)
    call.noted(value, layout.result(found[1]))
    return value


class _Mean:
    """Where hops stay what they are, of which the mean is taken."""

    def scores(self, scores: Tensor) -> Tensor:
        return scores

    values = result = arriving = to_scores = to_values = scores


class _PerHop(_Mean):
    """Where hops become samples of one hop each."""

    def __init__(self, hops: int) -> None:
        self._hops = hops

    def scores(self, scores: Tensor) -> Tensor:
        return hops_as_samples(scores[..., None])

    def values(self, values: Tensor) -> Tensor:
        return hops_as_samples(for_each_hop(values, self._hops))

    def arriving(self, arriving: Tensor) -> Tensor:
        return hops_as_samples(arriving)

    def result(self, found: Tensor) -> Tensor:
        return samples_as_hops(found, self._hops)

    def to_scores(self, found: Tensor) -> Tensor:
        return self.result(found)[..., 0]

    def to_values(self, found: Tensor) -> Tensor:
        return self.result(found).sum(2)


@dataclass(frozen=True)
class _Change:
    """Attention between baseline and input; all (batch, time, hops) or, at the nodes of a quadrature, (…, nodes).

    Attention of step t to s is keys_s · shares_t: exp(score_s - score_1) over the sum of these until t.

    Attributes:
        keys: of the input, and of the baseline.
        shares: of the input, and of the baseline.
        keys_between: at the nodes.
        shares_between: at the nodes, times their weights.
        slopes: Δexp score / Δscore, in units of the largest exp score_1 of the two.
        logarithms: Δlog Σ / ΔΣ of exp score until each step, in the inverse of this unit.
    """

    keys: tuple[Tensor, Tensor]
    shares: tuple[Tensor, Tensor]
    keys_between: Tensor
    shares_between: Tensor
    slopes: Tensor
    logarithms: Tensor

    @classmethod
    def of(cls, scores: Tensor, twins: Tensor) -> "_Change | None":
        """Return the change from twins to scores, (batch, time, hops); None where it is too large for this form."""
        rises, number = [part - part[:, :1] for part in (scores, twins)], torch.finfo(scores.dtype)
        if max(float(rise.max()) for rise in rises) > math.log(number.max / scores.shape[1]) - _ROOM:
            return None
        keys = rises[0].exp(), rises[1].exp()
        sums = keys[0].cumsum(1), keys[1].cumsum(1)
        logs = [total.log() for total in sums]
        of_scores = scores - twins
        of_logs = (logs[0] + scores[:, :1]) - (logs[1] + twins[:, :1])
        most = torch.maximum(of_scores.max() - of_logs.min(), of_logs.max() - of_scores.min())
        count = nodes_for(float(most), number.eps / 4, _MOST_NODES)
        if count is None:
            return None
        nodes, weights = (scores.new_tensor(part) for part in quadrature(count))
        between = [torch.lerp(old[..., None], new[..., None], nodes) for new, old in (rises, logs)]
        unit = torch.maximum(scores[:, :1], twins[:, :1])
        return cls(
            keys,
            (1 / sums[0], 1 / sums[1]),
            between[0].exp(),
            between[1].neg().exp() * weights,
            _mean_of_exp(scores - unit, twins - unit),
            1 / _mean_of_exp(logs[0] + (scores[:, :1] - unit), logs[1] + (twins[:, :1] - unit)),
        )

    def attended(self, *values: Tensor) -> list[Tensor]:
        """Return what each step attends to of the values (batch, time, features) of the input and of the baseline."""
        pairs = zip(self.shares, self.keys, values, strict=True)
        return [causal_product(shares / self._hops, keys, own) for shares, keys, own in pairs]

    def to_values(self, arriving: Tensor) -> Tensor:
        """Return what reaches the values, (batch, time, features): by the mean attention of the two."""
        shares = torch.cat(self.shares, 2) / (2 * self._hops)
        return reverse_causal_product(shares, torch.cat(self.keys, 2), arriving)

    def to_scores(self, arriving: Tensor, mean: Tensor) -> Tensor:
        """Return what reaches the scores, (batch, time, hops).

        Args:
            arriving: at the results, (batch, time, features).
            mean: of the values of input and baseline, (batch, time, features).
        """
        own = arriving / self._hops
        keys, shares = self.keys_between.flatten(2), self.shares_between.flatten(2)
        at_steps = (shares * causal_product(own, mean, keys)).view_as(self.keys_between).sum(3)
        at_scores = (keys * reverse_causal_product(own, mean, shares)).view_as(self.keys_between).sum(3)
        at_sums = (at_steps * self.logarithms).flip(1).cumsum(1).flip(1)
        return at_scores - self.slopes * at_sums

    @property
    def _hops(self) -> int:
        return self.slopes.shape[2]


def _mean_of_exp(first: Tensor, second: Tensor) -> Tensor:
    """Return (exp a - exp b) / (a - b), (…), exp a where both are equal."""
    apart = (first - second).abs()
    ratio = torch.where(apart == 0, 1.0, -torch.expm1(-apart) / torch.where(apart == 0, 1.0, apart))
    return torch.maximum(first, second).exp() * ratio
