"""Labels beside marks that lie close to each other: each as near as it fits."""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from numpy.typing import NDArray

SIZE = 5.5  # points of a letter
WIDE, HIGH = 0.65, 0.95  # of that size, a digit and a line
RADII = (5.5, 8, 11, 14, 18, 22, 27, 33, 40)  # points from a mark
DIRECTIONS = 12
MARK = 2.4  # points from a mark's middle to its edge
LINED = 6  # points from which on a line joins label and mark


def label_marks(axis: Axes, marks: NDArray[np.floating], words: Sequence[str]) -> None:
    """Write words beside marks, so that none hides a mark or another word where there is room for all.

    The figure's layout has to be done, and stays as it is.

    Args:
        axis: on which the marks are.
        marks: where, (marks, 2).
        words: one each.
    """
    points = axis.figure.dpi / 72  # pixels of a point
    places = axis.transData.transform(marks)
    taken = [_around(place, (2 * MARK * points, 2 * MARK * points)) for place in places]
    room = axis.get_window_extent()
    for number in np.argsort(places[:, 0], kind="stable"):
        size = (WIDE * SIZE * len(words[number]) * points, HIGH * SIZE * points)
        shift = next(_fitting(places[number], size, points, taken, room), (0.0, RADII[0]))
        taken.append(_around(places[number] + np.array(shift) * points, size))
        is_far = math.hypot(*shift) > LINED
        line = {"arrowstyle": "-", "linewidth": 0.3, "color": "0.45", "shrinkA": 0, "shrinkB": MARK}
        note = axis.annotate(
            words[number],
            marks[number],
            shift,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=SIZE,
            arrowprops=line if is_far else None,
            bbox={"pad": 0.3, "facecolor": "white", "edgecolor": "none"} if is_far else None,
            zorder=4,
        )
        note.set_in_layout(False)


def _fitting(
    place: NDArray[np.floating], size: tuple[float, float], points: float, taken: Sequence[Bbox], room: Bbox
) -> Iterator[tuple[float, float]]:
    """Yield shifts from a place, in points, the nearest first, to where a box overlaps none and is in the room."""
    for radius in RADII:
        for step in range(DIRECTIONS):
            angle = math.pi / 2 - 2 * math.pi * step / DIRECTIONS
            shift = radius * math.cos(angle), radius * math.sin(angle)
            box = _around(place + np.array(shift) * points, size)
            is_inside = room.x0 <= box.x0 and box.x1 <= room.x1 and room.y0 <= box.y0 and box.y1 <= room.y1
            if is_inside and not any(box.overlaps(other) for other in taken):
                yield shift


def _around(place: NDArray[np.floating], size: tuple[float, float]) -> Bbox:
    return Bbox.from_bounds(place[0] - size[0] / 2, place[1] - size[1] / 2, *size)
