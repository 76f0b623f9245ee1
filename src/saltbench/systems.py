"""What Windows or macOS lacks is asked for here, and nowhere else, with what is done there instead."""

import os
import signal
from collections.abc import Callable, Collection
from types import ModuleType

resource: ModuleType | None
try:
    import resource
except ImportError:  # Windows limits no process
    resource = None

HAS_MASKS = hasattr(signal, "pthread_sigmask")  # processes inherit them
HAS_TIMERS = hasattr(signal, "setitimer")
OPENS_FOLDERS = hasattr(os, "O_DIRECTORY")  # so that a rename in one can be synced
KILL: int | None = getattr(signal, "SIGKILL", None)
NOT_WAITING: int = getattr(os, "O_NONBLOCK", 0)  # a flag with which opening a pipe does not wait for its other end
LIMITS = tuple(sorted({getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}))
TIMERS = ("ITIMER_REAL", "ITIMER_VIRTUAL", "ITIMER_PROF")

Limits = dict[int, tuple[int, int]]  # soft and hard, by kind


def usable_cores() -> int:
    """Return the number of processor cores that this process may use; on macOS, which does not say, of the machine."""
    # the affinity knows the limits of a container
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def call_in_copies(function: Callable[[], object]) -> None:
    """Call a function in every copy that this process makes of itself (fork); Windows makes none."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=function)


def blocked_signals() -> set[int]:
    """Return the signals that the mask of this thread blocks; none where there are no masks."""
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, ())) if HAS_MASKS else set()


def block_signals(numbers: Collection[int]) -> None:
    """Block these signals alone, where there are masks."""
    if HAS_MASKS:
        signal.pthread_sigmask(signal.SIG_SETMASK, numbers)


def running_timers() -> set[str]:
    """Return the names of the timers that will send a signal; none where there are no timers."""
    return {name for name in TIMERS if HAS_TIMERS and any(signal.getitimer(getattr(signal, name)))}


def stop_timers(but: Collection[str]) -> None:
    """Stop the timers that run, but for those named."""
    for name in running_timers().difference(but):
        signal.setitimer(getattr(signal, name), 0)


def read_limits() -> Limits:
    """Return the limits of this process (memory, size and number of files, time, …); none on Windows."""
    return {} if resource is None else {kind: resource.getrlimit(kind) for kind in LIMITS}


def set_limits(limits: Limits) -> None:
    """Set the limits of this process; one that was lowered for good is raised as far as that allows."""
    for kind, limit in limits.items():
        assert resource is not None
        try:
            resource.setrlimit(kind, limit)
        except ValueError:
            most = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most, most))


def most_addresses() -> int | None:
    """Return how many bytes of address space this process may use (ulimit -v), None where nothing limits it."""
    if resource is None:
        return None
    limit: int = resource.getrlimit(resource.RLIMIT_AS)[0]
    return None if limit == resource.RLIM_INFINITY else limit
