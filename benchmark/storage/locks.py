"""Files that processes hold to keep others out."""

import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StoreError
from .files import explained


@contextmanager
def held(path: Path, busy: str = "") -> Iterator[None]:
    """Hold a lock file, which is made if it is absent and never written, inside the block.

    Args:
        path: of the file; its folder is made if it is absent.
        busy: what is said where another process holds it; without, that one is waited for.

    Raises:
        StoreError: another process holds it, it is a link or no file, or it cannot be made.
    """
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        _check(path)
        # another's file behind a link that appears meanwhile is not opened either
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    try:
        with explained(path.parent):
            _lock(descriptor, busy)
        yield
    finally:
        os.close(descriptor)


def _check(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        found = "a symbolic link" if stat.S_ISLNK(mode) else "something else"
        raise StoreError(f"the lock {path} must be a file, got {found}; remove it and run the same command again")


def _lock(descriptor: int, busy: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0))
    except BlockingIOError as error:
        raise StoreError(busy) from error
