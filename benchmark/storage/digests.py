"""Digests of the tables in a results folder, which its provenance.json records: a changed table is not read."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import StoreError
from .files import write_atomically
from .provenance_file import FILE, provenance_of, sealed
from .text_bytes import json_bytes

TABLES = "tables"  # the key of the digests in provenance.json


def digest_of(name: str, content: bytes) -> str:
    """Return the SHA-256 of a table's bytes; of a CSV file with line ends of one kind, which git may change."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n") if name.endswith(".csv") else content).hexdigest()


def check_table(path: Path, content: bytes) -> None:
    """Raise if the provenance beside a table records other bytes, or is damaged itself.

    Raises:
        StoreError: one of these.
    """
    recorded = _digests(path.parent).get(path.name)
    if recorded is not None and recorded != digest_of(path.name, content):
        raise StoreError(
            f"{path} was changed or damaged since the run that {FILE} beside it records; run again, "
            "or move the file to another folder to read it alone"
        )


def unverified(folder: Path, names: Sequence[str]) -> list[Path]:
    """Return those tables of a folder that stand there and of which no provenance records the digest."""
    digests = _digests(folder)
    return [folder / name for name in names if name not in digests and (folder / name).exists()]


def write_tables(folder: Path, tables: Mapping[str, bytes], provenance: Mapping[str, Any] | None = None) -> None:
    """Write tables into a results folder and then, last of all, their digests into its provenance.json.

    Digests of other tables that still stand in the folder are kept.

    Args:
        folder: of the results.
        tables: contents by file name.
        provenance: to be written; None for the one that stands there, and none where there is none.

    Raises:
        StoreError: a file cannot be written.
    """
    before = _standing(folder)
    for name, content in tables.items():
        write_atomically(folder / name, content)
    record = {**(before if provenance is None else provenance)}
    if record:
        digests = {name: digest for name, digest in before.get(TABLES, {}).items() if (folder / name).is_file()}
        digests |= {name: digest_of(name, content) for name, content in tables.items()}
        record = sealed({**record, TABLES: dict(sorted(digests.items()))})
        write_atomically(folder / FILE, json_bytes(record))


def _digests(folder: Path) -> Mapping[str, str]:
    content = provenance_of(folder) or {}
    digests: Mapping[str, str] = content.get(TABLES, {})
    return digests


def _standing(folder: Path) -> dict[str, Any]:
    try:
        return provenance_of(folder) or {}
    except StoreError:
        return {}  # damaged: written anew, and what it recorded is not vouched for
