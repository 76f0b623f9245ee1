"""What computes a run, by name: this machine, a Dask scheduler that runs already, or jobs of a batch system."""

from dataclasses import dataclass

from ....errors import ParameterError

LOCAL = "local"
DASK = "dask"
BATCH = ("slurm", "pbs", "sge", "lsf")
ENGINES = (LOCAL, DASK, *BATCH)
IN_WORDS = f"{LOCAL}, a cluster: {DASK}, or a batch system: {', '.join(BATCH)}"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A cluster.

    Attributes:
        name: "dask", or a batch system.
        scheduler: address of the Dask scheduler, for "dask" alone.
        jobs: how many a batch system is asked for, each with a Dask worker.
        walltime: of each of them.
        queue: in which they wait; None for the default of the batch system, or of Dask-Jobqueue's own settings.
        cores: of each of them, of which each computes one cell at a time.
        memory: of each of them, in bytes.
    """

    name: str
    scheduler: str = ""
    jobs: int = 1
    walltime: str | None = None
    queue: str | None = None
    cores: int = 1
    memory: int | None = None


def check_engine(name: str, scheduler: str | None, jobs: int | None, walltime: str | None, queue: str | None) -> None:
    """Raise unless the options of a command name one engine, and no option of another.

    Raises:
        ParameterError: an unknown engine, one that lacks an option, or an option of another engine.
    """
    if name not in ENGINES:
        raise ParameterError(f"--executor must be {', '.join(ENGINES[:-1])} or {ENGINES[-1]}, got '{name}'")
    if name == DASK and not scheduler:
        raise ParameterError("--executor dask needs the address of a scheduler; add --scheduler tcp://HOST:PORT")
    if name != DASK and scheduler is not None:
        raise ParameterError(f"--scheduler is for --executor dask, got --executor {name}; leave one of them out")
    if name in BATCH and jobs is None:
        raise ParameterError(f"--executor {name} needs the number of jobs to submit; add --jobs N")
    given = {"--jobs": jobs, "--walltime": walltime, "--queue": queue}
    of_batch = [option for option, value in given.items() if value is not None]
    if name not in BATCH and of_batch:
        raise ParameterError(f"{of_batch[0]} is for --executor {', '.join(BATCH)}, got {name}; leave it out")
