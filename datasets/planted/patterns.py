"""Shapes of a planted signal: for each class one pattern over time, nowhere zero."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ...kinds import require_texts

GRID = 2.0**20  # a sine is rounded to 1 / GRID: its last bit differs between platforms


def _sine(length: int, cycles: float, offset: float) -> NDArray[np.float64]:
    phases = 2 * np.pi * cycles * (np.arange(length) + offset) / length
    return np.round(np.sin(phases) * GRID) / GRID


SHAPES: dict[str, Callable[[int], NDArray[np.float64]]] = {
    "box": np.ones,  # 1
    "ramp": lambda length: np.arange(1, length + 1) / length,  # rises from 1/L to 1
    "bump": lambda length: _sine(length, 0.5, 0.5),  # the positive half of a sine
    "sine": lambda length: _sine(length, 1.0, 0.25),  # one cycle; a quarter step late, so that no entry is zero
}


def class_patterns(shape: str, length: int, classes: int) -> NDArray[np.float64]:
    """Return (classes, length): p_c(j) = (−1)^(c + ⌊j (k + 1) / L⌋) e(j) with the envelope e and k = ⌊c / 2⌋.

    Classes 0 and 1 are −e and +e; each further pair changes its sign once more inside the window, so that all
    classes share their entries and only values tell them apart.

    Args:
        shape: the envelope: "box" (1), "ramp" (1/L to 1), "bump" (half a sine) or "sine" (one cycle).
        length: time steps L.
        classes: number of patterns.

    Raises:
        ParameterError: another shape, or a length that is less than half the number of classes.
    """
    check_shape(shape)
    needed = (classes + 1) // 2
    if length < needed:
        raise ParameterError(
            f"{classes} classes need a signal of at least {needed} time steps, got {length}; enlarge length or window"
        )
    label, step = np.arange(classes)[:, None], np.arange(length)
    blocks = step * (label // 2 + 1) // length
    return np.where((label + blocks) % 2 == 1, 1.0, -1.0) * SHAPES[shape](length)


def check_shape(shape: str) -> None:
    """Raise unless a shape is one of the envelopes.

    Raises:
        ParameterError: another one.
    """
    require_texts(shape=shape)
    if shape not in SHAPES:
        raise ParameterError(f"shape must be one of {', '.join(SHAPES)}, got {shape!r}")
