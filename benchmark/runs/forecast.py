"""What a run would do, before it does anything: cells, networks, time and memory."""

from collections.abc import Iterator
from pathlib import Path

from ...methods.attributions.passes.amounts import parse_memory
from ...methods.attributions.passes.budget import default_memory
from ..execution.devices import choose_device, default_workers
from ..execution.stored.costs import forecast
from ..execution.stored.run import StoredRun
from ..execution.stored.standing import Standing
from ..storage.store import Store
from ..suites.provenance import check_format
from ..suites.registry import Registries
from ..suites.suite import Suite
from .estimates import asking_metrics, counted, time_line

PROCESS = 0.4  # GB that a process takes before it explains anything, PyTorch included


def forecast_lines(
    suite: Suite, registries: Registries, results: Path, device: str, workers: int | None, memory: str | None = None
) -> Iterator[str]:
    """Yield what a run of a suite would compute, with what time and memory; nothing is begun and nothing written.

    Raises:
        ParameterError: a device or memory that there is not.
        StoreError: what is stored cannot be read.
    """
    chosen = choose_device(device)
    processes = workers or default_workers(chosen)
    folder = results / suite.name
    check_format(folder)
    run = StoredRun(suite, Store(folder.absolute()).indexed(), chosen)
    standing = Standing.of(run, asking_metrics(registries))
    yield f"suite {suite.name} on {chosen}, {counted(processes, 'process')}, in {folder}"
    yield (
        f"cells: {standing.cells}, stored {len(standing.done)}, to compute {len(standing.lacking)}"
        + (f" ({len(standing.explained)} to score alone)" if standing.explained else "")
    )
    yield f"trainings: {standing.networks}, stored {standing.stored_networks}, to do {len(standing.to_train)}"
    yield time_line(forecast(run, standing, registries.methods), processes)
    share = parse_memory(memory) if memory else processes * default_memory(chosen, processes)
    yield (
        f"memory: at most about {processes * PROCESS + share / 1e9:.1f} GB, {processes * PROCESS:.1f} GB of it "
        f"for {counted(processes, 'process')} and {share / 1e9:.1f} GB for explaining"
    )
