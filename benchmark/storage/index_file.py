"""The file of an index: a Parquet table of what folders hold, read by column, named by its own digest."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
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
MARK = {"saltbench.index": "2"}  # raised when the meaning of its columns changes
TEXT = pa.string()
OWN = {"folder": TEXT, "files": TEXT, "stamps": pa.binary(), "seal": TEXT, "about": TEXT}
DETAIL = "detail"
SHARED = ["files", "about"]  # columns of few different texts
DATA = "="  # begins the names of the other columns, lists of numbers
UNREADABLE = (OSError, pa.ArrowException, ValueError, KeyError, TypeError)


@dataclass(frozen=True, eq=False)
class Part:
    """A part of what a folder holds.

    Attributes:
        about: text that many parts share.
        columns: int64 or float64 (batch,) each.
        seal: a digest of all that it holds.
        detail: gives text of its own.
    """

    about: str
    columns: Mapping[str, NDArray[Any]]
    seal: str = ""
    detail: Callable[[], str] = str


@dataclass(frozen=True, eq=False)
class Entry:
    """What a folder was found to hold.

    Attributes:
        files: that it was read from, by their paths in the folder.
        stamps: of these files, as they were then.
        parts: what they held.
        seal: a digest of all that they held, where that has no parts.
    """

    files: Sequence[str]
    stamps: bytes
    parts: Sequence[Part] = ()
    seal: str = ""


def write_index(root: Path, entries: Mapping[str, Entry]) -> None:
    """Write the index of a results folder in place of another.

    Raises:
        StoreError: it cannot be written.
    """
    sink = pa.BufferOutputStream()
    pq.write_table(_table(entries), sink, compression="zstd", use_dictionary=SHARED, write_statistics=False)
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
    """The entries of a sound index file; details and columns of numbers are read when they are first asked for."""

    def __init__(self, path: Path) -> None:
        table = pq.ParquetFile(path, read_dictionary=SHARED).read(columns=[*OWN]).combine_chunks()
        self._own = {name: _values(table.column(name)) for name in OWN}
        self._path = path
        self._numbers = _Numbers(path)
        self._rows: dict[str, list[int]] = {}
        for row, folder in enumerate(self._own.pop("folder")):
            self._rows.setdefault(folder, []).append(row)

    def __getitem__(self, folder: str) -> Entry:
        rows = self._rows[folder]
        files, stamps, seal = (self._own[name][rows[0]] for name in ("files", "stamps", "seal"))
        parts = [self._part(row, about) for row in rows if (about := self._own["about"][row]) is not None]
        return Entry(files.split("\n"), stamps, parts, "" if parts else seal)

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def _part(self, row: int, about: str) -> Part:
        return Part(about, _Row(self._numbers, row), self._own["seal"][row], partial(self._detail, row))

    def _detail(self, row: int) -> str:
        return str(self._details[row].as_py())

    @cached_property
    def _details(self) -> pa.ChunkedArray:
        return pq.ParquetFile(self._path).read(columns=[DETAIL]).column(0)


def _values(column: pa.ChunkedArray) -> Sequence[Any]:
    """Return the values of a column; equal texts of a dictionary are one object."""
    (chunk,) = column.chunks or [pa.array([], column.type)]
    if not pa.types.is_dictionary(chunk.type):
        values: list[Any] = chunk.to_pylist()
        return values
    texts = chunk.dictionary.to_pylist()
    return [None if place is None else texts[place] for place in chunk.indices.to_pylist()]


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
        (folder, "\n".join(entry.files), entry.stamps, entry.seal if part is None else part.seal, part)
        for folder, entry in entries.items()
        for part in (entry.parts or (None,))
    ]
    *own, parts = zip(*rows, strict=True) if rows else ((),) * 5
    abouts = [None if part is None else part.about for part in parts]
    details = [None if part is None else part.detail() for part in parts]
    columns = {name: pa.array(values, kind) for (name, kind), values in zip(OWN.items(), (*own, abouts), strict=True)}
    columns[DETAIL] = pa.array(details, TEXT)
    held = [{} if part is None else dict(part.columns) for part in parts]
    names = dict.fromkeys(name for of_row in held for name in of_row)
    columns |= {f"{DATA}{name}": _lists([of_row.get(name) for of_row in held]) for name in names}
    return pa.table(columns).replace_schema_metadata(MARK)


def _lists(values: Sequence[NDArray[Any] | None]) -> pa.Array:
    is_absent = np.array([each is None for each in values])
    offsets = np.cumsum([0, *(0 if each is None else len(each) for each in values)], dtype=np.int32)
    numbers = np.concatenate([each for each in values if each is not None])
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(numbers), mask=pa.array(is_absent))
