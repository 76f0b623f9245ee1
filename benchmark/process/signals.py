"""Ctrl-C kept from processes, and how a process ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ...systems import HAS_MASKS, KILL, block_signals, blocked_signals


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Keep Ctrl-C from the processes that are started inside the block, and until its end from this one.

    Processes inherit a mask, so that a terminal's Ctrl-C reaches the first of them alone, which decides. Without masks,
    they are to call `ignore_interrupts` when they have begun.

    Raises:
        KeyboardInterrupt: at the end, where there was one meanwhile.
    """
    # The handler is for a signal that another thread of the parent takes: it must not cut a start in two.
    noted: list[int] = []
    is_main = threading.current_thread() is threading.main_thread()
    handler = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number)) if is_main else None
    before = blocked_signals()
    block_signals({*before, signal.SIGINT})
    try:
        yield
    finally:
        block_signals(before)
        if is_main:
            signal.signal(signal.SIGINT, handler)
    if noted:
        raise KeyboardInterrupt


def ignore_interrupts() -> None:
    """Let Ctrl-C pass this process by, where it could not inherit a mask."""
    if not HAS_MASKS:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def describe_end(status: int) -> str:
    """Return how a process ended, by its exit status as `multiprocessing` gives it: -n of a signal n."""
    if status >= 0:
        return f"ended with exit status {status}"
    why = "; it lacked memory, most likely: run the same command again with fewer --workers" if -status == KILL else ""
    return f"died ({signal.strsignal(-status)}){why}"
