"""Open the executor of a cluster, and close what was started for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from distributed import Client

from ....process.settings import IMPORTED, settings_restored
from ....suites.registry import load_registries
from ..demand import Demand
from ..engine import DASK, Engine
from .connection import connect, quiet
from .dask_executor import DaskExecutor
from .sent_files import pack_files
from .shared_folder import Token
from .station import Commission
from .versions import own_versions


@contextmanager
def cluster_executor(engine: Engine, demand: Demand) -> Iterator[DaskExecutor]:
    """Give the executor of a cluster, which is left, or closed if it was started here, at the end of the block.

    Raises:
        WorkerError: no scheduler answers, the batch system refuses, or a worker cannot take part.
        StoreError: a file that workers need cannot be read.
    """
    tags = load_registries(demand.plugins).tasks.tags_of(task.name for task in demand.suite.tasks)
    luggage = pack_files(demand.suite, tags, demand.plugins)
    token = Token(demand.store.root)
    commission = Commission(
        suite=demand.suite,
        device=demand.device,
        timeout=demand.timeout,
        memory=demand.memory if engine.name == DASK else None,  # else it is what a job asks for
        luggage=luggage,
        results=str(demand.store.root),
        token=token.name,
        content=token.content,
        versions=own_versions(),
    )
    with (
        quiet(),
        _client(engine) as client,
        DaskExecutor(client, commission, token, demand.store, demand.announce) as executor,
    ):
        yield executor


@contextmanager
def _client(engine: Engine) -> Iterator[Any]:
    if engine.name == DASK:
        with connect(engine.scheduler) as client:
            yield client
        return
    with settings_restored(leave=IMPORTED):  # Dask-Jobqueue sets a handler of Ctrl-C when it is imported
        from .batch_system import submitted
    with submitted(engine) as cluster, Client(cluster, set_as_default=False) as client:
        yield client
