"""What a run leaves."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..execution.collection import Collection
from ..execution.failures import Failure


@dataclass(frozen=True)
class Result:
    """What a run leaves: leaderboard, collected scores, the folder of both, the cells that failed, and the figures."""

    table: pd.DataFrame
    collection: Collection
    folder: Path
    failures: list[Failure]
    figures: list[Path] = field(default_factory=list)
