"""What identifies a user's copy of the HCP archive, wherever it lies."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from .fmri_paradigms import PARADIGMS
from .hcp_layouts import Archive, Run

BEGINNING = 4096  # bytes of a series: its header with the shape, and its first 496 values or more


def digest(archive: Archive) -> str:
    """Return a SHA-256 of what a copy holds: names, sizes, event files, and the beginning of each series.

    It does not depend on the place of the copy. The series are not read whole (gigabytes): measurements of two
    runs differ in their first values, but a change further inside a file of the same size is not seen.
    """
    total = hashlib.sha256()
    for path, limit in _files(archive.runs(PARADIGMS)):
        content = _beginning(path, limit)
        name = path.relative_to(archive.root).as_posix()
        total.update(f"{name}\0{path.stat().st_size}\0{len(content)}\0".encode() + content)
    return total.hexdigest()


def _files(runs: Sequence[Run]) -> Iterator[tuple[Path, int]]:
    for run in runs:
        names = [name for condition in run.paradigm.conditions for name in condition]
        wanted = [(run.series, BEGINNING), *((run.events / f"{name}.txt", -1) for name in names)]
        yield from ((path, limit) for path, limit in wanted if path.is_file())


def _beginning(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)
