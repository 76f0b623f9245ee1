"""Cut runs of different lengths to windows of one size."""

from ...errors import ParameterError
from .paradigms import SHORTEST_RUN

PLACES = ("end", "middle", "start")


def require_window(frames: int, place: str) -> None:
    """Raise unless every run holds the window and place is one of PLACES.

    Raises:
        ParameterError: a window that a run does not hold, or another place.
    """
    if not 1 <= frames <= SHORTEST_RUN:
        raise ParameterError(f"frames must lie in 1 to {SHORTEST_RUN}, the length of the shortest run, got {frames}")
    if place not in PLACES:
        raise ParameterError(f"window must be one of {', '.join(PLACES)}, got {place!r}")


def part_of_run(length: int, frames: int, place: str) -> slice:
    """Return the first, the middle or the last frames of a run.

    Runs are cut and not padded: padding would show the length of the run, and with it the task, to the network.

    Args:
        length: of the run, at least frames.
        frames: of the window.
        place: "end" stops as the run stops: five of the seven tasks end with a rest, so that a network that reads
            to the last step has to remember what it saw on task; "start" begins with the countdown; "middle" leaves
            out as much at the start as at the end.
    """
    first = {"end": length - frames, "middle": (length - frames) // 2, "start": 0}[place]
    return slice(first, first + frames)
