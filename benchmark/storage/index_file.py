"""The file of an index: a Parquet table of what folders hold, read by column, named by its own digest."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ...datasets.files.regular_files import open_regular
from .files import explained, write_atomically

FOLDER = ".index"
SUFFIX = ".parquet"
MARK = {"saltbench.index": "1"}  # raised when the meaning of its columns changes
OWN = {"folder": pa.string(), "files": pa.string(), "stamps": pa.binary(), "about": pa.string()}
DATA = "="  # begins the names of the other columns, lists of numbers
UNREADABLE = (OSError, pa.ArrowException, ValueError, KeyError, TypeError)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of what a folder holds: text about it, and columns of int64 or float64 (batch,) each."""

    about: str
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, eq=False)
class Entry:
    """What a folder was found to hold.

    Attributes:
        files: that it was read from, by their paths in the folder.
        stamps: of these files, as they were then.
        parts: what they held.
    """

    files: Sequence[str]
    stamps: bytes
    parts: Sequence[Part]


def write_index(root: Path, entries: Mapping[str, Entry]) -> None:
    """Write the index of a results folder in place of another.

    Raises:
        StoreError: it cannot be written.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(_table(entries), sink, compression="zstd", use_dictionary=["files"], write_statistics=False)
    content = sink.getvalue().to_pybytes()
    path = root / FOLDER / f"{hashlib.sha256(content).hexdigest()}{SUFFIX}"
    with explained(path):
        if path.parent.is_symlink():
            return  # what stands there is not this folder's to write
        write_atomically(path, content)
        for other in path.parent.glob(f"*{SUFFIX}"):
            if other != path:
                other.unlink()


def read_index(root: Path) -> Mapping[str, Entry]:
    """Return the entries of the index of a results folder by their folders; none where it is absent or damaged."""
    try:
        (path,) = (root / FOLDER).glob(f"*{SUFFIX}")
        with open_regular(path) as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != path.stem:
                return {}
        metadata = pq.read_metadata(path).metadata or {}
        is_mine = all(metadata.get(name.encode()) == value.encode() for name, value in MARK.items())
        return _Entries(path) if is_mine else {}
    except UNREADABLE:
        return {}


class _Entries(Mapping[str, Entry]):
    """The entries of a sound index file; a column of numbers is read when it is first asked for."""

    def __init__(self, path: Path) -> None:
        self._table = pq.ParquetFile(path).read(columns=[*OWN]).combine_chunks()
        self._numbers = _Numbers(path)
        self._rows: dict[str, list[int]] = {}
        for row, folder in enumerate(self._table.column("folder").to_pylist()):
            self._rows.setdefault(folder, []).append(row)

    def __getitem__(self, folder: str) -> Entry:
        rows = self._rows[folder]
        files, stamps = (self._table.column(name)[rows[0]].as_py() for name in ("files", "stamps"))
        abouts = [(row, self._table.column("about")[row].as_py()) for row in rows]
        parts = [Part(about, _Row(self._numbers, row)) for row, about in abouts if about is not None]
        return Entry(files.split("\n"), stamps, parts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class _Numbers:
    """The lists of numbers of an index file, by column and row."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._columns: dict[str, tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = {}

    @cached_property
    def names(self) -> Sequence[str]:
        return [name.removeprefix(DATA) for name in pq.read_schema(self._path).names if name.startswith(DATA)]

    def at(self, name: str, row: int) -> NDArray[Any] | None:
        if name not in self._columns:
            self._columns[name] = self._read(name)
        is_there, offsets, values = self._columns[name]
        return values[offsets[row] : offsets[row + 1]] if is_there[row] else None

    def _read(self, name: str) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        table = pq.ParquetFile(self._path).read(columns=[f"{DATA}{name}"])
        (lists,) = table.combine_chunks().column(0).chunks
        return lists.is_valid().to_numpy(zero_copy_only=False), lists.offsets.to_numpy(), lists.values.to_numpy()


class _Row(Mapping[str, NDArray[Any]]):
    def __init__(self, numbers: _Numbers, row: int) -> None:
        self._numbers, self._row = numbers, row

    def __getitem__(self, name: str) -> NDArray[Any]:
        found = self._numbers.at(name, self._row) if name in self._numbers.names else None
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._numbers.names if self._numbers.at(name, self._row) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _table(entries: Mapping[str, Entry]) -> pa.Table:
    rows = [
        (folder, "\n".join(entry.files), entry.stamps, part)
        for folder, entry in entries.items()
        for part in (entry.parts or (None,))
    ]
    folders, files, stamps, parts = zip(*rows, strict=True) if rows else ((),) * 4
    abouts = [None if part is None else part.about for part in parts]
    own = zip(OWN.items(), (folders, files, stamps, abouts), strict=True)
    columns = {name: pa.array(values, kind) for (name, kind), values in own}
    held = [{} if part is None else dict(part.columns) for part in parts]
    names = dict.fromkeys(name for of_row in held for name in of_row)
    columns |= {f"{DATA}{name}": _lists([of_row.get(name) for of_row in held]) for name in names}
    return pa.table(columns).replace_schema_metadata(MARK)


def _lists(values: Sequence[NDArray[Any] | None]) -> pa.Array:
    is_absent = np.array([each is None for each in values])
    offsets = np.cumsum([0, *(0 if each is None else len(each) for each in values)], dtype=np.int32)
    numbers = np.concatenate([each for each in values if each is not None])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(numbers), mask=pa.array(is_absent))
