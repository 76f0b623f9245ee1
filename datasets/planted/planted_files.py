"""The tasks `planted/<file>`: a known signal planted into series from a file of the user's own."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...entry import resolve
from ...errors import DataError
from ...family import OpenFamily
from ..files.regular_files import open_regular
from ..local_data import local_file
from ..spec import TaskData, TaskSpec

PREFIX = "planted/"
TABLE_SUFFIXES = (".csv", ".parquet")
SUFFIXES = (".npy", *TABLE_SUFFIXES, ".ts", ".tsv")
PLANTING = {
    "shape": "box",
    "strength": 2.0,
    "length": 0,
    "width": 0,
    "window": [],
    "validation_share": 0.15,
    "test_share": 0.2,
}
TABLES = {"id": "id", "time": "time", "label": "label", "columns": []}


@dataclass(frozen=True)
class Load:
    """The factory of a file's task; its modules read tables and are imported on first use."""

    path: Path
    digests: tuple[str, ...]

    def __call__(self, seed: int, **parameters: Any) -> TaskData:
        """Return `planted_file` of the file."""
        data: TaskData = resolve("saltbench.datasets.planted.planted_data:planted_file")(
            seed, self.path, self.digests, **parameters
        )
        return data


def planted_task(place: str) -> TaskSpec:
    """Return the task of a file, whose source carries the SHA-256 of the file and of its labels.

    Args:
        place: path of an NPY, CSV, Parquet, ts or tsv file, absolute or from the current folder, taken literally.

    Raises:
        DataError: the path names no such file, or it cannot be read.
    """
    if not place.isprintable():
        raise DataError(f"{PREFIX}<file> needs a path of printable characters, got {place!r}; rename the file")
    path = local_file(place)
    check_suffix(f"{PREFIX}<file>", place)
    files = files_of(path)
    digests = tuple(_digest(file) for file in files)
    return _spec(
        f"{PREFIX}{place}",
        f"a known signal planted into the series of {path.name}",
        Load(path.absolute(), digests),
        {**TABLES, **PLANTING} if path.suffix.lower() in TABLE_SUFFIXES else PLANTING,
        "; ".join(f"{file.name} sha256:{digest}" for file, digest in zip(files, digests, strict=True)),
    )


def check_suffix(what: str, place: str) -> None:
    """Raise unless a file's name tells a format that can be read.

    Raises:
        DataError: another one; what needs the file is named.
    """
    if Path(place).suffix.lower() not in SUFFIXES:
        raise DataError(f"{what} needs a file with the suffix {', '.join(SUFFIXES)}, got '{place}'; convert it")


def files_of(path: Path) -> list[Path]:
    """Return the file and, for an array, the file `<stem>.labels.npy` beside it where there is one."""
    labels = path.with_name(f"{path.stem}.labels.npy")
    return [path, labels] if path.suffix.lower() == ".npy" and _exists(labels) else [path]


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # longer than a name can be
        return False


def _digest(path: Path) -> str:
    try:
        with open_regular(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}; {PREFIX}<file> takes the path of a file") from error


def _spec(name: str, description: str, factory: Any, parameters: dict[str, Any], source: str = "") -> TaskSpec:
    return TaskSpec(
        name=name,
        version=1,
        description=description,
        reference="a definition of saltbench",
        factory=factory,
        parameters=parameters,
        check="saltbench.datasets.planted.planting:check_planting",
        tags=("planted",),
        source=source,
    )


LISTED = _spec(
    f"{PREFIX}<file>",
    "a known signal planted into series of your own (CSV, NPY, Parquet, ts, tsv), which get new, random classes: "
    "nothing but the signal tells them apart",
    "saltbench.datasets.planted.planted_data:planted_file",
    {**TABLES, **PLANTING},
)
FAMILY = OpenFamily(PREFIX, LISTED, planted_task)
