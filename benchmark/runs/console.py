"""Run a suite as a terminal asks for it, with live progress."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from ...methods.attributions.passes.budget import parse_memory
from ..execution.devices import choose_device, default_workers
from ..leaderboards.finished_run import Result
from ..suites.suite import Suite
from .progress import progress
from .runner import run_suite


def execute(
    suite: Suite,
    results: Path,
    device: str,
    workers: int | None,
    plugins: Sequence[Path] = (),
    memory: str | None = None,
    timeout: float | None = None,
) -> Result:
    """Run a suite with live progress on standard error."""
    chosen = choose_device(device)
    console = Console(stderr=True, highlight=False)
    with progress(console) as report:
        return run_suite(
            suite,
            results,
            plugins=plugins,
            device=chosen,
            workers=workers or default_workers(chosen),
            memory=None if memory is None else parse_memory(memory),
            timeout=timeout,
            report=report,
        )
