"""Digest of a user's copy of the HCP archive, wherever it lies."""

import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..files.regular_files import open_regular
from .hcp_layouts import Archive, Run
from .paradigms import PARADIGMS

UNREADABLE = "unreadable"  # such a file makes a run unusable, whatever it holds


def digest(archive: Archive) -> str:
    """Return a SHA-256 of all that is read of a copy: the subjects, and names and bytes of series and event files.

    It does not depend on the place of the copy.
    """
    total = hashlib.sha256(os.fsencode("\0".join(archive.subjects)))
    for path in _files(archive.runs(PARADIGMS)):
        total.update(os.fsencode(f"\n{path.relative_to(archive.root).as_posix()}\0{_digest(path)}"))
    return total.hexdigest()


def _files(runs: Sequence[Run]) -> Iterator[Path]:
    for run in runs:
        names = [name for condition in run.paradigm.conditions for name in condition]
        wanted = [run.series, *(run.events / f"{name}.txt" for name in names)]
        yield from (path for path in wanted if path.is_file())


def _digest(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return UNREADABLE
