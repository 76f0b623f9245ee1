"""Columns of scores of equal sizes, gathered from blocks until there are enough to be resampled at once."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]
Sizes = tuple[int, ...]  # the number of samples of each seed


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns without NaN of equal sizes.

    Attributes:
        places: of each among all.
        per_seed: for each seed the scores (columns, samples).
    """

    places: NDArray[np.int64]
    per_seed: Sequence[Values]

    @property
    def sizes(self) -> Sizes:
        """The number of samples of each seed."""
        return tuple(of_seed.shape[1] for of_seed in self.per_seed)

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, part: slice) -> "Columns":
        return Columns(self.places[part], [of_seed[part] for of_seed in self.per_seed])


@dataclass
class Gathering:
    """Gathers columns by their sizes.

    Attributes:
        count: of the columns so far.
    """

    count: int = 0

    def __post_init__(self) -> None:
        self._waiting: dict[Sizes, list[Columns]] = defaultdict(list)
        self._counts: Counter[Sizes] = Counter()

    def add(self, block: Sequence[Values]) -> set[Sizes]:
        """Take the columns of a block, given as (columns, samples) for each seed; return their sizes.

        Columns and seeds without a number are left out; a block without a seed has one column.
        """
        added = list(_without_nan(block, self.count))
        for columns in added:
            self._waiting[columns.sizes].append(columns)
            self._counts[columns.sizes] += len(columns)
        self.count += len(block[0]) if block else 1
        return {columns.sizes for columns in added}

    def take(self, sizes: Sizes, multiple: int) -> Columns | None:
        """Return the largest multiple of columns of these sizes and keep the rest; None where there are too few."""
        ready = self._counts[sizes] // multiple * multiple
        if not ready:
            return None
        joined = _joined(self._waiting[sizes])
        self._waiting[sizes] = [joined[ready:]]
        self._counts[sizes] -= ready
        return joined[:ready]

    def rest(self) -> Iterator[Columns]:
        """Yield the columns that nobody took, those of equal sizes together."""
        return (joined for waiting in self._waiting.values() if len(joined := _joined(waiting)))


def _joined(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    seeds = zip(*(part.per_seed for part in parts), strict=True)
    return Columns(np.concatenate([part.places for part in parts]), [np.concatenate(of_seed) for of_seed in seeds])


def _without_nan(block: Sequence[Values], first: int) -> Iterator[Columns]:
    if not block:
        return
    is_holed = np.any([np.isnan(of_seed).any(axis=1) for of_seed in block], axis=0)
    yield from _known(np.flatnonzero(~is_holed), block, first)
    for column in np.flatnonzero(is_holed):
        holed = [of_seed[column] for of_seed in block]
        yield from _known(np.zeros(1, int), [values[None, ~np.isnan(values)] for values in holed], first + int(column))


def _known(columns: NDArray[np.int64], block: Iterable[Values], first: int) -> Iterator[Columns]:
    filled = [of_seed for of_seed in block if of_seed.shape[1]]
    if len(columns) and filled:
        whole = len(columns) == len(filled[0])
        yield Columns(first + columns, filled if whole else [of_seed[columns] for of_seed in filled])
