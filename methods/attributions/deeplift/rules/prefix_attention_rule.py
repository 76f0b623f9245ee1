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

from ....causal_products import causal_product, reverse_causal_product
from ...interception.hop_layout import layout_of
from ...interception.interception import Call, elementary
from ...interception.recurrent_layers import propagate_by
from ...numerics.quadrature import nodes_for, quadrature
from ..paired_pass import PairedPass
from .difference_rules import linear

_MOST_NODES = 64  # for changes up to about 100 in single precision; beyond, the definition
_CACHED = 2**17  # numbers of a kind at all nodes of some samples, that are computed at once
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
    layout = layout_of(scores, is_per_hop)
    with torch.no_grad():
        change = _Change.of(layout.scores(scores), layout.scores(twin(scores)))
    if change is None:
        by_definition: Tensor = elementary(call)
        return by_definition
    with torch.no_grad():
        both = layout.values(twin(values)), layout.values(values)
        reference, found = (layout.result(part) for part in change.attended(*both))
        mean = (both[0] + both[1]) / 2

    def back(arriving: Tensor) -> tuple[Tensor, Tensor]:
        own = layout.arriving(arriving)
        return layout.to_scores(change.to_scores(own, mean)), layout.to_values(change.to_values(own))

    (value,) = propagate_by([found], (scores, values), back)
    call.noted(value, reference)
    return value


@dataclass(frozen=True)
class _Change:
    """Attention between baseline and input; all (batch, time, hops), pairs of the baseline's and the input's.

    Attention of step t to s is exp(rise_s - log_t).

    Attributes:
        rises: score_s - score_1.
        logs: log Σ_{s <= t} exp rise_s.
        nodes: how many a quadrature has between the two.
        slopes: Δexp score / Δscore, in units of the largest exp score_1 of the two.
        logarithms: Δlog Σ / ΔΣ of exp score until each step, in the inverse of this unit.
    """

    rises: tuple[Tensor, Tensor]
    logs: tuple[Tensor, Tensor]
    nodes: int
    slopes: Tensor
    logarithms: Tensor

    @classmethod
    def of(cls, scores: Tensor, twins: Tensor) -> "_Change | None":
        """Return the change from twins to scores, (batch, time, hops); None where it is too large for this form."""
        rises, number = (twins - twins[:, :1], scores - scores[:, :1]), torch.finfo(scores.dtype)
        if max(float(rise.max()) for rise in rises) > math.log(number.max / scores.shape[1]) - _ROOM:
            return None
        logs = rises[0].exp().cumsum(1).log_(), rises[1].exp().cumsum(1).log_()
        of_scores = scores - twins
        of_logs = (logs[1] + scores[:, :1]) - (logs[0] + twins[:, :1])
        most = torch.maximum(of_scores.max() - of_logs.min(), of_logs.max() - of_scores.min())
        nodes = nodes_for(float(most), number.eps / 4, _MOST_NODES)
        if nodes is None:
            return None
        unit = torch.maximum(scores[:, :1], twins[:, :1])
        slopes = _mean_of_exp(scores - unit, twins - unit)
        sums = _mean_of_exp(logs[1] + (scores[:, :1] - unit), logs[0] + (twins[:, :1] - unit))
        return cls(rises, logs, nodes, slopes, sums.reciprocal_())

    def attended(self, *values: Tensor) -> list[Tensor]:
        """Return what each step attends to of the values (batch, time, features) of the baseline and of the input."""
        pairs = zip(self.logs, self.rises, values, strict=True)
        return [causal_product(log.neg().exp_() / self._hops, rise.exp(), own) for log, rise, own in pairs]

    def to_values(self, arriving: Tensor) -> Tensor:
        """Return what reaches the values, (batch, time, features): by the mean attention of the two."""
        shares = torch.cat(self.logs, 2).neg_().exp_() / (2 * self._hops)
        return reverse_causal_product(shares, torch.cat(self.rises, 2).exp_(), arriving)

    def to_scores(self, arriving: Tensor, mean: Tensor) -> Tensor:
        """Return what reaches the scores, (batch, time, hops).

        Args:
            arriving: at the results, (batch, time, features).
            mean: of the values of input and baseline, (batch, time, features).
        """
        own = arriving / self._hops
        at_scores, at_steps = torch.empty_like(self.slopes), torch.empty_like(self.slopes)
        size = max(1, _CACHED // (self.slopes[:1].numel() * self.nodes))
        for start in range(0, len(own), size):
            samples = slice(start, start + size)
            at_scores[samples], at_steps[samples] = self._through_attention(samples, own[samples], mean[samples])
        at_sums = at_steps.mul_(self.logarithms).flip(1).cumsum(1).flip(1)
        return at_scores.sub_(at_sums.mul_(self.slopes))

    def _through_attention(self, samples: slice, arriving: Tensor, mean: Tensor) -> tuple[Tensor, Tensor]:
        """Return what reaches score_s of any attention, and log Σ, (samples, time, hops) each, the latter negated."""
        points, weights = (arriving.new_tensor(part)[:, None] for part in quadrature(self.nodes))
        keys = _between(self.rises, samples, points).exp_()
        shares = _between(self.logs, samples, points).neg_().exp_().mul_(weights)
        at_steps = causal_product(arriving, mean, keys.flatten(2)).view_as(shares).mul_(shares).sum(2)
        at_scores = reverse_causal_product(arriving, mean, shares.flatten(2)).view_as(keys).mul_(keys).sum(2)
        return at_scores, at_steps

    @property
    def _hops(self) -> int:
        return self.slopes.shape[2]


def _between(ends: tuple[Tensor, Tensor], samples: slice, points: Tensor) -> Tensor:
    """Return what lies at points (nodes, 1) between ends (batch, time, hops), (samples, time, nodes, hops)."""
    first, last = (end[samples, :, None] for end in ends)
    return torch.lerp(first, last, points)


def _mean_of_exp(first: Tensor, second: Tensor) -> Tensor:
    """Return (exp a - exp b) / (a - b), (…), exp a where both are equal."""
    apart = (first - second).abs()
    ratio = torch.where(apart == 0, 1.0, -torch.expm1(-apart) / torch.where(apart == 0, 1.0, apart))
    return torch.maximum(first, second).exp() * ratio
