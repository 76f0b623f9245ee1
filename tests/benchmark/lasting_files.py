"""What a results folder holds that every run of its suite writes alike, whatever interrupts it."""

import json
import os
from pathlib import Path

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.index_file import FOLDER as INDEX
from saltbench.benchmark.storage.store import RECORD, canonical

# what tells the time, and what is held
OF_A_RUN = ("cost.csv", "cost.png", RECORD, ".lock")
PROVENANCE = "provenance.json"


def lasting(folder: Path) -> dict[str, bytes]:
    """The files that every run of the suite writes alike, by path."""
    every = (path for path in folder.rglob("*") if path.parent.name != INDEX)  # which holds the times of files
    files = (path for path in every if path.is_file() and path.name not in (*OF_A_RUN, PROVENANCE))
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {**found, PROVENANCE: without_times(folder)}


def without_times(folder: Path) -> bytes:
    """The provenance without the digest of the table of times, which two runs measure differently."""
    content = json.loads((folder / PROVENANCE).read_bytes())
    del content["tables"]["cost.csv"], content["digest"]
    return canonical(content)


def stored(folder: Path) -> dict[str, bytes]:
    """The files of whole stored results, by path; what is half-written is not entered, for it may vanish any time."""
    found = {}
    for place, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(TEMPORARY) and name != INDEX]
        if Path(place) != folder:
            paths = (Path(place, name) for name in files if name != RECORD)
            found |= {str(path.relative_to(folder)): path.read_bytes() for path in paths}
    return found


def temporary(folder: Path) -> list[Path]:
    """What a killed run left half-written."""
    return list(folder.rglob(f"{TEMPORARY}*"))
