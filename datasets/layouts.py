"""Layouts of salient boxes, and the ground-truth masks made of them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..errors import ParameterError, repr_of
from ..kinds import require_lists, require_whole
from .spec import Array

Box = Sequence[int]

Layout = Sequence[Box]

MOST_ENTRIES = 2**30  # of a series, 4 GiB


def mask(layout: Layout, time: int, features: int) -> Array:
    """Return float32 (time, features), 1 inside the layout's boxes and 0 outside.

    Raises:
        ParameterError: a size that no series has, or a box that is not four numbers, is empty, or leaves the series.
    """
    require_whole(time=time, features=features)
    require_lists(layout=layout)
    if min(time, features) < 1 or time * features > MOST_ENTRIES:
        raise ParameterError(
            f"a series must have at least one time step and one feature, and at most {MOST_ENTRIES} entries, got "
            f"{repr_of(time)} and {repr_of(features)}"
        )
    result = np.zeros((time, features), dtype=np.float32)
    for box in layout:
        start, stop, low, high = _checked(box, time, features)
        result[start:stop, low:high] = 1
    return result


def placed_boxes(
    time_starts: NDArray[np.int64], feature_starts: NDArray[np.int64], box: tuple[int, int], size: tuple[int, int]
) -> Array:
    """Return float32 (batch, time, features), 1 inside each sample's own box and 0 outside.

    Args:
        time_starts: first time step of each box, (batch,).
        feature_starts: first feature of each box, (batch,).
        box: its time steps and features.
        size: of the series, (time, features).
    """
    within = [
        (np.arange(whole) >= starts[:, None]) & (np.arange(whole) < starts[:, None] + length)
        for starts, length, whole in zip((time_starts, feature_starts), box, size, strict=True)
    ]
    return (within[0][:, :, None] & within[1][:, None]).astype(np.float32)


def check_layouts(layouts: Sequence[Layout], time: int, features: int) -> None:
    """Raise unless there are layouts, each of boxes inside a series of so many steps and features.

    Raises:
        ParameterError: none, or a box that is not four numbers, is empty, or leaves the series.
    """
    for layout in _not_empty(layouts):
        for box in layout:
            _checked(box, time, features)


def _not_empty(layouts: Sequence[Layout]) -> Sequence[Layout]:
    if not all(isinstance(layout, Sequence) for layout in layouts):
        raise ParameterError(f"layouts must hold layouts, each a list of boxes, got {layouts!r}")
    if not layouts or not all(layouts):
        raise ParameterError(f"layouts must hold at least one layout of at least one box, got {layouts!r}")
    return layouts


def _checked(box: Box, time: int, features: int) -> Box:
    if not isinstance(box, Sequence) or len(box) != 4 or not all(isinstance(bound, int) for bound in box):
        raise ParameterError(f"a box is [time from, time to, features from, features to], got {box!r}")
    start, stop, low, high = box
    if not (0 <= start < stop <= time and 0 <= low < high <= features):
        raise ParameterError(
            f"box {list(box)} (time from:to, features from:to) must be non-empty and lie inside a series of "
            f"{time} time steps and {features} features; move the box or enlarge the series"
        )
    return box
