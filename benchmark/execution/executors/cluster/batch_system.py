"""Dask workers as jobs of a batch system, submitted by Dask-Jobqueue."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dask
import dask_jobqueue
from distributed import Status

from .....errors import WorkerError, text_of
from ..engine import Engine
from .connection import quiet

CLUSTERS = {"slurm": "SLURMCluster", "pbs": "PBSCluster", "sge": "SGECluster", "lsf": "LSFCluster"}
MEMORY_OF_A_CORE = 2 * 10**9  # bytes that a job asks for unless told: PyTorch, and what explaining needs
SAFE_PATH = "export PYTHONSAFEPATH=1"  # no module of the folder in which the job starts is taken for an installed one


def job_script(engine: Engine) -> str:
    """Return the script of a job, with a placeholder for the address of the scheduler that the run starts.

    Raises:
        WorkerError: Dask-Jobqueue cannot make a job of the options.
    """
    with _said_of(engine):
        job = _kind(engine).job_cls(scheduler="tcp://HOST:PORT", name="saltbench-0", **_options(engine))
        script: str = job.job_script()
        return script


@contextmanager
def submitted(engine: Engine) -> Iterator[Any]:
    """Start a scheduler in this process and submit its workers, and cancel the jobs at the end of the block.

    Jobs that end before, as those whose time is over, are submitted anew.

    Raises:
        WorkerError: the batch system is not there, or refuses a job.
    """
    command = _kind(engine).job_cls.submit_command.split()[0]
    if shutil.which(command) is None:
        raise WorkerError(
            f"--executor {engine.name} needs the command {command}, which is not on this machine; "
            "run on a login node of the cluster, or use --executor dask"
        )
    with quiet(), _said_of(engine):
        # several runs on one login node: any free port, and the address is printed
        scheduler = dask.config.get(f"jobqueue.{engine.name}.scheduler-options", None) or {}
        cluster = _kind(engine)(**_options(engine), scheduler_options={"dashboard_address": ":0", **scheduler})
    try:
        with _said_of(engine):
            _submit(cluster, engine.jobs)
        yield cluster
    finally:
        with quiet():
            for name in [name for name, job in cluster.workers.items() if job.job_id is None]:
                cluster.workers.pop(name).status = Status.closed  # refused: Dask cannot close what has not begun
            cluster.close()


def _submit(cluster: Any, jobs: int) -> None:
    # a function of its own: Dask cannot close a cluster while anything else holds one of its jobs
    cluster.scale(jobs=jobs)
    cluster.sync(cluster._correct_state)
    for job in list(cluster.workers.values()):
        if job.job_id is None:  # refused, which Dask only logs; asked again, it raises what was said
            cluster.sync(job.start)
    cluster.adapt(minimum_jobs=jobs, maximum_jobs=jobs)


def _kind(engine: Engine) -> Any:
    return getattr(dask_jobqueue, CLUSTERS[engine.name])


def _options(engine: Engine) -> dict[str, Any]:
    prologue = dask.config.get(f"jobqueue.{engine.name}.job-script-prologue", [])
    return {
        "cores": engine.cores,
        "processes": 1,
        "memory": f"{engine.memory or MEMORY_OF_A_CORE * engine.cores}B",
        "walltime": engine.walltime,
        "queue": engine.queue,
        "job_script_prologue": [*prologue, SAFE_PATH],
    }


@contextmanager
def _said_of(engine: Engine) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise WorkerError(f"{engine.name} takes no jobs: {text_of(error)}; correct the options") from error
