"""Search for the lowest level at which a rising function reaches a value, in few calls."""

import math
from collections.abc import Callable
from dataclasses import dataclass

CLOSE = 1.1  # between the highest level that does not reach the value and the lowest that does
DIGITS = 3  # of a level, so that it can be written down


@dataclass(frozen=True)
class FoundLevel:
    """The lowest level tried that reaches the value or, where none does, the one that comes nearest.

    Attributes:
        level: of those tried.
        value: at the level.
        is_reached: whether it is what was wanted, or more.
        tried: levels and their values, in the order of trial.
    """

    level: float
    value: float
    is_reached: bool
    tried: tuple[tuple[float, float], ...]


def find_level(
    value_at: Callable[[float], float], wanted: float, *, start: float, lowest: float, highest: float, most: int
) -> FoundLevel:
    """Return the lowest level that reaches a value, to 10 %: levels are doubled or halved, then bisected in between.

    Args:
        value_at: rises with the level, up to noise.
        wanted: the value.
        start: the level that is tried first.
        lowest: no level below is tried.
        highest: no level above is tried.
        most: calls of the function.
    """
    tried: dict[float, float] = {}
    low, high, level = 0.0, math.inf, start
    while len(tried) < most and level not in tried:
        tried[level] = value_at(level)
        low, high = (low, level) if tried[level] >= wanted else (level, high)
        level = _next(low, high, lowest, highest)
    chosen = high if math.isfinite(high) else max(tried, key=lambda one: (tried[one], -one))
    return FoundLevel(chosen, tried[chosen], math.isfinite(high), tuple(tried.items()))


def _next(low: float, high: float, lowest: float, highest: float) -> float:
    """Return a level between one that is too low and one that reaches the value, or the latter where they are close."""
    if math.isinf(high):
        return min(2 * low, highest)
    if not low:
        return max(high / 2, lowest)
    return high if high / low <= CLOSE else float(f"{math.sqrt(low * high):.{DIGITS}g}")
