"""Run a suite as a terminal asks for it, with live progress."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from ...methods.attributions.passes.amounts import parse_memory
from ..execution.devices import choose_device, default_workers, device_elsewhere
from ..execution.executors.engine import Engine
from ..execution.shards import Shard
from ..leaderboards.finished_run import Result
from ..suites.suite import Suite
from .means import Means
from .progress import progress
from .runner import run_suite
from .sharding import ShardResult, run_shard


def execute(
    suite: Suite,
    results: Path,
    device: str,
    workers: int | None,
    plugins: Sequence[Path] = (),
    memory: str | None = None,
    timeout: float | None = None,
    engine: Engine | None = None,
) -> Result:
    """Run a suite with live progress on standard error."""
    with _reported(means_of(device, workers, plugins, memory, timeout, engine)) as means:
        return run_suite(suite, results, **vars(means))


def execute_shard(suite: Suite, results: Path, shard: Shard, means: Means) -> ShardResult:
    """Run a shard of a suite with live progress on standard error."""
    with _reported(means) as reported:
        return run_shard(suite, results, shard, reported)


def means_of(
    device: str,
    workers: int | None,
    plugins: Sequence[Path],
    memory: str | None,
    timeout: float | None,
    engine: Engine | None,
) -> Means:
    """Return how a run computes that a command asks for.

    Raises:
        ParameterError: an option that is impossible.
    """
    chosen = choose_device(device) if engine is None else device_elsewhere(device)
    return Means(
        plugins=plugins,
        device=chosen,
        workers=workers or default_workers(chosen),
        memory=None if memory is None else parse_memory(memory),
        timeout=timeout,
        engine=engine,
    )


@contextmanager
def _reported(means: Means) -> Iterator[Means]:
    console = Console(stderr=True, highlight=False)

    def announce(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    with progress(console) as report:
        yield replace(means, report=report, announce=announce)
