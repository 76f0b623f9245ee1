"""Open regular files only: pipes and devices, which may never end, are refused unread."""

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

from ...systems import NOT_WAITING

# Windows has no pipes that stand in folders, and makes other bytes of a file's unless told
_FLAGS = os.O_RDONLY | NOT_WAITING | getattr(os, "O_BINARY", 0)


def open_regular(path: Path) -> BufferedReader:
    """Return a file, or what a link leads to, opened to read its bytes.

    Raises:
        IsADirectoryError: it is a folder.
        OSError: it cannot be read, or is a pipe or a device (ENXIO).
    """
    # a pipe without a writer would be waited for
    descriptor = os.open(path, _FLAGS)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.ENXIO, "it is a pipe or a device, not a file", str(path))


def read_regular(path: Path) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: see `open_regular`.
    """
    with open_regular(path) as file:
        return file.read()
