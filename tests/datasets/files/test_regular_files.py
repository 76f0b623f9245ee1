"""A pipe, which may wait for a writer, or a device, which may never end, is refused in one line, unread."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.datasets.files.regular_files import open_regular, read_regular
from saltbench.datasets.fmri.atlas import load_atlas
from saltbench.datasets.fmri.hcp_events import read_events
from saltbench.datasets.fmri.hcp_series import open_series
from saltbench.datasets.images.idx import read_idx
from saltbench.errors import SaltbenchError

READERS: list[tuple[str, Callable[[Path], object]]] = [
    ("suite.toml", lambda path: load_suite(str(path), load_registries())),
    ("plugin.py", lambda path: load_registries([path])),
    ("series.csv", lambda path: load_registries().tasks.get(f"planted/{path}")),
    ("series.npy", lambda path: load_registries().tasks.get(f"planted/{path}")),
    ("series.parquet", lambda path: load_registries().tasks.get(f"planted/{path}")),
    ("images.idx", read_idx),
    ("events.txt", read_events),
    ("series.hcp.npy", open_series),
    ("atlas.npz", load_atlas),
]


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("made", [as_pipe, as_device])
@pytest.mark.parametrize(("name", "read"), READERS, ids=[name for name, _ in READERS])
def test_what_may_never_end_is_refused(
    tmp_path: Path, name: str, read: Callable[[Path], object], made: Callable[[Path], None]
) -> None:
    made(tmp_path / name)
    with pytest.raises(SaltbenchError, match=rf"{name}.*a pipe or a device, not a file"):
        read(tmp_path / name)


def test_files_are_read_through_links_and_what_is_absent_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link") == b"content"
    with pytest.raises(FileNotFoundError, match="absent"):
        open_regular(tmp_path / "absent")
    with pytest.raises(OSError, match="Is a directory"):
        open_regular(tmp_path)
