"""Run what a reproduction needs, present it, and write results/README.md."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...entry import unknown
from ...errors import ParameterError, SaltbenchError, UnknownNameError
from ..execution.failures import reason_for
from ..reproductions.entries import ENTRIES
from ..reproductions.reproduction import Reproduction
from ..reproductions.results_page import write_page
from ..reproductions.summary import report_agreement, summarise
from ..runs.console import execute
from ..suites.registry import load_registries
from ..suites.suite import load_suite
from .finish import finish

REPRODUCTIONS: dict[str, Reproduction] = {one.name: one for one in ENTRIES}
ALL = "all"


def reproduce(
    what: str,
    results: Path,
    device: str,
    workers: int | None,
    shown: Mapping[str, Any] | None = None,
    seeds: int | None = None,
) -> Iterator[str]:
    """Run one reproduction or all of them, yield their lines, and write results/README.md from all that results holds.

    Args:
        what: the name of a reproduction, or "all".
        results: parent of the suites' folders.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.
        shown: what the figure shows in place of what the source's does, by `Reproduction.choices`.
        seeds: repetitions of each suite; None for its own.

    Raises:
        UnknownNameError: no such reproduction.
        ParameterError: a choice that the reproduction does not offer.
        StoreError: a result cannot be read or written.
        SaltbenchError: the reproduction could not finish; the page is written all the same.
    """
    if what not in (*REPRODUCTIONS, ALL):
        raise UnknownNameError(unknown("reproduction", what, [*REPRODUCTIONS, ALL]))
    choices = shown or {}
    _check_choices(what, choices)
    try:
        if what == ALL:
            yield from reproduce_all(results, device, workers, seeds)
        else:
            yield from reproduce_one(REPRODUCTIONS[what], results, device, workers, choices, seeds)
    except SaltbenchError:
        write_page(results)
        raise
    yield f"what it shows, beside all other results: {write_page(results)}"


def reproduce_one(
    reproduction: Reproduction,
    results: Path,
    device: str,
    workers: int | None,
    shown: Mapping[str, Any],
    seeds: int | None = None,
) -> Iterator[str]:
    """Run what the suites of a reproduction lack, yield the lines of its presentation, then those of what follows it.

    Args:
        reproduction: what to run.
        results: parent of the suites' folders.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.
        shown: what the figure shows, by `Reproduction.choices`.
        seeds: repetitions of each suite; None for its own.

    Raises:
        StoreError: a result cannot be read or written.
        SaltbenchError: what is to be shown cannot be, data are missing, or a cell failed; all others are complete.
    """
    if missing := reproduction.missing_data():
        yield missing
        return
    registries = load_registries()
    overrides = [] if seeds is None else [{"seeds": seeds}]
    suites = [load_suite(name, registries, *overrides) for name in reproduction.suites]
    reproduction.check(suites, **shown)  # not after minutes of training
    runs = [execute(suite, results, device, workers) for suite in suites]
    yield from reproduction.present(runs, **shown)
    for run in runs:
        finish(run, registries)
    for follower in reproduction.followed_by:
        yield from reproduce_one(follower, results, device, workers, shown, seeds)


def reproduce_all(results: Path, device: str, workers: int | None, seeds: int | None = None) -> Iterator[str]:
    """Run every reproduction in turn, write results/summary.csv, and yield their lines and what agrees.

    One that cannot run, for lack of its data or for any other reason, leaves the others alone.

    Args:
        results: parent of the suites' folders.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.
        seeds: repetitions of each suite; None for its own.

    Raises:
        SaltbenchError: some could not finish; the others are complete, and the summary is written.
    """
    unfinished: dict[str, str] = {}
    for name, reproduction in REPRODUCTIONS.items():
        yield f"== saltbench reproduce {name}"
        try:
            yield from reproduce_one(reproduction, results, device, workers, {}, seeds)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is named at the end, and the others run
            unfinished[name] = reason_for(error)
            yield f"did not finish: {unfinished[name]}"
    yield "== summary"
    yield from report_agreement(summarise(results, list(REPRODUCTIONS), unfinished), results)
    if unfinished:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in unfinished.items())
        raise SaltbenchError(
            f"{len(unfinished)} of {len(REPRODUCTIONS)} reproductions did not finish, the others are complete: "
            f"{reasons}"
        )


def _check_choices(what: str, choices: Mapping[str, Any]) -> None:
    offered = REPRODUCTIONS[what].choices if what in REPRODUCTIONS else ()
    for name in choices:
        if name not in offered:
            by = " and ".join(one.name for one in REPRODUCTIONS.values() if name in one.choices)
            raise ParameterError(f"--{name} chooses what the figure of {by} shows, got it for {what}; leave it out")
