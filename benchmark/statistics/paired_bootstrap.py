"""Bounds of differences between columns of scores: a column is resampled once, for all its pairs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from .bootstrap import DRAWS, TAILS, columns_of_part, distances_by_part
from .equal_columns import Columns, Sizes, Values


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of columns of scores on the same samples.

    Attributes:
        places: of each pair among all, (pairs,).
        first, second: its columns, (pairs,).
        per_seed: for each seed the scores (columns, samples), NaN where a column lacks one.
    """

    places: NDArray[np.int64]
    first: NDArray[np.int64]
    second: NDArray[np.int64]
    per_seed: Sequence[Values]

    @property
    def sizes(self) -> Sizes:
        """The number of samples of each seed."""
        return tuple(of_seed.shape[1] for of_seed in self.per_seed)

    def __getitem__(self, part: slice) -> "Pairs":
        return Pairs(self.places[part], self.first[part], self.second[part], self.per_seed)

    def columns(self) -> Columns:
        """Return the columns, whose places are their numbers."""
        return Columns(np.arange(len(self.per_seed[0])), self.per_seed)

    def complete(self) -> Iterator["Pairs"]:
        """Yield the pairs on the samples that both have, those with the same samples together; none without one."""
        known = [~np.isnan(of_seed) for of_seed in self.per_seed]
        if not len(self.places):
            return
        if all(of_seed.all() for of_seed in known):
            yield self
            return
        both = np.concatenate([of_seed[self.first] & of_seed[self.second] for of_seed in known], axis=1)
        alike: dict[bytes, list[int]] = defaultdict(list)
        for pair in np.flatnonzero(both.any(axis=1)):
            alike[both[pair].tobytes()].append(int(pair))
        ends = np.cumsum(self.sizes)[:-1]
        for pairs in alike.values():
            columns, ours = np.unique([self.first[pairs], self.second[pairs]], return_inverse=True)
            shared = np.split(both[pairs[0]], ends)
            per_seed = [of_seed[columns][:, kept] for of_seed, kept in zip(self.per_seed, shared, strict=True)]
            first, second = ours.reshape(2, -1)
            yield Pairs(self.places[pairs], first, second, [of_seed for of_seed in per_seed if of_seed.size])


def intervals_of_pairs(blocks: Iterable[Pairs], *, draws: int = DRAWS, seed: int = 0) -> Values:
    """Return the `hierarchical_interval` of first − second of each pair: mean, low and high, (pairs, 3).

    How far a draw is from the mean is linear in the scores: for a difference it is the difference of what it is for its
    two columns. So k columns are resampled, and not their k (k − 1) / 2 differences; the bounds differ from those of
    `hierarchical_interval` by rounding alone.

    Args:
        blocks: whose places together are 0, 1, …; as many are held as are resampled at once.
        draws: resamples.
        seed: of the resamples.

    Returns:
        NaN for a pair without a sample that both have.
    """
    waiting: dict[Sizes, list[Pairs]] = defaultdict(list)
    found: list[tuple[NDArray[np.int64], Values]] = []
    count = 0
    with threadpool_limits(1, "blas"):  # as in `intervals_of_blocks`
        for block in blocks:
            count += len(block.places)
            for pairs in block.complete():
                ready = waiting[pairs.sizes]
                ready.append(pairs)
                if sum(len(each.per_seed[0]) for each in ready) >= columns_of_part(pairs.sizes, draws):
                    found += _intervals(waiting.pop(pairs.sizes), np.random.default_rng(seed), draws)
        for ready in waiting.values():
            found += _intervals(ready, np.random.default_rng(seed), draws)
    intervals = np.full((count, 3), np.nan)
    for places, of_places in found:
        intervals[places] = of_places
    return intervals


def _intervals(
    blocks: Sequence[Pairs], rng: np.random.Generator, draws: int
) -> Iterator[tuple[NDArray[np.int64], Values]]:
    """Yield places and intervals of the pairs of complete blocks of equal sizes."""
    joined = _joined(blocks)
    parts = distances_by_part(joined.columns(), rng, draws)
    distances = np.concatenate([of_part.T[: len(part)] for part, of_part in parts])
    at_once = columns_of_part(joined.sizes, draws)
    for start in range(0, len(joined.places), at_once):
        pairs = joined[start : start + at_once]
        yield pairs.places, np.stack(_bounds(pairs, distances), axis=1)


def _bounds(pairs: Pairs, distances: Values) -> Sequence[Values]:
    """Return mean, low and high of pairs, (pairs,) each, from the distances of their columns, (columns, draws)."""
    differences = [of_seed[pairs.first] - of_seed[pairs.second] for of_seed in pairs.per_seed]
    mean = np.stack([of_seed.mean(axis=1) for of_seed in differences], axis=1).mean(axis=1)
    differ = np.any([of_seed.any(axis=1) for of_seed in differences], axis=0)
    apart = distances[pairs.first] - distances[pairs.second]
    apart[~differ] = 0  # equal columns may be rounded otherwise in other places of a matrix
    low, high = np.quantile(apart, TAILS, axis=1, overwrite_input=True)
    return mean, mean + low, mean + high


def _joined(blocks: Sequence[Pairs]) -> Pairs:
    """Return blocks of equal sizes as one, with the columns of each behind those of the one before."""
    counts = [len(block.per_seed[0]) for block in blocks]
    firsts = np.cumsum([0, *counts[:-1]])
    seeds = zip(*(block.per_seed for block in blocks), strict=True)
    return Pairs(
        np.concatenate([block.places for block in blocks]),
        np.concatenate([block.first + first for block, first in zip(blocks, firsts, strict=True)]),
        np.concatenate([block.second + first for block, first in zip(blocks, firsts, strict=True)]),
        [np.concatenate(of_seed) for of_seed in seeds],
    )
