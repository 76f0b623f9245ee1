"""Repetitions of a suite, and which seed of data, training and attribution each of them takes."""

from collections.abc import Mapping
from itertools import product
from typing import NamedTuple

import pandas as pd

FACTORS = ("data", "training", "attribution")


class Levels(NamedTuple):
    """Which of its seeds each factor takes in a repetition; level k stands for the same seed in every design."""

    data: int
    training: int
    attribution: int


def repetitions(seeds: int | Mapping[str, int]) -> list[Levels]:
    """Return the levels of repetitions 0, 1, ….

    Args:
        seeds: a number of repetitions with three new seeds each, or the number of seeds of each factor, of which
            every combination is a repetition; that of attribution changes fastest.
    """
    if isinstance(seeds, int):
        return [Levels(number, number, number) for number in range(seeds)]
    return [Levels(*levels) for levels in product(*(range(seeds[factor]) for factor in FACTORS))]


def over_data(scores: pd.DataFrame, seeds: int | Mapping[str, int]) -> pd.DataFrame:
    """Return scores whose seed is that of the data, averaged over a crossed design's repetitions with the same data.

    Such repetitions explain the same samples: counted apart they would look like more than there are.

    Args:
        scores: one row a sample, as in scores.parquet.
        seeds: those of the suite; a number leaves the scores as they are.
    """
    if isinstance(seeds, int) or scores.empty:
        return scores
    of_data = {repetition: levels.data for repetition, levels in enumerate(repetitions(seeds))}
    identity = ["task", "architecture", "method", "seed", "sample"]
    averaged = scores.assign(seed=scores.seed.map(of_data)).groupby(identity, sort=False)
    return averaged.mean(numeric_only=True).reset_index()
