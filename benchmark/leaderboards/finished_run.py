"""The result of a run: leaderboard, scores, failures and figures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas as pd

from ..execution.collection import GONE, Collection, collect
from ..execution.failures import Failure
from ..execution.stored.run import StoredRun
from ..storage.store import Store
from ..suites.suite import Suite
from .results_folder import ResultsFolder


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes:
        suite: what was run.
        device: on which, "cpu" or "cuda".
        made: the leaderboard that the run made; None where it left that of an earlier run as it was.
        gathered: the scores that the run read; None where it needed none.
        folder: where all results are.
        failures: the cells that have no scores.
        figures: paths of what was drawn.
    """

    suite: Suite
    device: str
    made: pd.DataFrame | None
    gathered: Collection | None
    folder: Path
    failures: list[Failure]
    figures: Sequence[Path] = field(default_factory=list)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The leaderboard, one row for each task, architecture and method.

        Raises:
            StoreError: it was changed since the run.
        """
        return ResultsFolder(self.folder).table if self.made is None else self.made

    @cached_property
    def collection(self) -> Collection:
        """The scores that the leaderboard is made from.

        Raises:
            StoreError: a result cannot be read.
        """
        return self.gathered or collect(self.suite, self.stored.store, self.device, self.failures, GONE)

    @property
    def stored(self) -> StoredRun:
        """What is stored of it."""
        return StoredRun(self.suite, Store(self.folder), self.device)
