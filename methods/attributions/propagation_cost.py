"""Rows that pass through the network in the methods that propagate from the output back to the input."""

from .spec import Cost


def of_pairs(_time: int, _features: int) -> Cost:
    """Return the cost of running input and baseline forward, and the multipliers of the input backward."""
    return Cost(2, 1)


def of_hooked_pairs(_time: int, _features: int) -> Cost:
    """Return the cost of running input and baseline forward and backward."""
    return Cost(2, 2)


def of_relevance(_time: int, _features: int, *, epsilon: float) -> Cost:
    """Return the cost of one pass forward and one backward, whatever epsilon is."""
    assert epsilon >= 0
    return Cost(1, 1)
