"""Event files of the HCP archives: which frames of a run are on task."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...errors import DataError
from ..files.regular_files import read_regular
from .hcp_layouts import Run
from .paradigms import REPETITION_TIME

LONGEST = 1e9  # seconds, three decades: no run lasts that long, and frames of it can be counted


@dataclass(frozen=True)
class Event:
    """A block: onset and duration in seconds from the first frame."""

    onset: float
    duration: float

    def frames(self, delay: float = 0.0) -> tuple[int, int]:
        """Return the first frame ⌊(onset + delay) / TR⌋, and the first after the block, ⌈duration / TR⌉ later."""
        first = math.floor((self.onset + delay) / REPETITION_TIME)
        return first, first + math.ceil(self.duration / REPETITION_TIME)


def read_events(path: Path) -> list[Event]:
    """Return the events of a file of lines `onset, duration, amplitude`, in seconds; none where it is empty.

    Raises:
        DataError: a file that is no such text, a number that is not finite, or a time that is negative or above
            three decades.
    """
    try:
        text = read_regular(path).decode("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read as text: {error}; get the file anew") from error
    lines = enumerate(text.splitlines(), start=1)
    return [_event(path, number, line) for number, line in lines if line.strip()]


def _event(path: Path, number: int, line: str) -> Event:
    try:
        onset, duration, amplitude = (float(value) for value in line.split())
        valid = 0 <= onset <= LONGEST and 0 <= duration <= LONGEST and math.isfinite(amplitude)
    except ValueError:
        valid = False
    if not valid or "_" in line:  # Python reads 1_0 as 10
        raise DataError(
            f"{path} line {number}: expected onset, duration and amplitude, finite and none of the times negative, "
            f"got {line[:60]!r}; get the file anew"
        )
    return Event(onset, duration)


def on_task_frames(run: Run, length: int, delay: float) -> NDArray[np.bool_]:
    """Return (length,): the frames in a block of any condition of the run's task.

    A block that reaches past the end is clipped: the last block of EMOTION does. A condition whose
    file is missing or empty has no block, as long as another condition of the run has one.

    Args:
        run: whose events are read.
        length: frames of its series.
        delay: seconds by which the frames come after the events, for the haemodynamic delay.

    Raises:
        DataError: a damaged file, a run without any block, or a block that begins after the end of the series.
    """
    frames = np.zeros(length, dtype=np.bool_)
    for path in _event_files(run):
        for event in read_events(path):
            first, _ = event.frames()
            if first >= length:
                raise DataError(
                    f"{run.series} has {length} frames, but {path.name} has a block from frame {first} on: the series "
                    "is shorter than its events; get it anew"
                )
            frames[slice(*event.frames(delay))] = True
    if not frames.any():
        raise DataError(f"{run.events} has no block of {run.paradigm.name}: expected one in {_names(run)}")
    return frames


def _event_files(run: Run) -> Iterator[Path]:
    for names in run.paradigm.conditions:
        yield from (path for name in names if (path := run.events / f"{name}.txt").is_file())


def _names(run: Run) -> str:
    return ", ".join(" or ".join(f"{name}.txt" for name in names) for names in run.paradigm.conditions)
