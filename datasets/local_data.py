"""The folder of data sets that are not shipped."""

import os
from pathlib import Path

from ..errors import DataError

VARIABLE = "SALTBENCH_DATA"  # set by --data DIR; inherited by worker processes, and no part of a result's key
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
