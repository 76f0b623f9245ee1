"""One lock for the process: a single thread at a time borrows a network."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ....systems import call_in_copies


class _Turn:
    """The lock of this process; a forked child, in which no thread is left to give it back, gets one of its own."""

    def __init__(self) -> None:
        self.renew()
        call_in_copies(self.renew)

    def renew(self) -> None:
        self.lock = threading.RLock()


_TURN = _Turn()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold the block until no other thread is in such a block; blocks of one thread may contain each other.

    A lock for each network would not do: random states, hooks of shared layers and warning filters are the process's.
    """
    with _TURN.lock:
        yield
