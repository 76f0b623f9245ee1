"""provenance.json: what the numbers of a results folder depend on and digests of its tables, written and read here.

It holds versions, machine type and settings, and nothing that differs between reruns; a table whose bytes are others
than the run's is not read.
"""

import errno
import hashlib
import json
import math
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ...datasets.files.regular_files import open_regular, read_regular
from ...errors import StoreError
from ..storage.files import write_atomically
from ..storage.store import FORMAT, Store, canonical, open_store, require_format
from ..storage.text_bytes import json_bytes
from . import json_values as values
from .choice import Choice
from .repetitions import FACTORS
from .run_options import MOST_SAMPLES, MOST_SEEDS
from .suite import OUTPUTS, TARGETS, Suite
from .training_recipe import Recipe

FILE = "provenance.json"
SEAL = "digest"  # of all the rest; files of earlier versions have none, and no digests of tables
TABLES = "tables"  # the digests of tables, by file name
LIBRARIES = ("saltbench", "torch", "captum", "numpy", "scipy", "pandas", "scikit-learn")
KINDS = ("tasks", "architectures", "methods", "references", "metrics")


@dataclass(frozen=True)
class Provenance:
    """What the numbers of a results folder depend on.

    Attributes:
        suite: the grid that was run.
        device: "cpu" or "cuda".
        environments: those in which models were trained and cells scored; more than one if a run was resumed with
            other versions.
    """

    suite: Suite
    device: str
    environments: Sequence[Mapping[str, str]]

    def as_json(self) -> dict[str, Any]:
        """Return the provenance as JSON values."""
        suite, environments = self.suite.as_json(), list(self.environments)
        return {"format": FORMAT, "suite": suite, "device": self.device, "environments": environments}


def environment() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on, and the machine type."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **_versions(),
    }


@cache  # every cell states it, and reading them takes longer than many a cell
def _versions() -> dict[str, str]:
    return {library: version(library) for library in LIBRARIES}


@contextmanager
def open_results(folder: Path) -> Iterator[Store]:
    """Lock a results folder for one run, clear what killed runs left half-written, and give its store.

    Raises:
        StoreError: the folder cannot be written, another run holds it, or a newer saltbench made it.
    """
    check_format(folder)
    with open_store(folder) as store:
        yield store


def check_format(folder: Path) -> None:
    """Raise a StoreError if a newer saltbench wrote a folder's provenance, or it cannot be understood."""
    _read(folder)


def write_tables(folder: Path, tables: Mapping[str, bytes], provenance: Provenance | None = None) -> None:
    """Write tables into a results folder and then, last of all, their digests into its provenance.json.

    Digests of other tables that still stand in the folder are kept.

    Args:
        folder: of the results.
        tables: contents by file name.
        provenance: to be written; None for the one that stands there, and none where there is none.

    Raises:
        StoreError: a file cannot be written.
    """
    before = _sound_record(folder)
    for name, content in tables.items():
        write_atomically(folder / name, content)
    record = before if provenance is None else provenance.as_json()
    if record:
        digests = {name: digest for name, digest in before.get(TABLES, {}).items() if (folder / name).is_file()}
        digests |= {name: digest_of(name, content) for name, content in tables.items()}
        write_record(folder / FILE, {**record, TABLES: dict(sorted(digests.items()))})


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write JSON values with their digest.

    Raises:
        StoreError: the file cannot be written.
    """
    write_atomically(path, json_bytes(_sealed(record)))


def read_provenance(folder: Path) -> Provenance | None:
    """Return what a results folder's provenance.json says, or None where it holds none.

    Raises:
        StoreError: the file cannot be read, is damaged, or a newer saltbench wrote it.
    """
    record = read_record(folder)
    return None if record is None else provenance_of(record, folder / FILE)


def provenance_of(record: Mapping[str, Any], path: Path) -> Provenance:
    """Return what a record says that was read from a file.

    Raises:
        StoreError: it does not describe a run.
    """
    with values.must_describe(path, "a run; delete it to let the run write it again"):
        return Provenance(
            _suite(values.table(record["suite"])),
            values.text(record["device"]),
            [values.texts(each) for each in values.array(record["environments"])],
        )


def read_record(folder: Path, name: str = FILE) -> dict[str, Any] | None:
    """Return the JSON values of a folder's provenance.json, checked against its digest, None where it holds none.

    Args:
        folder: of the results.
        name: of the file, where it is another one that `write_record` wrote.

    Raises:
        StoreError: the file cannot be read, is damaged, or a newer saltbench wrote it.
    """
    record = _read(folder, name)
    if record is None:
        return None
    path = folder / name
    try:
        intact = not {SEAL, TABLES} & set(record) or record == _sealed(record)
        canonical(record)
    except (ValueError, TypeError, RecursionError) as error:
        raise _damaged(path) from error
    if not intact or not _names_digests(record.get(TABLES, {})):
        raise StoreError(
            f"{path} was changed or damaged since the run, its digest is another; run again, "
            "or delete it to read the tables unverified"
        )
    return record


def digest_of(name: str, content: bytes) -> str:
    """Return the SHA-256 of a table's bytes; of a CSV file with line ends of one kind, which git may change."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n") if name.endswith(".csv") else content).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the `digest_of` a table's file; empty where it cannot be read.

    No more than a block of another file than a CSV is held.
    """
    try:
        if path.name.endswith(".csv"):
            return digest_of(path.name, read_regular(path))
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def digests_of(folder: Path) -> Mapping[str, str]:
    """Return the digests of tables, by file name, that a folder's provenance.json records.

    Raises:
        StoreError: the file cannot be read, is damaged, or a newer saltbench wrote it.
    """
    digests: Mapping[str, str] = (read_record(folder) or {}).get(TABLES, {})
    return digests


def _read(folder: Path, name: str = FILE) -> dict[str, Any] | None:
    path = folder / name
    try:
        record: dict[str, Any] = json.loads(read_regular(path))
        found = record["format"]
    except (FileNotFoundError, NotADirectoryError):
        return None
    except PermissionError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}; check its permissions") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise StoreError(f"cannot read {path}: {error.strerror}; choose another --results") from error
        raise _damaged(path) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(path) from error
    require_format(found, path)
    return record


def _damaged(path: Path) -> StoreError:
    return StoreError(f"{path} is unreadable or damaged; delete it to let the run write it again")


def _sound_record(folder: Path) -> dict[str, Any]:
    try:
        return read_record(folder) or {}
    except StoreError:
        return {}  # damaged: written anew, and what it recorded is not vouched for


def _sealed(record: Mapping[str, Any]) -> dict[str, Any]:
    bare = {key: value for key, value in record.items() if key != SEAL}
    return {**bare, SEAL: hashlib.sha256(canonical(bare)).hexdigest()}


def _names_digests(tables: Any) -> bool:
    return isinstance(tables, dict) and all(isinstance(digest, str) for digest in tables.values())


def _suite(content: Mapping[str, Any]) -> Suite:
    checked = {
        **content,
        **{key: values.text(content[key]) for key in ("name", "description")},
        **{kind: tuple(_choice(values.table(choice)) for choice in values.array(content[kind])) for kind in KINDS},
        "seeds": _seeds(content["seeds"]),
        "samples": values.count(content["samples"], MOST_SAMPLES),
        "target": values.one_of(content["target"], TARGETS),
        "output": values.one_of(content["output"], OUTPUTS),
        "training": _recipe(values.table(content["training"])),
        # which earlier versions do not say
        "keep_maps": values.switch(content.get("keep_maps", True)),
        "training_version": values.whole(content.get("training_version", 1)),
    }
    return Suite(**checked)


def _choice(content: Mapping[str, Any]) -> Choice:
    return Choice(
        **{
            **content,
            **{key: values.text(content[key]) for key in ("name", "source")},
            "version": values.whole(content["version"]),
            "parameters": values.table(content["parameters"]),
        }
    )


def _recipe(content: Mapping[str, Any]) -> Recipe:
    kinds = {field.name: values.whole if field.type is int else values.number for field in fields(Recipe)}
    checked: dict[str, Any] = {name: kinds[name](value) for name, value in content.items()}
    return Recipe(**checked)


def _seeds(value: Any) -> int | dict[str, int]:
    if not isinstance(value, dict):
        return values.count(value, MOST_SEEDS)
    if {*value} != {*FACTORS}:
        values.refuse(value)
    values.count(math.prod(values.whole(value[factor]) for factor in FACTORS), MOST_SEEDS)
    return {factor: values.count(value[factor], MOST_SEEDS) for factor in FACTORS}
