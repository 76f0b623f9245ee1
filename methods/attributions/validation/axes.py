"""Name the axes of arrays, and bring them into the order batch, time, features."""

import re
from collections.abc import Sequence
from typing import Any

from ....errors import ParameterError

_WORDS = {
    **dict.fromkeys(("batch", "case", "instance", "sample", "n", "b"), 0),
    **dict.fromkeys(("time", "timepoint", "step", "length", "t", "l"), 1),
    **dict.fromkeys(("feature", "channel", "variable", "dimension", "f", "c", "d", "v"), 2),
}
ORDER = (0, 1, 2)


def axes_order(axes: Any) -> tuple[int, int, int]:
    """Return at which axes of an array batch, time and features stand.

    Args:
        axes: their names in the array's order: ("cases", "channels", "time"), "batch, features, time", or "nct"; None
            for (batch, time, features).

    Raises:
        ParameterError: axes that are not these three.
    """
    if axes is None:
        return ORDER
    words = _words(axes)
    places = [place_of(word) for word in words]
    if sorted(-1 if place is None else place for place in places) != [0, 1, 2]:
        raise ParameterError(
            "axes must name batch, time and features in the order of the inputs, such as ('cases', 'channels', 'time') "
            f"or 'nct', got {axes!r}"
        )
    batch, time, features = (places.index(place) for place in ORDER)
    return batch, time, features


def place_of(word: str) -> int | None:
    """Return whether a word names the batch, 0, the time, 1, or the features, 2; None for another."""
    lower = word.lower()
    return _WORDS.get(lower, _WORDS.get(lower.removesuffix("s")))


def _words(axes: Any) -> list[str]:
    if isinstance(axes, str):
        found = re.findall("[A-Za-z]+", axes)
        return list(found[0]) if len(found) == 1 and len(found[0]) == 3 else found
    is_named = isinstance(axes, Sequence) and all(isinstance(name, str) for name in axes)
    return list(axes) if is_named else []
