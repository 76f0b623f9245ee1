"""Notes on standard error about the results that a command read."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..storage.output import note

if TYPE_CHECKING:  # the command line loads it where a command reads results
    from ..leaderboards.results_folder import ResultsFolder


def note_unverified(*folders: "ResultsFolder", others: Sequence[str] = ()) -> None:
    """Tell the user, in one line, which tables that were read no provenance vouches for.

    Args:
        folders: whose leaderboards were read.
        others: names of tables that were read beside them.

    Raises:
        StoreError: a provenance.json is damaged, or a newer saltbench wrote it.
    """
    if found := dict.fromkeys(table for folder in folders for table in folder.unverified(others)):
        note(f"not verified, no provenance.json beside it has its digest: {', '.join(map(str, found))}")
