"""The side of a run on a Dask worker: a folder, the files of the run, and processes that compute its units."""

import dataclasses
import multiprocessing
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import CancelledError
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from distributed import Worker, WorkerPlugin

from .....errors import SaltbenchError, WorkerError
from ....storage.store import Artifact, Store, address
from ....suites.suite import Suite
from ...plan import Job, Place, jobs
from ...stored.parts import Part, own_parts, parts_of
from ..executor import Cell, Preparation, Unit
from .calls import Crossing, Greeting, Order, Reply
from .sent_files import Luggage, Unpacked
from .shared_folder import answer_token
from .versions import disagreement, own_versions

if TYPE_CHECKING:  # a worker imports PyTorch when it gets its first unit
    from ..processes import Processes


@dataclass(frozen=True)
class Commission:
    """What a run asks of every worker.

    Attributes:
        suite: whose cells are computed.
        device: "cpu" or "cuda".
        timeout: seconds that a cell may take; None for any time.
        memory: bytes that explaining may take on a worker; None for a quarter of what it has.
        luggage: the files that the cells need.
        results: the folder of the results on the machine of the client.
        token: name of the file in it that proves that a worker sees that folder.
        content: what stands in that file.
        versions: those of the client.
    """

    suite: Suite
    device: str
    timeout: float | None
    memory: int | None
    luggage: Luggage
    results: str
    token: str
    content: str
    versions: Mapping[str, str]


class Station(WorkerPlugin):
    """A run's plugin on a Dask worker."""

    def __init__(self, commission: Commission) -> None:
        self._commission = commission
        self._refusal = ""
        self._is_shared = False

    def setup(self, worker: Worker) -> None:
        """Unpack what the run sends; Dask calls this on every worker, those that come later included."""
        self._worker = worker
        self._starting = Lock()
        self._processes: Processes | None = None
        self._planned: dict[Place, Job] = {}
        self._folder = Path(tempfile.mkdtemp(prefix="saltbench-", dir=worker.local_directory))
        self._unpacked = Unpacked()
        try:
            self._refusal = disagreement(self._commission.versions, own_versions())
            self._unpacked = self._commission.luggage.unpack(self._folder)
        except (SaltbenchError, OSError) as error:
            self._refusal = f"it cannot keep the files of the run: {error}"

    def teardown(self, worker: Worker) -> None:  # noqa: ARG002 - Dask's protocol
        """End what computes, and remove all that the run left on this machine."""
        with self._starting:
            if self._processes is not None:
                self._processes.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def greet(self) -> Greeting:
        """Say whether this worker can take part, and answer the token where its folder is seen."""
        commission = self._commission
        answer = answer_token(Path(commission.results), commission.token, commission.content)
        return {"refusal": self._refusal, "answer": answer}

    def share(self) -> None:
        """Write results into the folder of the client, unless units have begun already."""
        with self._starting:
            self._is_shared = self._processes is None

    def compute(self, order: Order, parts: Sequence[Crossing]) -> Reply:
        """Compute a unit in a process of its own."""
        reply: Reply = {"failures": [], "ended": None, "parts": [], "seen": [], "worker": self._worker.address}
        try:
            if self._refusal:
                raise WorkerError(f"worker {self._worker.address} cannot take part: {self._refusal}")
            return {**reply, **self._computed(order, parts)}  # type: ignore[typeddict-item]
        except SaltbenchError as error:
            from ..workplace import Ended

            ended = Ended.by(error)
            return {**reply, "ended": (ended.kind, ended.text)}
        except CancelledError:  # the run has ended, nobody waits for this
            return reply

    def _computed(self, order: Order, parts: Sequence[Crossing]) -> dict[str, Any]:
        unit, methods = self._unit(order), order[1]
        processes = self._start()
        store = self._store
        for kind, key, facts, files in () if self._is_shared else parts:
            store.put(kind, Artifact(key, facts, files))
        failures = [dataclasses.astuple(failure) for failure in processes.submit(unit).result()]
        chosen = [method for method in unit.job.methods if method.name in methods]
        made = list(parts_of(unit.job, chosen, store))
        if self._is_shared:
            return {"failures": failures, "seen": [part.place for part in made]}
        sent = {f"{kind}/{address(key)}" for kind, key, *_ in parts}
        crossing = [crossing_of(part) for part in made if part.place not in sent]
        for method in chosen:
            for part in list(own_parts(unit.job, method, store)):  # a run's maps are more than a worker's disk may hold
                shutil.rmtree(store.root / part.place, ignore_errors=True)
        return {"failures": failures, "parts": crossing}

    def _unit(self, order: Order) -> Unit:
        place, methods, is_cell = order
        if not self._planned:
            self._planned = {job.place: job for job in jobs(self._commission.suite, self._commission.device)}
        job = self._planned[place]
        chosen = tuple(method for method in job.methods if method.name in methods)
        return Cell(job, chosen[0]) if is_cell else Preparation(dataclasses.replace(job, methods=chosen))

    @property
    def _store(self) -> Store:
        return Store(Path(self._commission.results) if self._is_shared else self._folder / "results")

    def _start(self) -> "Processes":
        from ..processes import Processes
        from ..workplace import Workplace
        from .memory import memory_of_each

        with self._starting:
            if self._processes is None:
                # Dask marks its workers as processes that have no children
                multiprocessing.current_process().daemon = False
                threads = self._worker.state.nthreads
                limit = self._worker.memory_manager.memory_limit
                memory = memory_of_each(self._commission.device, threads, self._commission.memory, limit)
                workplace = Workplace(self._store, self._unpacked.plugins, memory, self._unpacked.variables)
                self._processes = Processes(workplace, threads, self._commission.timeout)
            return self._processes


def crossing_of(part: Part) -> Crossing:
    """Return a stored result as it is sent."""
    return part.kind, dict(part.artifact.key), dict(part.artifact.facts), dict(part.artifact.files)
