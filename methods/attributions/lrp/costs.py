"""What relevance propagation costs: rows through the network for each sample, forward and backward."""

from ..spec import Cost


def of_relevance(_time: int, _features: int, *, epsilon: float) -> Cost:
    """Return the cost of one pass forward and one backward, whatever epsilon is."""
    assert epsilon >= 0
    return Cost(1, 1)
