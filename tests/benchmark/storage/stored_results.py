"""A result that is stored, and what a store leaves in its folder."""

from pathlib import Path

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import Artifact

KEY = {"task": {"name": "box/größer", "parameters": {"shift": 1.0, "boxes": [[0, 1]]}}, "seed": 3}
SOUND = Artifact(KEY, {"seconds": 0.25, "note": "\u0978é"}, {"weights": b"\x00\x01\x02", "scores": b"PAR1"})


def leftovers(root):
    return [path for path in Path(root).rglob("*") if path.name.startswith(TEMPORARY)]


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}
