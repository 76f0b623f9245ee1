"""How processes end: soon after their work, whatever third-party code left running in them."""

import multiprocessing
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.util import Finalize

PATIENCE = 5.0  # seconds that threads, child processes and exit handlers have to end by themselves


@contextmanager
def process_ended_in_time() -> Iterator[None]:
    """End this process, when the block has raised SystemExit, after a while even where others keep it from its end.

    The interpreter waits at its end for all threads and for child processes of `multiprocessing`, of which entries may
    leave some that never end. Nothing happens while the main thread lives on, as where a test catches the exit.
    """
    try:
        yield
    except SystemExit as end:
        threading.Thread(target=_end_after, args=(_status(end),), daemon=True).start()
        raise


def end_children_at_exit() -> None:
    """Let this process, one of `multiprocessing`, end its own child processes at its end instead of waiting for them.

    They would outlive it when it is killed for not ending, and keep its standard streams open.
    """
    Finalize(None, _end_children, exitpriority=0)  # those with a priority run before children are waited for


def _end_children() -> None:
    for child in multiprocessing.active_children():
        child.kill()


def _end_after(status: int) -> None:
    threading.main_thread().join()  # the interpreter has said all, and waits
    time.sleep(PATIENCE)
    _end_children()
    os._exit(status)


def _status(end: SystemExit) -> int:
    """Return the exit status that the interpreter makes of a code: none, a number or a message."""
    if end.code is None:
        return 0
    return end.code if isinstance(end.code, int) else 1
