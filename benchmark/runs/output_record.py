"""What the tables and figures of a run were made from, and what they were: those that are still the same stay.

The record stands in the folder of the index. It vouches for nothing: an output whose bytes are others than it says is
made again, and all are where it is absent or damaged.
"""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...datasets.files.regular_files import open_regular
from ...errors import StoreError
from ..storage.index_file import FOLDER
from ..storage.store import FORMAT, canonical
from ..suites.provenance import SEAL, TABLES, read_record, write_record

FILE = f"{FOLDER}/outputs.json"


@dataclass(frozen=True)
class OutputRecord:
    """What the outputs of a run were.

    Attributes:
        inputs: the digest of all that they were made from.
        tables: the digest of each, by file name.
        provenance: the digest of what provenance.json says of the run and of these tables.
        figures: the digest of each, by file name; empty of one that could not be drawn, and has no file.
    """

    inputs: str
    tables: Mapping[str, str]
    provenance: str
    figures: Mapping[str, str]

    @staticmethod
    def read(folder: Path) -> "OutputRecord | None":
        """Return the record of a results folder, None where it has none that is sound."""
        if (folder / FOLDER).is_symlink():
            return None
        with suppress(StoreError, KeyError):
            if record := read_record(folder, FILE):
                return OutputRecord(**{name: record[name] for name in OutputRecord.__annotations__})
        return None

    def write(self, folder: Path) -> None:
        """Write the record; a folder that cannot hold it is done without."""
        if not (folder / FOLDER).is_symlink():
            with suppress(StoreError):
                write_record(folder / FILE, {"format": FORMAT, **asdict(self)})

    def has_tables(self, folder: Path) -> bool:
        """Return whether all tables of a folder, and what its provenance says, are those of the record."""
        return self.provenance == provenance_digest(folder, self.tables) and all(
            file_digest(folder / name) == digest for name, digest in self.tables.items()
        )

    def changed_figures(self, folder: Path) -> list[str]:
        """Return the names of figures that are others than those of the record, or stand where it has none."""
        return [name for name, digest in self.figures.items() if file_digest(folder / name) != digest]


def inputs_digest(*parts: Any) -> str:
    """Return the digest of JSON values."""
    return hashlib.sha256(canonical(parts)).hexdigest()


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file; empty where there is none, and no digest of what cannot be read."""
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"not read: {error.strerror}"


def provenance_digest(folder: Path, tables: Iterable[str]) -> str:
    """Return the digest of what provenance.json says of the run and of its tables; empty where it is not sound."""
    try:
        record = read_record(folder)
    except StoreError:
        record = None
    if record is None:
        return ""
    vouched = record.get(TABLES, {})
    said = {name: value for name, value in record.items() if name not in (SEAL, TABLES)}
    return inputs_digest(said, {name: vouched.get(name) for name in tables})
