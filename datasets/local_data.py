"""Where the user keeps data that saltbench does not ship."""

import os
from pathlib import Path

VARIABLE = "SALTBENCH_DATA"  # set by --data DIR; inherited by worker processes, and no part of a result's key
HOW = f"--data DIR or {VARIABLE}=DIR"


def local_folder(name: str) -> Path | None:
    """Return the folder of a data set: the one that the environment variable names, or `name` inside it; or None."""
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    folder = Path(given)
    return folder / name if (folder / name).is_dir() else folder
