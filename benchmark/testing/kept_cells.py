"""Cells that passed as tests, looked up again at the session's end: what they stored may have vanished since."""

from collections.abc import Iterator, Mapping

import pytest

from ..execution.collection import GONE
from ..execution.failures import Failure
from ..execution.plan import jobs
from ..execution.stored.run import unfinished
from ..storage.store import Store
from ..suites.suite import Suite

Place = tuple[str, str, str, str, int]  # suite, task, architecture, method, repetition


def locate(suite: str, cell: Failure) -> Place:
    """Return what tells a cell from all others of a session."""
    return suite, cell.task, cell.architecture, cell.method, cell.repetition


def find_gone(
    suite: Suite, store: Store, device: str, passed: Mapping[Place, pytest.TestReport]
) -> Iterator[tuple[Failure, pytest.TestReport]]:
    """Yield the cells among those that passed whose scores can no longer be read, and the report of each failing.

    Raises:
        StoreError: a result cannot be read.
    """
    for job in jobs(suite, device):
        lacking = (Failure.of(job, method, GONE.reason) for method in unfinished(job, store))
        for cell in lacking:
            if (report := passed.get(locate(suite.name, cell))) is not None:
                yield cell, _failing(report, cell.reason)


def _failing(report: pytest.TestReport, reason: str) -> pytest.TestReport:
    """Return what pytest is told of a test that has passed and fails after that."""
    return pytest.TestReport(report.nodeid, report.location, report.keywords, "failed", reason, "teardown")
