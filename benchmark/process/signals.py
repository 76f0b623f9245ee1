"""Signals, on Linux and macOS with masks that processes inherit; Windows has none, and few signals."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

HAS_MASKS = hasattr(signal, "pthread_sigmask")
HAS_TIMERS = hasattr(signal, "setitimer")
TIMERS = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")


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
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT}) if HAS_MASKS else None
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if is_main:
            signal.signal(signal.SIGINT, handler)
    if noted:
        raise KeyboardInterrupt


def ignore_interrupts() -> None:
    """Let Ctrl-C pass this process by, where it could not inherit a mask."""
    if not HAS_MASKS:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def blocked_signals() -> set[int]:
    """Return the signals that the mask of this thread blocks; none where there are no masks."""
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ())) if HAS_MASKS else set()


def block_signals(numbers: set[int]) -> None:
    """Block these signals alone, where there are masks."""
    if HAS_MASKS:
        signal.pthread_sigmask(signal.SIG_SETMASK, numbers)


def running_timers() -> set[str]:
    """Return the names of the timers that will send a signal; none where there are no timers."""
    return {name for name in TIMERS if HAS_TIMERS and any(signal.getitimer(getattr(signal, name)))}


def stop_timers(but: set[str]) -> None:
    """Stop the timers that run, but for those named."""
    for name in running_timers() - but:
        signal.setitimer(getattr(signal, name), 0)


def describe_end(status: int) -> str:
    """Return how a process ended, by its exit status as `multiprocessing` gives it: -n of a signal n."""
    if status >= 0:
        return f"ended with exit status {status}"
    is_kill = status == -getattr(signal, "SIGKILL", 0)
    why = "; it lacked memory, most likely: run the same command again with fewer --workers" if is_kill else ""
    return f"died ({signal.strsignal(-status)}){why}"
