"""How a run computes."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ParameterError
from ..execution.executors.engine import Engine
from ..execution.plan import Job
from ..suites.counts import check_workers

Report = Callable[[Job, int, int], None]


def silent(_job: Job, _done: int, _total: int) -> None:
    """Report nothing."""


def unannounced(_text: str) -> None:
    """Announce nothing."""


@dataclass(frozen=True, kw_only=True)
class Means:
    """How a run computes.

    Attributes:
        plugins: files whose entries the suite uses.
        device: "cpu" or "cuda".
        workers: processes; 1 runs everything in this one, unless there is a timeout.
        memory: bytes that explaining may take in all workers together; None for a quarter of what is free, and at
            least 256 MB in each. With at least so much, what is written does not depend on it.
        timeout: seconds that explaining and scoring one cell may take before it counts as failed; None for any time.
            Making data, scoring their truth and training are not limited.
        report: called after every finished job with the job, how many are done, and how many there were to do.
        engine: the cluster that computes in place of this machine, where workers do not count and memory is that of
            each Dask worker; None for this machine.
        announce: called with what is worth knowing at once: which files are bad, the dashboard of a cluster, and which
            of its workers come and go.

    Raises:
        ParameterError: a timeout that is not a positive number, or workers that are not 1 to 1,000.
    """

    plugins: Sequence[Path] = ()
    device: str = "cpu"
    workers: int = 1
    memory: int | None = None
    timeout: float | None = None
    report: Report = silent
    engine: Engine | None = None
    announce: Callable[[str], None] = unannounced

    def __post_init__(self) -> None:
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise ParameterError(f"timeout must be a positive number of seconds, got {self.timeout:g}")
        check_workers(self.workers)
