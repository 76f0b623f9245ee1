"""How far a run is: what is done, running and failed, and how long the rest takes; reads only, and imports no torch."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import printable
from ..execution.failures import Failure
from ..execution.journal import Report, read_journal
from ..execution.stored.costs import forecast
from ..execution.stored.run import StoredRun
from ..execution.stored.standing import Standing
from ..leaderboards.leaderboard_file import FILE as LEADERBOARD
from ..leaderboards.results_folder import ResultsFolder
from ..storage.store import Store
from ..style.durations import duration
from ..suites.provenance import check_format, read_provenance
from ..suites.registry import Registries
from ..suites.suite import Suite
from .estimates import asking_metrics, counted, time_line

BAD = ("failed", "skipped")


@dataclass(frozen=True)
class Fallen:
    """Cells that failed or were skipped, in words, and why."""

    status: str
    cells: str
    reason: str


def status_lines(suite: Suite, registries: Registries, results: Path, device: str) -> Iterator[str]:
    """Yield how far the run of a suite is.

    Args:
        suite: the grid.
        registries: of its entries.
        results: parent of the suite's folder.
        device: on which it is run; "auto" for that which the folder tells.

    Raises:
        StoreError: what is stored cannot be read.
    """
    folder = results / suite.name
    check_format(folder)
    report = read_journal(folder)
    run = StoredRun(suite, Store(folder.absolute()).indexed(), _device(folder, report) if device == "auto" else device)
    standing = Standing.of(run, asking_metrics(registries))
    is_running = report is not None and report.header.is_running()
    yield f"suite {suite.name} in {folder}: {_state(report, standing)}"
    yield (
        f"done: {len(standing.done)} of {counted(standing.cells, 'cell')}, "
        f"{standing.stored_networks} of {counted(standing.networks, 'training')}"
    )
    if report is not None and is_running:
        yield f"running: {'; '.join(map(printable, report.running)) or 'nothing at this moment'}"
    fallen = _fallen(folder, standing, report)
    for status in BAD:
        of_status = [each for each in fallen if each.status == status]
        if of_status:
            yield f"{status}: {len(of_status)}"
            yield from (f"  {printable(each.cells)}: {printable(each.reason)}" for each in of_status)
    if standing.lacking:
        yield _rest(run, standing, report if is_running else None, registries)


def _device(folder: Path, report: Report | None) -> str:
    if report is not None:
        return report.header.device
    recorded = read_provenance(folder)
    return "cpu" if recorded is None else recorded.device


def _state(report: Report | None, standing: Standing) -> str:
    if report is not None:
        since = duration(max(0.0, time.time() - report.header.began))
        if report.header.is_running():
            return f"a run has been under way for {since} on {report.header.host}"
        return f"a run that began {since} ago was interrupted; run the same command again to finish the rest"
    if not standing.lacking:
        return "complete"
    return "no run is under way" if standing.done else "no run is under way, and no cell is done"


def _fallen(folder: Path, standing: Standing, report: Report | None) -> list[Fallen]:
    """Return the cells that the run under way has given up, or else those that the last finished one says of."""
    names = {_row_of(Failure.of(job, method, "")) for job, method in standing.lacking}
    if report is not None:
        return [
            Fallen(
                each.status,
                _in_words(each.task, each.architecture, each.method, f"seed {each.repetition}"),
                each.reason,
            )
            for each in report.failures
            if (each.task, each.architecture, each.method) in names
        ]
    if not (folder / LEADERBOARD).exists():
        return []
    rows: Sequence[Mapping[Any, Any]] = ResultsFolder(folder).table.to_dict("records")
    return [
        Fallen(row["status"], _in_words(row["task"], row["architecture"], row["method"]), row["reason"])
        for row in rows
        if row["status"] in BAD and (row["task"], row["architecture"], row["method"]) in names
    ]


def _row_of(failure: Failure) -> tuple[str, str, str]:
    return failure.task, failure.architecture, failure.method


def _in_words(*names: str) -> str:
    return " ".join(filter(None, names))


def _rest(run: StoredRun, standing: Standing, report: Report | None, registries: Registries) -> str:
    left = len(standing.lacking) - (0 if report is None else len(report.failures))
    expected = forecast(run, standing, registries.methods)
    time_left = time_line(expected, 1 if report is None else report.header.workers)
    return f"rest: {counted(left, 'cell')}; {time_left}"
