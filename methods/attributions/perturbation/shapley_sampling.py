"""Shapley sampling: Shapley values of segments over sampled orders."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..passes.passes import Passes
from ..passes.segments import Span, segments
from ..validation.parameters import check_count
from .coalitions import coalition_outputs, endpoints, generator, share


def shapley_sampling(
    inputs: Tensor,
    target: Tensor,
    baseline: Tensor,
    seeds: Sequence[int],
    passes: Passes,
    parts: Sequence[Span] | None = None,
    fixed: Tensor | None = None,
    *,
    time_segments: int = 10,
    feature_segments: int = 10,
    permutations: int = 10,
) -> Tensor:
    """Return each segment's mean of S_c(before and it) - S_c(before) over random orders, in output units.

    In an order, segments of x replace those of the baseline x′ one after the other; what a segment changes does not
    depend on its entries, so they share it equally. The changes of an order add up to S_c(x) - S_c(x′), and so does
    the map, (batch, time, features).

    Args:
        inputs: x, (batch, time, features).
        target: int64 (batch,), the explained class c of each sample.
        baseline: x′, (batch, time, features).
        seeds: one a sample; more permutations begin with the same ones.
        passes: through the network, in bounded memory.
        parts: the features of each of several inputs; None for one.
        fixed: bool (batch, time, features), entries that take no share of their segment; None for none.
        time_segments: at most so many segments along time, at least 1 (see `segments`).
        feature_segments: at most so many along the features, at least 1.
        permutations: orders that are averaged, at least 1.

    Raises:
        ParameterError: a number of segments or permutations below 1.

    Source: Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers &
    Operations Research 36, 2009; Štrumbelj, Kononenko, "An Efficient Explanation of Individual Classifications using
    Game Theory", JMLR 11, 2010.
    """
    check_count("permutations", permutations)
    grid = segments(inputs.shape[1], inputs.shape[2], time_segments, feature_segments, parts)
    whole, absent = endpoints(passes, inputs, baseline, target)
    values = torch.empty(len(inputs), grid.size, dtype=torch.float64)

    def drawn(sample: int) -> _Orders:
        return _Orders(seeds[sample], permutations, grid.size)

    def average(sample: int, orders: _Orders, outputs: Tensor) -> None:
        between = outputs.view(permutations, grid.size - 1)
        first, last = (value[sample].expand(permutations, 1) for value in (absent, whole))
        changes = torch.cat([first, between, last], 1).double().diff()
        values[sample] = torch.zeros_like(changes).scatter_(1, orders.segments, changes).mean(0)

    coalition_outputs(passes, inputs, baseline, target, grid, permutations * (grid.size - 1), drawn, average)
    return share(values, grid, fixed).to(inputs)


class _Orders:
    """Random orders of the segments; their coalitions are the first 1, 2, … segments of each order, but not all.

    Attributes:
        segments: which segment comes at each place of each order, int64 (permutations, segments).
    """

    def __init__(self, seed: int, permutations: int, count: int) -> None:
        numbers = generator(seed)
        orders = np.stack([numbers.permutation(count) for _ in range(permutations)])
        self.segments = torch.from_numpy(orders)
        self._places = self.segments.argsort(1)

    def __getitem__(self, rows: slice) -> Tensor:
        steps = self._places.shape[1] - 1
        numbers = torch.arange(rows.start, rows.stop)
        return self._places[numbers // steps] <= (numbers % steps)[:, None]
