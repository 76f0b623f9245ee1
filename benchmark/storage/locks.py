"""Files that processes hold to keep others out."""

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

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
    # only a lock of the operating system's ends with a killed process: a file that exists does not stand in for one
    lock = FileLock(path, blocking=not busy, fallback_to_soft=False)
    with explained(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        _check(path)
        try:
            lock.acquire()
        except Timeout as error:
            raise StoreError(busy) from error
    try:
        yield
    finally:
        lock.release()


def _check(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        found = "a symbolic link" if stat.S_ISLNK(mode) else "something else"
        raise StoreError(f"the lock {path} must be a file, got {found}; remove it and run the same command again")
