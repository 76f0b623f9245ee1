"""What perturbation methods cost: rows through the network for each sample, forward only."""

from ..passes.segments import segments, sliding
from ..spec import Cost


def one_a_segment(time: int, features: int, *, time_segments: int, feature_segments: int, draws: int = 1) -> Cost:
    """Return one row for each segment and draw, and the series itself."""
    return Cost(1 + draws * segments(time, features, time_segments, feature_segments).size, 0)


def one_a_window(
    time: int, features: int, *, time_window: int, feature_window: int, time_stride: int, feature_stride: int
) -> Cost:
    """Return one row for each window, and the series itself."""
    windows = sliding((time, features), (time_window, feature_window), (time_stride, feature_stride))
    return Cost(1 + windows.size, 0)


def one_a_place(time: int, features: int, *, time_segments: int, feature_segments: int, permutations: int) -> Cost:
    """Return one row for each place in an order but the last, and the series with and without all segments."""
    places = segments(time, features, time_segments, feature_segments).size - 1
    return Cost(2 + permutations * places, 0)


def one_a_coalition(time: int, features: int, *, time_segments: int, feature_segments: int, coalitions: int) -> Cost:
    """Return one row for each coalition, all there are or an even number of them, and the series with and without."""
    every = 2 ** segments(time, features, time_segments, feature_segments).size - 2
    return Cost(2 + (every if every <= coalitions else coalitions // 2 * 2), 0)


def one_a_perturbation(_time: int, _features: int, *, perturbations: int, **_others: float) -> Cost:
    """Return one row for each perturbation."""
    return Cost(perturbations, 0)
