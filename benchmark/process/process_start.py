"""How worker processes start and end: nothing of the current folder runs in them, no Ctrl-C, and never an orphan.

Imports nothing heavy: a process that has just started is already to end with its parent.
"""

import ctypes
import multiprocessing
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker

from ...systems import KILL, call_in_copies
from .module_path import current_folder_left_out, set_safe_path
from .process_end import end_children_at_exit
from .signals import ignore_interrupts, interrupts_held
from .standard_files import identity

_PARENT_DEATH = 1  # PR_SET_PDEATHSIG of Linux's prctl.h
_MOST_FILES = 256  # a process that has just started has far fewer open
_STARTING = threading.Lock()  # what is set for a start is the process's, not the thread's


@contextmanager
def processes_protected() -> Iterator[str | None]:
    """Keep Ctrl-C and the modules of the current folder from the processes that are started inside the block.

    Gives the value of PYTHONSAFEPATH outside of it, which is theirs once they have begun.
    """
    with _STARTING, current_folder_left_out() as safe_path:
        if os.name == "posix":
            # the first start of a process starts it, too, and lifts the block that is set here
            resource_tracker.ensure_running()
        with interrupts_held():
            yield safe_path


def begin(safe_path: str | None) -> None:
    """Prepare a process that has just started for a worker's life, until its end or the parent's.

    Args:
        safe_path: PYTHONSAFEPATH of the parent.
    """
    _end_with_parent()
    _keep_pipes_from_copies()
    ignore_interrupts()
    end_children_at_exit()
    set_safe_path(safe_path)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    if sys.platform == "linux":
        # the kernel's signal comes whatever the process computes. It comes when the thread ends that started the
        # process: that is the one which hands out the work, and dismisses its workers before
        with suppress(OSError, AttributeError):  # a C library without it
            ctypes.CDLL(None).prctl(_PARENT_DEATH, KILL, 0, 0, 0)
        if os.getppid() != parent.pid:  # it died before
            os._exit(1)
    threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _keep_pipes_from_copies() -> None:
    """Close the pipes of this process in every copy that it forks.

    The parent knows by them that this process has ended, which copies that live on would keep from it.
    """
    if os.name != "posix":
        return
    tracker = resource_tracker.getfd()  # which copies may tell what they use
    pipes = {number: identity(number) for number in range(3, _MOST_FILES) if number != tracker and _is_pipe(number)}

    def close() -> None:
        for number, pipe in pipes.items():
            if identity(number) == pipe:
                os.close(number)

    call_in_copies(close)


def _is_pipe(number: int) -> bool:
    with suppress(OSError):  # it is closed
        return stat.S_ISFIFO(os.fstat(number).st_mode)
    return False


def _exit_after(parent: multiprocessing.process.BaseProcess) -> None:
    parent.join()
    os._exit(1)
