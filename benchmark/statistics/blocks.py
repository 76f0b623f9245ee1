"""Blocks, a (task, architecture) each: the scores of its methods on the same samples of the same networks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .equal_columns import Values
from .seed_groups import mean_of_known

BLOCK = ["task", "architecture"]


@dataclass(frozen=True, eq=False)
class Block:
    """The methods of a block that have scores for every seed of the task, and the samples that any of them has.

    Attributes:
        identity: task and architecture.
        methods: their names in the order of the scores, (methods,).
        starts: which samples are the first of a seed, (seeds,); samples are sorted by seed and number.
        rows: of the table of scores, (rows,).
        places: of these rows' scores among (methods, samples), one after the other, (rows,).
        samples: how many there are.
    """

    identity: Mapping[str, str]
    methods: NDArray[Any]
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    places: NDArray[np.int64]
    samples: int

    def scores(self, column: "pd.Series[float]") -> Values:
        """Return a column's scores, (methods, samples), NaN where a method lacks a sample."""
        values = np.full(len(self.methods) * self.samples, np.nan)
        values[self.places] = column.to_numpy()[self.rows]
        return values.reshape(len(self.methods), self.samples)

    def means(self, scores: Values) -> Values:
        """Return each method's mean over seeds of the mean over samples, (methods,), of scores (methods, samples)."""
        sizes = np.diff(self.starts, append=self.samples)
        of_seeds = np.add.reduceat(scores, self.starts, axis=1) / sizes
        if (holed := np.flatnonzero(np.isnan(scores).any(axis=1))).size:
            seeds = np.repeat(np.arange(len(sizes)), sizes)
            # pandas leaves NaN out, and its sums round less
            of_seeds[holed] = pd.DataFrame(scores[holed].T).groupby(seeds).mean().to_numpy().T
        return np.array([mean_of_known(of_method) for of_method in of_seeds])


def blocks(scores: pd.DataFrame) -> Iterator[Block]:
    """Yield each block of trained networks in which a method has scores for every seed of the task."""
    seeds = scores.groupby("task").seed.nunique()
    numbers = scores.groupby(BLOCK, sort=False).ngroup().to_numpy()
    order = np.argsort(numbers, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1) if len(order) else ():
        identity = {name: scores[name].iloc[rows[0]] for name in BLOCK}
        if identity["architecture"] == "":
            continue
        codes, methods = pd.factorize(scores.method.iloc[rows])
        kept = np.flatnonzero(scores.seed.iloc[rows].groupby(codes).nunique().to_numpy() == seeds[identity["task"]])
        if len(kept):
            is_kept = np.isin(codes, kept)
            names, numbered = np.asarray(methods)[kept], np.searchsorted(kept, codes[is_kept])
            yield _block(identity, names, rows[is_kept], scores, numbered)


def _block(
    identity: Mapping[str, str],
    methods: NDArray[Any],
    rows: NDArray[np.int64],
    scores: pd.DataFrame,
    method: NDArray[np.int64],
) -> Block:
    sample_numbers, sample = np.unique(scores["sample"].to_numpy()[rows], return_inverse=True)
    seeds, seed = np.unique(scores.seed.to_numpy()[rows], return_inverse=True)
    pairs, place = np.unique(seed * len(sample_numbers) + sample, return_inverse=True)
    starts = np.searchsorted(pairs, np.arange(len(seeds)) * len(sample_numbers))
    return Block(identity, methods, starts, rows, method * len(pairs) + place, len(pairs))
