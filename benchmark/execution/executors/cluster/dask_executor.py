"""Compute units on the workers of a Dask scheduler."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import dask
from distributed import Client, KilledWorker
from distributed import Future as DaskFuture
from distributed.client import FutureCancelledError

from .....errors import WorkerError, described
from ....process.signals import interrupts_held
from ....storage.store import Artifact, Store
from ...failures import Failure
from ...stored.parts import parts_of
from ...stored.run import missing
from ..executor import Cell, Unit
from ..workplace import Ended
from . import calls
from .connection import GONE, check_workers_of
from .losses import Losses, counted, killed
from .shared_folder import Token, await_arrival
from .station import Commission, Station, crossing_of

GLANCE = 1.0  # seconds between two looks at which workers there are
LARGEST = "1 GiB"  # that a unit may weigh without a warning of Dask's: maps that get further scores are sent


@dataclass(eq=False)
class Errand:
    """A unit under way.

    Attributes:
        unit: as submitted.
        outcome: what waits for it.
        at_work: Dask's own future.
    """

    unit: Unit
    outcome: "Future[list[Failure]]"
    at_work: DaskFuture[calls.Reply] | None = None


class DaskExecutor:
    """An executor of all workers that a scheduler has, those included that come later.

    Each thread of a worker has a process, which computes one unit at a time.
    """

    def __init__(
        self, client: Client, commission: Commission, token: Token, store: Store, announce: Callable[[str], None]
    ) -> None:
        """Take a connected client, what workers are asked, where results go, and what tells the user."""
        self._client = client
        self._commission = commission
        self._store = store
        self._announce = announce
        self._run = f"saltbench-{secrets.token_hex(8)}"
        self._token = token
        self._threads: dict[str, int] = {}  # of each worker that was greeted
        self._is_shared = False  # whether all of them see the results folder
        self._errands: dict[str, Errand] = {}
        self._lock = threading.Lock()
        self._looked = -GLANCE
        self._settings = ExitStack()
        self.losses = Losses(announce, self._give_up)

    def __enter__(self) -> Self:
        with self._settings as settings:
            settings.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": LARGEST}))
            check_workers_of(self._client)
            settings.enter_context(self._token)
            self._client.register_plugin(Station(self._commission), name=self._run)
            settings.callback(self._dismiss)
            self._client.subscribe_topic("all", self._hear)
            self._announce(f"dashboard of the cluster: {self._client.dashboard_link}")
            self._settings = settings.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with interrupts_held():
            self._settings.close()
        if self.losses.repeated:
            self._announce(f"computed again, for workers that were lost: {counted(self.losses.repeated)}")

    @property
    def size(self) -> int:
        """How many units the workers compute at once; one where none is there yet, which waits for the first.

        Raises:
            WorkerError: the scheduler is gone, or a worker cannot take part.
        """
        if time.monotonic() - self._looked >= GLANCE:
            self._look()
            self._looked = time.monotonic()
        return max(1, sum(self._threads.values()))

    def submit(self, unit: Unit) -> "Future[list[Failure]]":
        """Take a unit; its future gives the cells that failed, or raises the SaltbenchError that ends the run."""
        is_cell = isinstance(unit, Cell)
        methods = [unit.method] if isinstance(unit, Cell) else missing(unit.job, self._store)
        stored = () if self._is_shared else parts_of(unit.job, methods, self._store)
        parts = [crossing_of(part) for part in stored]
        order: calls.Order = (unit.job.place, tuple(method.name for method in methods), is_cell)
        key = f"{self._run}-{secrets.token_hex(8)}"
        errand = Errand(unit, Future())
        with self._lock:
            self._errands[key] = errand
        # Not meant for a worker: when all were lost Dask never begins such a unit again, not even with
        # allow_other_workers. It goes where the last of its job ended, since other threads are busy
        errand.at_work = self._client.submit(calls.compute_unit, self._run, order, parts, key=key, pure=False)
        errand.at_work.add_done_callback(partial(self._settle, key))
        return errand.outcome

    def _settle(self, key: str, at_work: DaskFuture[calls.Reply]) -> None:
        """Store what a worker answers; called in a thread of Dask's when a unit has ended."""
        with self._lock:
            errand = self._errands.pop(key, None)
        if errand is None:  # it was given up, or the run has ended
            return
        try:
            errand.outcome.set_result(self._received(errand, at_work))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the thread that waits for the unit gets it
            errand.outcome.set_exception(error)

    def _received(self, errand: Errand, at_work: DaskFuture[calls.Reply]) -> list[Failure]:
        try:
            reply: calls.Reply = at_work.result()
        except KilledWorker as error:
            return errand.unit.fall(killed(error.allowed_failures + 1, error.last_worker.address), self._store)
        except FutureCancelledError as error:
            raise WorkerError(f"the Dask scheduler is gone, the connection to it was lost; {GONE}") from error
        except Exception as error:
            raise WorkerError(f"the cluster lost a unit of work: {described(error)}; {GONE}") from error
        if reply["ended"] is not None:
            raise Ended(*reply["ended"]).error()
        for kind, key, facts, files in reply["parts"]:
            self._store.put(kind, Artifact(key, facts, files))
        await_arrival(self._store.root, reply["seen"], reply["worker"])
        return [Failure(*fields) for fields in reply["failures"]]

    def _give_up(self, key: str, reason: str) -> None:
        with self._lock:
            errand = self._errands.pop(key, None)
        if errand is not None:
            # not in the thread of Dask's events, which nothing may keep waiting
            threading.Thread(target=self._fall, args=(errand, reason), daemon=True).start()

    def _fall(self, errand: Errand, reason: str) -> None:
        try:
            if errand.at_work is not None:
                self._client.cancel([errand.at_work])
            errand.outcome.set_result(errand.unit.fall(reason, self._store))
        except BaseException as error:  # noqa: BLE001 - as in _settle
            errand.outcome.set_exception(error)

    def _hear(self, event: tuple[float, Mapping[str, Any]]) -> None:
        message = event[1]
        if message["action"] == "remove-worker":
            with self._lock:
                own = set(self._errands)
            self.losses.note(message, own)

    def _look(self) -> None:
        try:
            threads: dict[str, int] = dict(self._client.nthreads())
        except Exception as error:
            raise WorkerError(f"the Dask scheduler is gone, {described(error)}; {GONE}") from error
        come = sorted(threads.keys() - self._threads.keys())
        before = self._threads
        self._threads = {worker: threads[worker] for worker in threads if worker in before}
        if come:
            self._greet(come, threads)
        if not threads and (before or self._looked < 0):
            self._announce("no worker is there; waiting for one")
        elif self._threads.keys() != before.keys():
            self._announce(f"{len(self._threads)} workers, {sum(self._threads.values())} cells at once")

    def _greet(self, workers: list[str], threads: Mapping[str, int]) -> None:
        answers = self._client.run(calls.greet, self._run, workers=workers, on_error="return")
        here = {worker: answer for worker, answer in answers.items() if not isinstance(answer, OSError)}
        for worker, answer in here.items():
            refusal = described(answer) if isinstance(answer, BaseException) else answer["refusal"]
            if refusal:
                raise WorkerError(f"worker {worker} cannot take part: {refusal}")
        sharing = [worker for worker, answer in here.items() if self._token.is_answered(answer["answer"])]
        self._is_shared = len(sharing) == len(here) and (self._is_shared or not self._threads)
        if sharing:
            self._client.run(calls.share, self._run, workers=sharing, on_error="return")
        self._threads |= {worker: threads[worker] for worker in here}  # others have gone, or are asked again

    def _dismiss(self) -> None:
        with self._lock:
            errands = list(self._errands.values())
            self._errands.clear()
        with suppress(Exception):  # the scheduler may be gone, and with it all that is ended here
            self._client.cancel([errand.at_work for errand in errands if errand.at_work is not None])
            self._client.unregister_worker_plugin(self._run)
        for errand in errands:
            errand.outcome.cancel()
