"""A worker process of a run: evaluates the jobs it is sent, and tells which cell begins and which failed."""

import multiprocessing
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from multiprocessing.connection import Connection
from pathlib import Path

import torch

from ..errors import SaltbenchError, StoreError
from .evaluation import Evaluator, Failure
from .heap import keep_freed_memory
from .plan import Job
from .reasons import reason_for
from .registry import load_registries
from .store import Store
from .suite import Choice


class Note(Enum):
    """That the process is ready for its first job, or done with one."""

    READY = auto()
    DONE = auto()


@dataclass(frozen=True)
class Fallen:
    """A job that was given up in the middle, and why; the process lives on."""

    reason: str


# a Choice is the method whose cell begins, an error ends the run
Message = Choice | Failure | Fallen | Note | SaltbenchError


def work(connection: Connection, store: Store, plugins: Sequence[Path], memory: int) -> None:
    """Evaluate the jobs that come through connection until its other end is closed.

    Args:
        connection: gives jobs, takes messages.
        store: where results go.
        plugins: files whose entries the jobs use.
        memory: bytes that explaining may take.
    """
    threading.Thread(target=_die_with_parent, daemon=True).start()
    keep_freed_memory()
    torch.set_num_threads(1)
    with suppress(EOFError, ConnectionError):  # the other end is closed: nobody waits for more
        _serve(connection, store, plugins, memory)


def _serve(connection: Connection, store: Store, plugins: Sequence[Path], memory: int) -> None:
    try:
        evaluator = Evaluator(load_registries(plugins), store, memory, connection.send)
    except SaltbenchError as error:
        connection.send(error)
        return
    connection.send(Note.READY)
    while True:
        connection.send(_evaluated(evaluator, connection.recv(), connection))


def _evaluated(evaluator: Evaluator, job: Job, connection: Connection) -> Message:
    try:
        for failure in evaluator.run(job):
            connection.send(failure)
    except StoreError as error:
        return error
    except KeyboardInterrupt as error:  # a terminal's Ctrl-C is kept from workers: an entry raised it
        return Fallen(reason_for(error))
    return Note.DONE


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
