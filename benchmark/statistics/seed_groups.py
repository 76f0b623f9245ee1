"""Scores by what they are of and, within that, by seed."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class SeedGroups:
    """The rows of a table of scores, grouped by columns and then by seed.

    Attributes:
        identities: values of the columns, one a group, in the order of their first rows.
        order: the rows, (rows,): group after group, in each seed after seed, in each as they stand in the table.
        seed_starts: where in that order the rows of each seed of each group begin, (seeds of all groups,).
        starts: where in that order the rows of each group begin, (groups,).
    """

    identities: Sequence[tuple[str, ...]]
    order: NDArray[np.int64]
    seed_starts: NDArray[np.int64]
    starts: NDArray[np.int64]

    @staticmethod
    def of(scores: pd.DataFrame, columns: Sequence[str]) -> "SeedGroups":
        """Return the groups of a table with at least one row, (rows, columns)."""
        numbers = scores.groupby([*columns], sort=False).ngroup().to_numpy()
        seeds = scores.seed.to_numpy()
        order = np.lexsort((seeds, numbers))
        numbers, seeds = numbers[order], seeds[order]
        is_other = np.r_[True, numbers[1:] != numbers[:-1]]
        starts = np.flatnonzero(is_other)
        seed_starts = np.flatnonzero(is_other | np.r_[True, seeds[1:] != seeds[:-1]])
        identities = zip(*(scores[column].iloc[order[starts]] for column in columns), strict=True)
        return SeedGroups(list(identities), order, seed_starts, starts)

    @cached_property
    def sizes(self) -> NDArray[np.int64]:
        """The number of rows of each group, (groups,)."""
        return np.diff(self.starts, append=len(self.order))

    def block(self, group: int, columns: Sequence[Values]) -> list[Values]:
        """Return for each seed of a group the values of columns, (rows,) each, as (columns, samples)."""
        start, end = self.starts[group], self.starts[group] + self.sizes[group]
        rows = self.order[start:end]
        first, last = np.searchsorted(self.seed_starts, [start, end])
        values = np.stack([column[rows] for column in columns])
        return np.split(values, self.seed_starts[first + 1 : last] - start, axis=1)

    def means(self, column: "pd.Series[float]") -> Values:
        """Return each group's mean over seeds of the mean over rows with a score, (groups,), of a column (rows,)."""
        ordered = column.to_numpy()[self.order]
        of_seeds = np.add.reduceat(ordered, self.seed_starts) / self._seed_sizes
        # as pandas does it group by group, to the last bit
        is_compensated = ~self._is_in_order | np.logical_or.reduceat(np.isnan(ordered), self.starts)
        if is_compensated.any():
            rows = np.sort(self.order[np.repeat(is_compensated, self.sizes)])
            found = column.iloc[rows].groupby(self._seed_of_row[rows]).mean()
            of_seeds[found.index] = found
        return np.array([mean_of_known(of_group) for of_group in self._by_group(of_seeds)])

    @cached_property
    def _seed_sizes(self) -> NDArray[np.int64]:
        return np.diff(self.seed_starts, append=len(self.order))

    @cached_property
    def _seed_of_row(self) -> NDArray[np.int64]:
        numbers = np.empty(len(self.order), np.int64)
        numbers[self.order] = np.repeat(np.arange(len(self.seed_starts)), self._seed_sizes)
        return numbers

    @cached_property
    def _is_in_order(self) -> NDArray[np.bool_]:
        """Whether each group's rows stand in the table seed after seed."""
        follows = np.r_[True, np.diff(self.order) > 0]
        follows[self.starts] = True
        return np.logical_and.reduceat(follows, self.starts)

    def _by_group(self, of_seeds: Any) -> list[Any]:
        ends = np.searchsorted(self.seed_starts, [*self.starts, len(self.order)])
        return [of_seeds[start:end] for start, end in pairwise(ends)]


def mean_of_known(values: Values) -> float:
    """Return the mean of the values, (values,), that are not NaN; NaN where none is."""
    is_known = ~np.isnan(values)
    count = np.count_nonzero(is_known)
    return float(np.where(is_known, values, 0).sum() / count) if count else float("nan")
