"""What a results folder holds that every run of its suite writes alike, whatever interrupts it."""

import json
from pathlib import Path

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import RECORD, canonical

# what tells the time, and what is held
OF_A_RUN = ("cost.csv", "cost.png", RECORD, ".lock")
PROVENANCE = "provenance.json"


def lasting(folder: Path) -> dict[str, bytes]:
    """The files that every run of the suite writes alike, by path."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name not in (*OF_A_RUN, PROVENANCE))
    found = {str(path.relative_to(folder)): path.read_bytes() for path in files}
    return {**found, PROVENANCE: without_times(folder)}


def without_times(folder: Path) -> bytes:
    """The provenance without the digest of the table of times, which two runs measure differently."""
    content = json.loads((folder / PROVENANCE).read_bytes())
    del content["tables"]["cost.csv"], content["digest"]
    return canonical(content)


def stored(folder: Path) -> dict[str, bytes]:
    """The files of whole stored results, by path; what is half-written is not entered, for it may vanish any time."""
    kinds = (kind for kind in folder.glob("*") if kind.is_dir() and not kind.name.startswith(TEMPORARY))
    results = (result for kind in kinds for result in kind.glob("*") if not result.name.startswith(TEMPORARY))
    files = (path for result in results for path in result.glob("*") if path.name != RECORD)
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def temporary(folder: Path) -> list[Path]:
    """What a killed run left half-written."""
    return list(folder.rglob(f"{TEMPORARY}*"))
