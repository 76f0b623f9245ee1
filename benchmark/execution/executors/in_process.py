"""Run jobs one after the other in this process."""

from collections.abc import Generator, Sequence

from ...suites.registry import load_registries
from ..evaluator import Evaluator
from ..failures import Failure
from ..plan import Job
from ..threads import one_thread
from .pool import Pool


def _in_this_process(planned: Sequence[Job], pool: Pool) -> Generator[tuple[Job, list[Failure]], None, None]:
    with one_thread():
        evaluator = Evaluator(load_registries(pool.plugins), pool.store, pool.memory)
        for job in planned:
            yield job, list(evaluator.run(job))
