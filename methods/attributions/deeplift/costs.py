"""What DeepLIFT costs: rows through the network for each sample, forward and backward."""

from ..spec import Cost


def of_pairs(_time: int, _features: int) -> Cost:
    """Return the cost of running input and baseline forward, and the multipliers of the input backward."""
    return Cost(2, 1)


def of_hooked_pairs(_time: int, _features: int) -> Cost:
    """Return the cost of running input and baseline forward and backward."""
    return Cost(2, 2)


def of_drawn_pairs(_time: int, _features: int, *, baseline_samples: int) -> Cost:
    """Return the cost of a pair for each drawn baseline."""
    return Cost(2 * baseline_samples, baseline_samples)
