"""What a run shows while it works: a bar, or lines with an estimate and never a long silence."""

import io
import re
import time

import pytest
from rich.console import Console

from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.runs.progress import progress
from saltbench.benchmark.style.durations import duration
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite


@pytest.fixture
def job() -> Job:
    return next(iter(jobs(load_suite("quick", load_registries()), "cpu")))


def test_a_terminal_shows_a_live_bar(job: Job) -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with progress(console) as report:
        report(job, 3, 45)
    shown = screen.getvalue()
    assert "3/45" in shown
    assert "box/earlier reference methods seed 0" in shown


def test_a_log_gets_a_line_a_job_that_says_how_long_the_others_take(job: Job) -> None:
    log = io.StringIO()
    with progress(Console(file=log, width=20)) as report:
        report(job, 1, 2)
        report(job, 2, 2)
    first, last = log.getvalue().splitlines()
    assert re.fullmatch(r"\[1/2\] box/earlier reference methods seed 0, about \d+ s left", first)
    assert last == "[2/2] box/earlier reference methods seed 0"


def test_a_log_never_falls_silent(job: Job) -> None:
    log = io.StringIO()
    with progress(Console(file=log), silence=0.05) as report:
        while log.getvalue().count("\n") < 2:
            time.sleep(0.01)
        report(job, 1, 2)
        while not log.getvalue().splitlines()[-1].startswith("[1/2] still"):
            time.sleep(0.01)
    lines = log.getvalue().splitlines()
    assert lines[0] == "still at work after 0 s"
    time.sleep(0.2)
    assert log.getvalue().splitlines() == lines  # nothing is said after the end


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3605, "1 h"),
        (7500, "2 h 5 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_durations_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
