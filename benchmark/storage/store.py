"""The file system as database: one directory a result, content-addressed, complete or absent."""

import errno
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...datasets.files.regular_files import read_regular
from ...errors import StoreError
from .files import TEMPORARY, explained, new_folder, sync_directory, write_synced
from .index import Index, now
from .locks import held
from .text_bytes import utf8

FORMAT = 2  # raised when the layout or meaning of stored files changes
RECORD = "record.json"
LOCK = ".lock"
NO_FILE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO)  # what reading says where none stands
OCCUPIED = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)  # what rename says where something stands already


def canonical(value: Any) -> bytes:
    """Return the one JSON text (UTF-8) that stands for value: sorted keys, no spaces, no NaN."""
    return utf8(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False))


def address(key: Mapping[str, Any]) -> str:
    """Return the directory name of what key determines: the start of the SHA-256 of its canonical JSON."""
    return hashlib.sha256(canonical(key)).hexdigest()[:32]


@dataclass(frozen=True)
class Artifact:
    """A stored result.

    Attributes:
        key: all that determines it.
        facts: about its making.
        files: contents by name.
        seal: the digest of its record, where it was read from a store.
    """

    key: Mapping[str, Any]
    facts: Mapping[str, Any]
    files: Mapping[str, bytes]
    seal: str = field(default="", compare=False)


@dataclass(frozen=True)
class Store:
    """The stored results of one suite.

    A result is written to a temporary directory, synced and renamed, so that a reader sees all of it or nothing
    whenever the writer is killed. Every file's SHA-256 is checked on reading.

    A kind is a folder under root, or one inside another ("scores/<address>") for results that belong together.

    Attributes:
        root: the results folder.
        index: what was found in it before; None to read all anew.
    """

    root: Path
    index: Index | None = field(default=None, compare=False, repr=False)

    def indexed(self) -> "Store":
        """Return the same store with its index, for one process that reads many results."""
        return Store(self.root, Index(self.root))

    def get(self, kind: str, key: Mapping[str, Any]) -> Artifact | None:
        """Return the result of that kind and key, or None where it is absent or damaged (to be computed anew).

        Raises:
            StoreError: the result cannot be read, or a newer saltbench wrote it.
        """
        with _told(self._folder(kind, key)) as folder:
            return _read(folder)
        return None

    def has(self, kind: str, key: Mapping[str, Any]) -> bool:
        """Return whether a result is there and sound; a file is read only if its size or time of change is another.

        Content that changed on the disk behind both is found when it is read.

        Raises:
            StoreError: the result cannot be read, or a newer saltbench wrote it.
        """
        return self.seal(kind, key) is not None

    def seal(self, kind: str, key: Mapping[str, Any]) -> str | None:
        """Return the digest of a result's record, which holds those of its files; None where `has` is false.

        Raises:
            StoreError: the result cannot be read, or a newer saltbench wrote it.
        """
        place, began = f"{kind}/{address(key)}", now()
        if self.index is not None and (entry := self.index.find(place)) is not None:
            return entry.seal
        with _told(self.root / place) as folder:
            record = _sound_record(folder)
            if record is None:
                return None
            if self.index is not None:
                self.index.learn(place, began, [RECORD, *record["files"]], seal=record["digest"])
            return str(record["digest"])
        return None

    def facts(self, kind: str, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Return the facts of a result's making, None where it is absent or its record damaged; no file of it is read.

        Raises:
            StoreError: the record cannot be read, or a newer saltbench wrote it.
        """
        with _told(self._folder(kind, key)) as folder:
            record = _record(folder)
            return None if record is None else record["facts"]
        return None

    def all(self, kind: str) -> Iterator[Artifact]:
        """Yield the sound results of a kind in the order of their addresses.

        Raises:
            StoreError: a result cannot be read, or a newer saltbench wrote it.
        """
        found: list[str] = []
        with _told(self.root / kind) as parent:
            found = sorted(path.name for path in parent.iterdir() if not path.name.startswith(TEMPORARY))
        for name in found:
            with _told(self.root / kind / name) as folder:
                if (artifact := _read(folder)) is not None:
                    yield artifact

    def put(self, kind: str, artifact: Artifact) -> None:
        """Write a result, replacing a damaged one; where a sound one stands already, keep that.

        Raises:
            StoreError: the folder cannot be written (no space, no permission, …).
        """
        folder = self._folder(kind, artifact.key)
        if self.get(kind, artifact.key) is not None:
            return
        with explained(folder):
            self._make_parent(folder.parent)
            temporary = new_folder(folder.parent)
            try:
                _write_all(temporary, artifact)
                while not _renamed(temporary, folder):
                    if self.get(kind, artifact.key) is not None:
                        break  # another process was faster with the same result
                    _set_aside(folder)
            finally:
                shutil.rmtree(temporary, ignore_errors=True)
            sync_directory(folder.parent)

    def _make_parent(self, parent: Path) -> None:
        """Make the folder of a kind; what stands in the place of one inside another is damage, and goes."""
        if parent.parent != self.root and os.path.lexists(parent) and not parent.is_dir():
            _set_aside(parent)
        parent.mkdir(parents=True, exist_ok=True)

    def _folder(self, kind: str, key: Mapping[str, Any]) -> Path:
        return self.root / kind / address(key)


@contextmanager
def _told(folder: Path) -> Iterator[Path]:
    """Let the block end early where nothing is stored, and say in a StoreError what cannot be read."""
    try:
        yield folder
    except OSError as error:
        if error.errno not in NO_FILE:
            raise StoreError(f"cannot read {folder}: {error.strerror}; check its permissions") from error


@contextmanager
def open_store(root: Path) -> Iterator[Store]:
    """Lock a results folder for one run, clear what killed runs left half-written, and give its store.

    Raises:
        StoreError: the folder cannot be written, or another run holds it.
    """
    busy = f"another run is writing {root}; wait for it or choose another --results"
    with held(root / LOCK, busy):
        with explained(root):
            for leftover in _leftovers(root):
                _remove(leftover)
        yield Store(root)


def _read(folder: Path) -> Artifact | None:
    record = _record(folder)
    if record is None:
        return None
    files = {name: read_regular(folder / name) for name in record["files"]}
    if any(_digest(content) != record["files"][name] for name, content in files.items()):
        return None
    return Artifact(record["key"], record["facts"], files, record["digest"])


def _sound_record(folder: Path) -> dict[str, Any] | None:
    """Return the record of a sound result; None of another."""
    record = _record(folder)
    if record is None:
        return None
    is_sound = all(
        _stamp(folder / name) == record["stamps"].get(name) or _digest(read_regular(folder / name)) == digest
        for name, digest in record["files"].items()
    )
    return record if is_sound else None


def _record(folder: Path) -> dict[str, Any] | None:
    """Return what a folder's record says, None where it is damaged or another result's."""
    try:
        record: dict[str, Any] = json.loads(read_regular(folder / RECORD))
        digest = record.pop("digest")
        intact = digest == _digest(canonical(record))
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    if not intact:
        return None
    require_format(record.get("format"), folder)
    if address(record["key"]) != folder.name:
        return None  # moved here from another result's folder
    return {"stamps": {}, **record, "digest": digest}  # format 1 has no stamps


def _stamp(path: Path) -> list[int] | None:
    """Return size and time of change of a regular file, which any program that writes to it changes."""
    found = path.stat()
    return [found.st_size, found.st_mtime_ns] if stat.S_ISREG(found.st_mode) else None


def _renamed(temporary: Path, folder: Path) -> bool:
    try:
        temporary.rename(folder)
    except OSError as error:
        if error.errno not in OCCUPIED:
            raise
        return False
    return True


def _set_aside(folder: Path) -> None:
    # moved before it is removed, so that no reader sees half of it, and a second process finds it gone
    aside = new_folder(folder.parent)
    with suppress(FileNotFoundError):
        folder.rename(aside / folder.name)
    shutil.rmtree(aside)


def _leftovers(root: Path) -> list[Path]:
    kinds = _folders_in(root)
    groups = [group for kind in kinds for group in _folders_in(kind)]
    return [path for folder in (root, *kinds, *groups) for path in _temporary_in(folder)]


def _temporary_in(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as found:  # not glob, which takes five times as long
        return [Path(each.path) for each in found if each.name.startswith(TEMPORARY)]
    return []


def _folders_in(folder: Path) -> list[Path]:
    # a link to a folder is not entered: what stands there is not this run's to remove
    with os.scandir(folder) as found:
        return [
            Path(each.path)
            for each in found
            if each.is_dir(follow_symlinks=False) and not each.name.startswith(TEMPORARY)
        ]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()


def _write_all(folder: Path, artifact: Artifact) -> None:
    for name, content in artifact.files.items():
        _write(folder / name, content)
    record: dict[str, Any] = {
        "format": FORMAT,
        "key": artifact.key,
        "facts": artifact.facts,
        "files": {name: _digest(content) for name, content in artifact.files.items()},
        "stamps": {name: _stamp(folder / name) for name in artifact.files},
    }
    record["digest"] = _digest(canonical(record))
    _write(folder / RECORD, json.dumps(record, indent=1).encode())
    sync_directory(folder)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        write_synced(file, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def require_format(found: Any, where: Path) -> None:
    """Raise unless the format number found in a stored file is one that this version reads.

    Raises:
        StoreError: a newer format, or none.
    """
    if not isinstance(found, int):
        raise StoreError(f"{where} states no format number; move the folder away or choose another --results")
    if found > FORMAT:
        raise StoreError(
            f"{where} was written by a newer saltbench (format {found}, this one reads up to {FORMAT}); "
            "upgrade saltbench or choose another --results"
        )
