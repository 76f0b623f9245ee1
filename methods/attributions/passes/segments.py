"""Segments and sliding windows over time and features."""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from ....errors import ParameterError
from ..validation.parameter_checks import check_segments


class Span(NamedTuple):
    """Consecutive steps or features: start, and stop behind the last one."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Return how many steps or features there are."""
        return self.stop - self.start


class Grid(NamedTuple):
    """Windows, each a span of time by a span of features; window k is `divmod(k, len(features))` of the two."""

    time: tuple[Span, ...]
    features: tuple[Span, ...]

    @property
    def size(self) -> int:
        """Return the number of windows."""
        return len(self.time) * len(self.features)


def segments(
    time: int, features: int, time_segments: int, feature_segments: int, parts: Sequence[Span] | None = None
) -> Grid:
    """Return disjoint windows that cover a series: at most so many along either axis, one a step where there are fewer.

    The lengths along an axis differ by at most 1; the longer segments come first.

    Args:
        time: steps of the series.
        features: features of the series.
        time_segments: at most so many along time, at least 1.
        feature_segments: at most so many along the features, at least 1.
        parts: the features of each of several inputs, each cut by itself; None for one input.

    Raises:
        ParameterError: a number of segments below 1.
    """
    check_segments(time_segments=time_segments, feature_segments=feature_segments)
    spans = [_cut(part.length, min(part.length, feature_segments)) for part in parts or [Span(0, features)]]
    return Grid(_cut(time, min(time, time_segments)), _joined(spans, parts))


def sliding(
    series: tuple[int, int],
    windows: tuple[int, int],
    strides: tuple[int, int],
    parts: Sequence[Span] | None = None,
) -> Grid:
    """Return windows slid over time and features.

    A window starts at every multiple of the stride up to the first that reaches the end of the axis, where the last
    one is cut off: with 10 steps, window 4 and stride 4 they are 0–4, 4–8 and 8–10. Every entry is in at least one.

    Args:
        series: steps and features.
        windows: length along time and features; 0 takes a tenth of the axis, rounded down, at least 1.
        strides: along time and features; 0 takes half of the window, rounded down, at least 1.
        parts: the features of each of several inputs, of which no window holds two, and which are covered by one window
            where they are fewer than it has; None for one input.

    Raises:
        ParameterError: a negative number, a window longer than the series, or a stride longer than its window,
            which would leave entries out.
    """
    time, features = (_slide(*axis) for axis in zip(("time", "feature"), series, windows, strides, strict=True))
    if parts is None:
        return Grid(time, features)
    slid = [_slide("feature", part.length, min(windows[1], part.length), strides[1]) for part in parts]
    return Grid(time, _joined(slid, parts))


def _joined(spans: Sequence[tuple[Span, ...]], parts: Sequence[Span] | None) -> tuple[Span, ...]:
    """Return the spans within each part as spans of all features."""
    starts = [0] if parts is None else [part.start for part in parts]
    pairs = zip(starts, spans, strict=True)
    return tuple(Span(start + span.start, start + span.stop) for start, of_part in pairs for span in of_part)


def _cut(length: int, count: int) -> tuple[Span, ...]:
    short, longer = divmod(length, count)
    starts = [index * short + min(index, longer) for index in range(count + 1)]
    return tuple(Span(start, stop) for start, stop in pairwise(starts))


def _slide(axis: str, length: int, window: int, stride: int) -> tuple[Span, ...]:
    if window < 0 or window > length:
        raise ParameterError(
            f"{axis}_window must lie in 1 … {length}, the length of the series along that axis, or be 0 for a tenth "
            f"of it, got {window}"
        )
    window = window or max(1, length // 10)
    if stride < 0 or (stride > window and window < length):
        raise ParameterError(
            f"{axis}_stride must lie in 1 … {window}, the window, so that no entry is left out, or be 0 for half of "
            f"it, got {stride}"
        )
    stride = stride or max(1, window // 2)
    count = -(-(length - window) // stride) + 1
    return tuple(Span(start, min(start + window, length)) for start in range(0, count * stride, stride))
