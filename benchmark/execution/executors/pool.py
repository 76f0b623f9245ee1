"""Worker processes of a run: one that hangs or dies costs the cell it was in, and no other."""

import dataclasses
import math
import multiprocessing
import signal
import time
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from pathlib import Path

from ....errors import WorkerError
from ...storage.store import Store
from ...suites.suite import Choice
from ..failures import Failure
from ..plan import Job
from ..stored_run import unfinished
from .process_start import begin, interrupts_held, processes_protected
from .worker import Ended, Fallen, Message, Note

FAREWELL = 5.0  # seconds that idle processes have to end by themselves


@dataclass
class Task:
    """A job under way.

    Attributes:
        job: as planned.
        left: its methods whose cells have not begun.
        method: whose cell is being computed; None while data are made and a model is trained or loaded.
        deadline: when that cell has taken too long, on the monotonic clock.
        failures: cells that failed so far.
    """

    job: Job
    left: tuple[Choice, ...]
    method: Choice | None = None
    deadline: float = math.inf
    failures: list[Failure] = field(default_factory=list)

    def rest(self) -> Job:
        """Return the job without the cells that have begun."""
        return dataclasses.replace(self.job, methods=self.left)

    def begin(self, method: Choice, deadline: float) -> None:
        """Note that a method's cell begins; those before it are done with."""
        self.left = self.left[self.left.index(method) + 1 :]
        self.method, self.deadline = method, deadline

    def fall(self, reason: str, store: Store) -> None:
        """Give up the cell being computed, or all that are left where none has begun."""
        if self.method is None:
            reason, given_up, self.left = f"while data and model were prepared, {reason}", self.left, ()
        else:
            given_up = (self.method,)
        job = dataclasses.replace(self.job, methods=given_up)
        self.failures += [Failure.of(job, method, reason) for method in unfinished(job, store)]
        self.method, self.deadline = None, math.inf


class Worker:
    """A worker process and the task it has."""

    def __init__(self, store: Store, plugins: Sequence[Path], memory: int, safe_path: str | None) -> None:
        # spawn: a forked child would inherit PyTorch's thread pools in an undefined state
        context = multiprocessing.get_context("spawn")
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=begin, args=(theirs, store, tuple(plugins), memory, safe_path))
        self.process.start()
        theirs.close()
        self.task: Task | None = None
        self.is_ready = False
        self.is_dead = False

    def messages(self) -> Iterator[Message]:
        """Yield what the process has said since; is_dead tells then whether these were its last words."""
        has_ended = not self.process.is_alive()  # asked first: it may say something and end meanwhile
        try:
            while self.connection.poll():
                yield self.connection.recv()
        except (EOFError, OSError):
            has_ended = True
            self.process.join(FAREWELL)
            self.kill()
        self.is_dead = has_ended

    def kill(self) -> None:
        """End the process whatever it does."""
        self.process.kill()
        self.process.join()


@dataclass
class Pool:
    """Evaluates jobs in processes.

    Attributes:
        store: where results go.
        plugins: files whose entries the jobs use.
        size: processes at once.
        memory: bytes that explaining may take in each of them.
        timeout: seconds that a cell may take; None for any time.
    """

    store: Store
    plugins: Sequence[Path]
    size: int
    memory: int
    timeout: float | None
    _waiting: deque[Task] = field(default_factory=deque)
    _workers: list[Worker] = field(default_factory=list)

    def run(self, planned: Sequence[Job]) -> Generator[tuple[Job, list[Failure]], None, None]:
        """Yield each job when it is done, with the cells that failed.

        Raises:
            StoreError: the results folder cannot be read or written.
            PluginError: a plugin does not load.
            WorkerError: a process ended before it was ready for work.
        """
        self._waiting.extend(Task(job, job.methods) for job in planned)
        try:
            while self._waiting or any(worker.task for worker in self._workers):
                self._hand_out()
                self._wait()
                for worker in tuple(self._workers):
                    yield from ((task.job, task.failures) for task in self._attend(worker))
        finally:
            with interrupts_held():  # a second Ctrl-C must not leave workers behind
                self._dismiss()

    def _hand_out(self) -> None:
        idle = [worker for worker in self._workers if worker.task is None]
        while self._waiting and (idle or len(self._workers) < self.size):
            worker = idle.pop() if idle else self._hire()
            task = self._waiting.popleft()
            try:
                worker.connection.send(task.rest())
                worker.task = task
            except OSError:  # it died without work, which is noticed below
                self._waiting.appendleft(task)

    def _hire(self) -> Worker:
        with processes_protected() as safe_path:
            worker = Worker(self.store, self.plugins, self.memory, safe_path)
            self._workers.append(worker)
        return worker

    def _wait(self) -> None:
        deadline = min((worker.task.deadline for worker in self._workers if worker.task), default=math.inf)
        left = None if math.isinf(deadline) else max(0.0, deadline - time.monotonic())
        wait([item for worker in self._workers for item in (worker.connection, worker.process.sentinel)], left)

    def _attend(self, worker: Worker) -> Iterator[Task]:
        """Yield the tasks that end with what a worker has said, with its death or with its being late."""
        for message in worker.messages():
            yield from self._hear(worker, message)
        if worker.is_dead:
            yield from self._bury(worker, _cause_of_death(worker))
        elif worker.task and time.monotonic() >= worker.task.deadline:
            worker.kill()
            yield from self._bury(
                worker, f"took longer than {self.timeout:g} s; raise --timeout or make the method faster"
            )

    def _hear(self, worker: Worker, message: Message) -> Iterator[Task]:
        match message:
            case Ended():
                raise message.error()
            case Note.READY:
                worker.is_ready = True
            case Note.DONE:
                task, worker.task = _held(worker), None
                yield task
            case Fallen():
                yield from self._fall(worker, message.reason)
            case Failure():
                _held(worker).failures.append(message)
            case Choice():
                _held(worker).begin(message, time.monotonic() + (self.timeout or math.inf))

    def _bury(self, worker: Worker, reason: str) -> Iterator[Task]:
        self._workers.remove(worker)
        worker.connection.close()
        if not worker.is_ready:
            raise WorkerError(f"{reason}, before its first job; what was finished is kept, run the same command again")
        if worker.task:
            yield from self._fall(worker, reason)

    def _fall(self, worker: Worker, reason: str) -> Iterator[Task]:
        """Give up the cell a worker is in; the rest of its job goes first in the queue."""
        task, worker.task = _held(worker), None
        task.fall(reason, self.store)
        if task.left:
            self._waiting.appendleft(task)
        else:
            yield task

    def _dismiss(self) -> None:
        for worker in self._workers:
            worker.connection.close()
        patience = time.monotonic() + FAREWELL
        for worker in self._workers:
            if worker.task is None:
                worker.process.join(max(0.0, patience - time.monotonic()))
            worker.kill()


def _held(worker: Worker) -> Task:
    assert worker.task is not None
    return worker.task


def _cause_of_death(worker: Worker) -> str:
    status = worker.process.exitcode
    assert status is not None
    if status >= 0:
        return f"the worker process ended with exit status {status}"
    why = "; it lacked memory, most likely: run the same command again with fewer --workers"
    return f"the worker process died ({signal.strsignal(-status)}){why if status == -signal.SIGKILL else ''}"
