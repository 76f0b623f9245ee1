"""The seven tasks of the Human Connectome Project's task fMRI: run lengths, conditions and block designs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REPETITION_TIME = 0.72  # seconds from frame to frame
PARCELS = 360  # of the Glasser parcellation: rows 0 to 179 lie in the right hemisphere, 180 to 359 in the left
COUNTDOWN = 8.0  # seconds before the first cue or block of every run


@dataclass(frozen=True, kw_only=True)
class Paradigm:
    """A task's block design; the label of a paradigm is its place in PARADIGMS.

    Attributes:
        name: as in the archives' folders.
        frames: of one run.
        conditions: of the blocks on task, each with the names that its event file may have. Cues are left out.
        cue: seconds of instruction before each block.
        block: shortest and longest duration of a block, in seconds.
        groups: number of blocks, each with its cue, before each rest.
        rest: seconds of fixation after each group.
    """

    name: str
    frames: int
    conditions: tuple[tuple[str, ...], ...]
    cue: float = 0.0
    block: tuple[float, float]
    groups: tuple[int, ...]
    rest: float = 0.0


def _each(*names: str) -> tuple[tuple[str, ...], ...]:
    return tuple((name,) for name in names)


PARADIGMS: tuple[Paradigm, ...] = (
    Paradigm(
        name="MOTOR",
        frames=284,
        conditions=_each("lf", "rf", "lh", "rh", "t"),
        cue=3.0,
        block=(12.0, 12.0),
        groups=(3, 4, 3),
        rest=15.0,
    ),
    Paradigm(
        name="WM",
        frames=405,
        conditions=_each(*(f"{load}bk_{item}" for load in (0, 2) for item in ("body", "faces", "places", "tools"))),
        block=(27.5, 27.5),  # its cue of 2.5 s included, as in the event files
        groups=(2, 2, 2, 2),
        rest=15.0,
    ),
    Paradigm(
        name="EMOTION",
        frames=176,
        conditions=_each("fear", "neut"),
        cue=3.0,
        block=(18.0, 18.0),
        groups=(6,),  # the last block outlasts the run, as in the archives
    ),
    Paradigm(
        name="GAMBLING",
        frames=253,
        conditions=_each("loss", "win"),
        block=(28.0, 28.0),
        groups=(1, 1, 1, 1),
        rest=15.0,
    ),
    Paradigm(
        name="LANGUAGE",
        frames=316,
        conditions=_each("math", "story"),
        block=(24.0, 30.0),  # variable; stories and sums follow each other without a rest
        groups=(8,),
    ),
    Paradigm(
        name="RELATIONAL",
        frames=232,
        conditions=_each("match", "relation"),
        cue=2.0,
        block=(16.0, 16.0),
        groups=(2, 2, 2),
        rest=16.0,
    ),
    Paradigm(
        name="SOCIAL",
        frames=274,
        conditions=(("ment", "mental"), ("rnd",)),
        block=(23.0, 23.0),  # a video of 20 s and 3 s for the response
        groups=(1, 1, 1, 1, 1),
        rest=15.0,
    ),
)
SHORTEST_RUN = min(paradigm.frames for paradigm in PARADIGMS)


def draw_blocks(paradigm: Paradigm, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return (blocks, 2): onset and duration in seconds of each block of a run, in their order.

    Durations are uniform between the paradigm's shortest and longest; all else is fixed.

    Source: D. M. Barch et al., Function in the human connectome: Task-fMRI and individual differences in behavior,
    NeuroImage 80, 2013, 169-189. Where in a run the fixation blocks of MOTOR lie is ours.
    """
    durations = rng.uniform(*paradigm.block, size=sum(paradigm.groups))
    rests = np.concatenate([[0.0] * (count - 1) + [paradigm.rest] for count in paradigm.groups])
    ends = COUNTDOWN + np.cumsum(paradigm.cue + durations) + np.cumsum(rests) - rests
    return np.stack([ends - durations, durations], axis=1)
