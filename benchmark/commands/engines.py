"""The cluster that the options of a command ask for."""

from typing import TypeGuard

from ...methods.attributions.passes.amounts import parse_memory
from ..execution.executors.engine import BATCH, LOCAL, Engine, check_engine


def engine_of(
    name: str,
    scheduler: str | None,
    jobs: int | None,
    walltime: str | None,
    queue: str | None,
    workers: int | None,
    memory: str | None,
) -> Engine | None:
    """Return the cluster; None for this machine.

    Raises:
        ParameterError: options that do not fit together.
    """
    check_engine(name, scheduler, jobs, walltime, queue)
    if name == LOCAL:
        return None
    return Engine(
        name=name,
        scheduler=scheduler or "",
        jobs=jobs or 1,
        walltime=walltime,
        queue=queue,
        cores=workers or 1,
        memory=None if memory is None else parse_memory(memory),
    )


def submits_jobs(engine: Engine | None) -> TypeGuard[Engine]:
    """Return whether a cluster is one of a batch system."""
    return engine is not None and engine.name in BATCH
