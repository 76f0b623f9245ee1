"""Train, validation and test data of the tasks `planted/<file>`."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from ...errors import DataError, SaltbenchError
from ..files.long_format import Columns
from ..spec import TaskData
from .planted_files import TABLES
from .planting import planted
from .series_files import Series, opened, read_opened


def planted_file(seed: int, path: Path, digests: Sequence[str], **parameters: Any) -> TaskData:
    """Return `planted` of the series and labels in a file.

    Args:
        seed: of splits, new classes and windows.
        path: of an NPY array (samples, time, features), with labels in `<stem>.labels.npy` where there is such a file;
            of a table in long format, CSV or Parquet; or of a file of the UEA and UCR archives, ts or tsv.
        digests: SHA-256 that the files must have.
        **parameters: for a table id, time and label, the names of those columns, and columns, those of the features
            (none: all others); and what `planted` takes.

    Raises:
        DataError: the file cannot be read, has changed, or is not as described.
        SaltbenchError: see `planted`; the message begins with the file.
    """
    series, signal = series_of(path, digests, parameters)
    try:
        return planted(series.values, series.labels, series.lengths, seed=seed, **signal)
    except SaltbenchError as error:
        raise type(error)(f"{path.name}: {error}") from error


def series_of(path: Path, digests: Sequence[str], parameters: Mapping[str, Any]) -> tuple[Series, dict[str, Any]]:
    """Return the series in a file, (samples, time, features), and those of the parameters that `planted` takes.

    Raises:
        DataError: the file cannot be read, has changed, or is not as described.
    """
    columns = {key: parameters[key] for key in TABLES if key in parameters}
    with _unchanged(path, digests) as files:
        series = read_opened(files, path.name, _columns(**columns))
    return series, {key: value for key, value in parameters.items() if key not in TABLES}


def _columns(columns: Sequence[str] = (), **names: str) -> Columns:
    return Columns(**names, features=columns)


@contextmanager
def _unchanged(path: Path, digests: Sequence[str]) -> Iterator[Sequence[BinaryIO]]:
    with opened(path) as files:
        # a result's key holds the digests: other content must not be stored under it
        if [hashlib.file_digest(file, "sha256").hexdigest() for file in files] != list(digests):
            raise DataError(f"{path} or its labels changed during the run; run the same command again")
        for file in files:
            file.seek(0)
        yield files
