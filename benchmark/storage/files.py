"""Files that are whole or as they were before: made under another name, synced and renamed."""

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ...errors import StoreError
from ...systems import OPENS_FOLDERS

TEMPORARY = ".tmp-"  # begins the names of what is not whole yet

REMEDIES = {
    errno.ENAMETOOLONG: "choose a shorter name",
    **dict.fromkeys(
        (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ELOOP), "remove what stands there or choose another"
    ),
}

Write = Callable[[Path, bytes], None]


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it is whole or as it was before, whenever the process is killed.

    A file that is replaced leaves its mode to the new one, others get what the umask allows. A link is replaced: what
    it points to stays as it is.

    Raises:
        StoreError: the file cannot be written.
    """
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = _new_name(path.parent)
        try:
            with temporary.open("xb") as file:
                _keep_mode(temporary, path)
                write_synced(file, content)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(path.parent)


def new_folder(parent: Path) -> Path:
    """Make a folder with a temporary name, for what is renamed when it is whole; the umask decides who may enter."""
    folder = _new_name(parent)
    folder.mkdir()
    return folder


def sync_directory(path: Path) -> None:
    """Make a rename inside the directory durable, where the system opens directories (Windows does not)."""
    if not OPENS_FOLDERS:
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_synced(file: Any, content: bytes) -> None:
    """Write content to an open file, and return when it is on the disk."""
    file.write(content)
    file.flush()
    os.fsync(file.fileno())


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Let an error of the operating system inside the block say what was to be written, and what to do.

    Raises:
        StoreError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        remedy = REMEDIES.get(error.errno or 0, "make room or fix the permissions")
        raise StoreError(
            f"cannot write {path}: {error.strerror or error}; what was finished before is kept, "
            f"{remedy} and run the same command again"
        ) from error


def _new_name(folder: Path) -> Path:
    return folder / f"{TEMPORARY}{secrets.token_hex(8)}"


def _keep_mode(temporary: Path, path: Path) -> None:
    with suppress(FileNotFoundError):
        before = path.lstat().st_mode
        if stat.S_ISREG(before):
            temporary.chmod(before & 0o777)
