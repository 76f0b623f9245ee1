"""One size for runs of different lengths: the window of a run that becomes a sample."""

from ..errors import ParameterError
from .fmri_paradigms import SHORTEST_RUN

PLACES = ("end", "start")


def require_window(frames: int, place: str) -> None:
    """Raise a ParameterError unless every run holds the window and place is one of PLACES."""
    if not 1 <= frames <= SHORTEST_RUN:
        raise ParameterError(f"frames must lie in 1 to {SHORTEST_RUN}, the length of the shortest run, got {frames}")
    if place not in PLACES:
        raise ParameterError(f"window must be one of {', '.join(PLACES)}, got {place!r}")


def part_of_run(length: int, frames: int, place: str) -> slice:
    """Return the first or the last frames of a run.

    Runs are cut and not padded: padding would show the length of the run, and with it the task, to the network.

    Args:
        length: of the run, at least frames.
        frames: of the window.
        place: "end", where a network that reads to the last step stops as the run stops, or "start".
    """
    return slice(length - frames, length) if place == "end" else slice(0, frames)
