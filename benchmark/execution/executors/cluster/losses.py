"""Workers that are lost, and the units that they take with them."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from threading import Lock
from typing import Any

MOST = 3  # workers that may die on a unit


class Losses:
    """Counts the workers that died while they computed a unit, as the scheduler tells of them.

    Attributes:
        repeated: units that were begun again, so far.
    """

    def __init__(self, announce: Callable[[str], None], give_up: Callable[[str, str], None]) -> None:
        """Take what tells the user, and what ends a unit by its key with the reason."""
        self.repeated = 0
        self._announce = announce
        self._give_up = give_up
        self._deaths: defaultdict[str, int] = defaultdict(int)
        self._lock = Lock()

    def note(self, message: Mapping[str, Any], own: Set[str]) -> None:
        """Take what the scheduler says of a worker that has gone, and the keys of this run's units."""
        lost = sorted(own & message["processing-tasks"])
        worker = message["worker"]
        with self._lock:
            for key in () if message["expected"] else lost:
                self._deaths[key] += 1
            given_up = [key for key in lost if self._deaths[key] >= MOST]
            again = len(lost) - len(given_up)
            self.repeated += again
        if again:
            self._announce(f"worker {worker} was lost; computing again: {counted(again)}")
        for key in given_up:
            self._give_up(key, killed(MOST, worker))


def killed(workers: int, last: str) -> str:
    """Return the reason of a unit during which so many workers died."""
    return f"{workers} workers died while they computed it, the last was {last}; give workers more memory"


def counted(units: int) -> str:
    """Return a number of units in words."""
    return "1 unit of work" if units == 1 else f"{units} units of work"
