"""Train, validation and test data of the tasks `planted/<file>`."""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import DataError, SaltbenchError
from ..files.long_format import Columns
from ..files.regular_files import open_regular
from ..spec import TaskData
from .planted_files import TABLES, files_of
from .planting import planted
from .series_files import Series, read_array, read_table


def planted_file(seed: int, path: Path, digests: Sequence[str], **parameters: Any) -> TaskData:
    """Return `planted` of the series and labels in a file.

    Args:
        seed: of splits, new classes and windows.
        path: of an NPY array (samples, time, features), with labels in `<stem>.labels.npy` where there is such a file;
            or of a table in long format, CSV or Parquet.
        digests: SHA-256 that the files must have.
        **parameters: for a table id, time and label, the names of those columns, and columns, those of the features
            (none: all others); and what `planted` takes.

    Raises:
        DataError: the file cannot be read, has changed, or is not as described.
        SaltbenchError: see `planted`; the message begins with the file.
    """
    table = {key: parameters.pop(key) for key in TABLES if key in parameters}
    with _opened(path, digests) as files:
        series = _read(files, path.name, table)
    try:
        return planted(series.values, series.labels, seed=seed, **parameters)
    except SaltbenchError as error:
        raise type(error)(f"{path.name}: {error}") from error


def _read(files: Sequence[BinaryIO], name: str, table: dict[str, Any]) -> Series:
    if table:
        columns = Columns(id=table["id"], time=table["time"], label=table["label"], features=table["columns"])
        return read_table(files[0], name, columns)
    return read_array(files[0], files[1] if len(files) > 1 else None, name)


@contextmanager
def _opened(path: Path, digests: Sequence[str]) -> Iterator[Sequence[BinaryIO]]:
    with ExitStack() as stack:
        try:
            files = [stack.enter_context(open_regular(place)) for place in files_of(path)]
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error.strerror}; check the path") from error
        # a result's key holds the digests: other content must not be stored under it
        if [hashlib.file_digest(file, "sha256").hexdigest() for file in files] != list(digests):
            raise DataError(f"{path} or its labels changed during the run; run the same command again")
        for file in files:
            file.seek(0)
        yield files
