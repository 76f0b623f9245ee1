"""The result of a run: leaderboard, scores, failures and figures."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..execution.collection import Collection
from ..execution.failures import Failure
from ..execution.stored.run import StoredRun
from ..storage.store import Store
from ..suites.suite import Suite


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        suite: what was run.
        device: on which, "cpu" or "cuda".
        table: the leaderboard.
        collection: the scores that it is made from.
        folder: where all results are.
        failures: the cells that have no scores.
        figures: paths of what was drawn.
    """

    suite: Suite
    device: str
    table: pd.DataFrame
    collection: Collection
    folder: Path
    failures: list[Failure]
    figures: list[Path] = field(default_factory=list)

    @property
    def stored(self) -> StoredRun:
        """What is stored of it."""
        return StoredRun(self.suite, Store(self.folder), self.device)
