"""A worker process of a run: evaluates the jobs it is sent, and tells which cell begins and which failed."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from .... import errors
from ....errors import SaltbenchError, StoreError, text_of
from ...storage.store import Store
from ...suites.registry import load_registries
from ...suites.suite import Choice
from ..evaluator import Evaluator
from ..failures import Failure, reason_for
from ..plan import Job
from .malloc import keep_freed_memory


class Note(Enum):
    """That the process is ready for its first job, or done with one."""

    READY = auto()
    DONE = auto()


@dataclass(frozen=True)
class Fallen:
    """A job that was given up in the middle, and why; the process lives on."""

    reason: str


@dataclass(frozen=True)
class Ended:
    """An error of saltbench's own that ends the run: the name of its class and its text.

    The object itself does not cross: one that is raised with more arguments than a text cannot be read from a pipe.
    """

    kind: str
    text: str

    @staticmethod
    def by(error: SaltbenchError) -> "Ended":
        """Return what to tell of an error; of a third party's class, the class of saltbench's that it derives from."""
        own = next(kind for kind in type(error).__mro__ if vars(errors).get(kind.__name__) is kind)
        return Ended(own.__name__, text_of(error))

    def error(self) -> SaltbenchError:
        """Return the error to raise."""
        error: SaltbenchError = vars(errors)[self.kind](self.text)
        return error


Message = Choice | Failure | Fallen | Note | Ended  # a Choice is the method whose cell begins


def work(connection: Connection, store: Store, plugins: Sequence[Path], memory: int) -> None:
    """Evaluate the jobs that come through connection until its other end is closed.

    Args:
        connection: gives jobs, takes messages.
        store: where results go.
        plugins: files whose entries the jobs use.
        memory: bytes that explaining may take.
    """
    keep_freed_memory()
    torch.set_num_threads(1)
    with suppress(EOFError, ConnectionError):  # the other end is closed: nobody waits for more
        _serve(connection, store, plugins, memory)


def _serve(connection: Connection, store: Store, plugins: Sequence[Path], memory: int) -> None:
    try:
        evaluator = Evaluator(load_registries(plugins), store, memory, connection.send)
    except SaltbenchError as error:
        connection.send(Ended.by(error))
        return
    connection.send(Note.READY)
    while True:
        connection.send(_evaluated(evaluator, connection.recv(), connection))


def _evaluated(evaluator: Evaluator, job: Job, connection: Connection) -> Message:
    try:
        for failure in evaluator.run(job):
            connection.send(failure)
    except StoreError as error:
        return Ended.by(error)
    except KeyboardInterrupt as error:  # a terminal's Ctrl-C is kept from workers: an entry raised it
        return Fallen(reason_for(error))
    return Note.DONE
