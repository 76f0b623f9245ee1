"""Fused attention with the mean over its hops, and with a result for each: one form for the rules of both."""

from torch import Tensor

from ...causal_products import for_each_hop, hops_as_samples, samples_as_hops


class MeanOfHops:
    """Where hops stay what they are, of which the mean is taken."""

    def scores(self, scores: Tensor) -> Tensor:
        """Return scores (batch, time, hops) as those of a mean over hops."""
        return scores

    values = result = arriving = to_scores = to_values = scores


class EachHop(MeanOfHops):
    """Where hops become samples of one hop each."""

    def __init__(self, hops: int) -> None:
        self._hops = hops

    def scores(self, scores: Tensor) -> Tensor:
        """Return scores (batch, time, hops) as (batch · hops, time, 1)."""
        return hops_as_samples(scores[..., None])

    def values(self, values: Tensor) -> Tensor:
        """Return values (batch, time, features) as (batch · hops, time, features)."""
        return hops_as_samples(for_each_hop(values, self._hops))

    def arriving(self, arriving: Tensor) -> Tensor:
        """Return what arrives at results (batch, time, hops, features) as (batch · hops, time, features)."""
        return hops_as_samples(arriving)

    def result(self, found: Tensor) -> Tensor:
        """Return results (batch · hops, time, features) as (batch, time, hops, features)."""
        return samples_as_hops(found, self._hops)

    def to_scores(self, found: Tensor) -> Tensor:
        """Return what reaches scores, (batch · hops, time, 1), as (batch, time, hops)."""
        return self.result(found)[..., 0]

    def to_values(self, found: Tensor) -> Tensor:
        """Return what reaches values, (batch · hops, time, features), as (batch, time, features)."""
        return self.result(found).sum(2)


def layout_of(scores: Tensor, is_per_hop: bool) -> MeanOfHops:
    """Return the layout of attention with such scores, (batch, time, hops)."""
    return EachHop(scores.shape[2]) if is_per_hop else MeanOfHops()
