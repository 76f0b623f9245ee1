"""What stored results were found to hold, remembered from one run to the next for as long as their files are the same.

The index is a file beside the results. It is never trusted over them: what it says of a result counts while size, inode
and times of all the result's files are those that it was read from. Without it, or where it is damaged, all is read
again, to the same end.
"""

import os
import stat
import struct
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from ...errors import StoreError
from .index_file import Entry, Part, read_index, write_index

SETTLED = 2 * 10**9  # nanoseconds after which a further change has another time, on any file system
FOLDER_ITSELF = "."


class Index:
    """The index of a results folder, read when it is first asked."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._learned: dict[str, Entry] = {}
        self._gone: set[str] = set()

    def find(self, folder: str) -> Entry | None:
        """Return what a folder of the results holds, None where that is unknown or its files are others now."""
        entry = self._learned.get(folder)
        if entry is None and folder not in self._gone:
            entry = self._stored.get(folder)
        if entry is not None and stamps_of(f"{self._root}/{folder}", entry.files) != entry.stamps:
            self._learned.pop(folder, None)
            self._gone.add(folder)
            return None
        return entry

    def learn(self, folder: str, began: int, files: Sequence[str], parts: Sequence[Part] = (), seal: str = "") -> None:
        """Take note of what was just read of a folder, unless a file is so new that a later change has its time too.

        Args:
            folder: of the results.
            began: nanoseconds since 1970 when reading began.
            files: that were read, by their paths in the folder.
            parts: what they held.
            seal: a digest of what they held, where that has no parts.
        """
        stamps = stamps_of(f"{self._root}/{folder}", files)
        if stamps is not None and _latest(stamps) + SETTLED < began:
            self._learned[folder] = Entry(files, stamps, parts, seal)
            self._gone.discard(folder)

    def save(self) -> None:
        """Write the index, if it learned anything; one that cannot be written is done without."""
        if not (self._learned or self._gone):
            return
        known = {**self._stored, **self._learned}
        kept = {
            folder: entry
            for folder, entry in known.items()
            if folder not in self._gone and os.path.lexists(self._root / folder)
        }
        with suppress(StoreError):
            write_index(self._root, kept)

    @cached_property
    def _stored(self) -> Mapping[str, Entry]:
        return read_index(self._root)


def stamps_of(folder: str, files: Sequence[str]) -> bytes | None:
    """Return size, inode, and times of content and of any change of each file; None where one is gone or no file."""
    stamps: list[int] = []
    for name in files:
        try:
            found = os.lstat(f"{folder}/{name}")
        except OSError:
            return None
        if not (stat.S_ISREG(found.st_mode) or name == FOLDER_ITSELF):
            return None
        stamps += (found.st_size, found.st_ino & (2**63 - 1), found.st_mtime_ns, found.st_ctime_ns)
    return struct.pack(f"<{len(stamps)}q", *stamps)


def now() -> int:
    """Return nanoseconds since 1970."""
    return time.time_ns()


def _latest(stamps: bytes) -> int:
    values = struct.unpack(f"<{len(stamps) // 8}q", stamps)
    return max((*values[2::4], *values[3::4]), default=0)
