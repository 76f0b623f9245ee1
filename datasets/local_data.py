"""The folder of data sets that are not shipped, and copies of files that another machine sent."""

import hashlib
import os
from pathlib import Path

from ..errors import DataError

VARIABLE = "SALTBENCH_DATA"  # set by --data DIR; inherited by worker processes, and no part of a result's key
COPIES = "SALTBENCH_COPIES"  # on a worker of a cluster: the folder of the copies, by the digests of their paths
HOW = f"--data DIR or {VARIABLE}=DIR"


def look_in(folder: Path | None) -> None:
    """Tell this process and its workers where the user keeps the data; None leaves what the variable names."""
    if given := folder or os.environ.get(VARIABLE):
        os.environ[VARIABLE] = str(Path(given).absolute())


def local_folder(name: str) -> Path | None:
    """Return the folder of a data set: the one that the environment variable names, or `name` inside it; or None.

    Raises:
        DataError: a path that the system refuses.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    folder = Path(given)
    try:
        return folder / name if (folder / name).is_dir() else folder
    except OSError as error:  # a name that is too long, or a folder that is closed to this user
        raise DataError(f"{given} cannot be read: {error.strerror}; give another folder ({HOW})") from error


def copy_of(place: str, copies: Path) -> Path:
    """Return where a folder of copies has the one of a file, by the path that the user gave."""
    return copies / hashlib.sha256(os.fsencode(place)).hexdigest()[:32] / Path(place).name


def local_file(place: str) -> Path:
    """Return the path of a file that the user named: of its copy, where another machine sent one."""
    copies = os.environ.get(COPIES)
    copy = copy_of(place, Path(copies)) if copies else None
    return copy if copy is not None and copy.is_file() else Path(place)
