"""How large figures of a results folder are, and which way time runs."""

from dataclasses import dataclass

from ...errors import ParameterError
from ..style.figure_style import PAGE

NARROWEST = 3.0
DIRECTIONS = ("down", "right")


@dataclass(frozen=True)
class FigureSize:
    """What a user may choose of a figure's form.

    Attributes:
        width: inches, such as 3.5 for a column of a page.
        time: "down" or "right", which way it runs in maps.

    Raises:
        ParameterError: less than 3 inches or more than a page, or another direction.
    """

    width: float = PAGE
    time: str = "down"

    def __post_init__(self) -> None:
        if not NARROWEST <= self.width <= PAGE:
            raise ParameterError(f"--width must be inches in {NARROWEST:g} … {PAGE:g}, got {self.width:g}")
        if self.time not in DIRECTIONS:
            raise ParameterError(f"--time must be one of {', '.join(DIRECTIONS)}, got '{self.time}'")

    @property
    def is_time_to_right(self) -> bool:
        """Return whether time runs to the right."""
        return self.time == "right"

    def side_by_side(self, most: int) -> int:
        """Return how many panels stand side by side of which a page holds so many."""
        return max(1, round(most * self.width / PAGE))
