"""What of the source can be reproduced, one by one or all together."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...entry import unknown
from ...errors import ParameterError, SaltbenchError, UnknownNameError
from ..execution.failures import reason_for
from ..reproductions.fmri.reproduction import fmri
from ..reproductions.mnist import mnist
from ..reproductions.moving_box import moving_box
from ..reproductions.results_page import write_reading
from ..reproductions.summary import report_agreement, summarise
from ..reproductions.table1 import table1
from ..reproductions.vanishing.reproduction import vanishing

Reproduction = Callable[..., Iterator[str]]  # (results, device, workers, what its figure shows) to lines for people

SINGLE: dict[str, Reproduction] = {
    "table1": table1,
    "moving-box": moving_box,
    "mnist": mnist,
    "fmri": fmri,
    "vanishing": vanishing,
}
# what can be chosen of a figure, by the reproduction that draws it
CHOICES = {"mnist": ("architectures", "methods", "digits"), "fmri": ("steps",)}


def everything(results: Path, device: str, workers: int | None) -> Iterator[str]:
    """Run every reproduction in turn, write results/summary.csv, and yield their lines and what agrees.

    One that cannot run, for lack of its data or for any other reason, leaves the others alone.

    Args:
        results: parent of the reproductions' folders.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.

    Raises:
        SaltbenchError: some could not finish; the others are complete, and the summary is written.
    """
    unfinished: dict[str, str] = {}
    for name, make in SINGLE.items():
        yield f"== saltbench reproduce {name}"
        try:
            yield from make(results, device, workers)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is named at the end, and the others run
            unfinished[name] = reason_for(error)
            yield f"did not finish: {unfinished[name]}"
    yield "== summary"
    yield from report_agreement(summarise(results, list(SINGLE), unfinished), results)
    if unfinished:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unfinished.items())
        raise SaltbenchError(
            f"{len(unfinished)} of {len(SINGLE)} reproductions did not finish, the others are complete: {reasons}"
        )


REPRODUCTIONS: dict[str, Reproduction] = {**SINGLE, "all": everything}


def reproduce(
    what: str, results: Path, device: str, workers: int | None, shown: Mapping[str, Any] | None = None
) -> Iterator[str]:
    """Run a reproduction, yield its lines, and write results/README.md anew from all that results holds.

    Args:
        what: its name.
        results: parent of the reproductions' folders.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.
        shown: what its figure shows in place of what the source's does, by the names in `CHOICES`.

    Raises:
        UnknownNameError: no such reproduction.
        ParameterError: a choice that the reproduction does not offer.
        StoreError: a result cannot be read or written.
        SaltbenchError: the reproduction could not finish; the page is written all the same.
    """
    if what not in REPRODUCTIONS:
        raise UnknownNameError(unknown("reproduction", what, REPRODUCTIONS))
    choices = shown or {}
    for name in choices:
        if name not in CHOICES.get(what, ()):
            offered = " and ".join(known for known, names in CHOICES.items() if name in names)
            raise ParameterError(
                f"--{name} chooses what the figure of {offered} shows, got it for {what}; leave it out"
            )
    try:
        yield from REPRODUCTIONS[what](results, device, workers, **choices)
    except SaltbenchError:
        write_reading(results)
        raise
    yield f"what it shows, beside all other results: {write_reading(results)}"
