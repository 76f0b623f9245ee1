"""Repetitions of a suite, and which seed of data, training and attribution each of them takes."""

import math
from collections.abc import Mapping
from itertools import product
from typing import Any, NamedTuple

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


def data_level(repetition: Any, seeds: Mapping[str, int]) -> Any:
    """Return the level of data of a crossed design's repetition; of numbers of repetitions, those of each."""
    return repetition // math.prod(seeds[factor] for factor in FACTORS if factor != "data")
