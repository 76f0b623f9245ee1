"""The figures of a run, drawn from the tables of its folder and the maps beside them."""

import hashlib
from collections.abc import Collection
from pathlib import Path

from ..figures.draw import FIGURES, draw_figures, drawn_metric
from ..leaderboards.results_folder import ResultsFolder
from ..storage.files import explained, write_atomically
from ..suites.registry import Registries

SUFFIX = ".png"


def draw_changed(folder: Path, registries: Registries, changed: Collection[str] | None) -> dict[str, str]:
    """Draw figures of a run, and return the digest of each by its file's name; empty of one that cannot be drawn.

    Args:
        folder: of the results.
        registries: of its entries.
        changed: the names of the files that are to be drawn; None for all.

    Raises:
        StoreError: a result cannot be read, or a file not be written.
    """
    results, digests = ResultsFolder(folder), dict[str, str]()

    def write(path: Path, content: bytes) -> None:
        write_atomically(path, content)
        digests[path.name] = hashlib.sha256(content).hexdigest()

    names = [name for name in FIGURES if changed is None or f"{name}{SUFFIX}" in changed]
    metric = drawn_metric(results, None, registries.metrics)
    for drawn in draw_figures(results, metric, (SUFFIX[1:],), folder, write, names):
        if not drawn.paths:  # an earlier run's would not show this leaderboard
            path = folder / f"{drawn.name}{SUFFIX}"
            with explained(path):
                path.unlink(missing_ok=True)
            digests[path.name] = ""
    return digests
