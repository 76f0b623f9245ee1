"""A leaderboard in the formats people paste, read and compute with."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...errors import ParameterError
from ..leaderboards.results_folder import ResultsFolder, narrow
from ..suites.registry import Registries
from .registry import LEADERBOARD, format_named


@dataclass(frozen=True, kw_only=True)
class View:
    """What of a leaderboard is shown.

    Attributes:
        metrics, tasks, architectures, methods: shell patterns of names, or `tag:` and one of tags; none for all, of
            metrics the readable few in tables for readers.
        across: "tasks" or "architectures" for a table of one score with a column for each of them.
        standalone: LaTeX as a whole document.
    """

    metrics: Sequence[str] = ()
    tasks: Sequence[str] = ()
    architectures: Sequence[str] = ()
    methods: Sequence[str] = ()
    across: str = ""
    standalone: bool = False

    def of(self, results: ResultsFolder, registries: Registries) -> ResultsFolder:
        """Return the results with the rows that are shown.

        Raises:
            UnknownNameError: a pattern that matches nothing.
            StoreError: the leaderboard is damaged.
        """
        patterns = {"tasks": self.tasks, "architectures": self.architectures, "methods": self.methods}
        return narrow(results, registries=registries, **patterns)[0]


def render(results: ResultsFolder, form: str, view: View, registries: Registries) -> bytes:
    """Return the leaderboard in a format of `LEADERBOARD`, text in UTF-8.

    Raises:
        UnknownNameError: another format, or a pattern that matches nothing.
        ParameterError: an option that the format does not know.
        StoreError: the leaderboard or a file beside it is damaged.
    """
    chosen = format_named(form, LEADERBOARD)
    for option, value in vars(view).items():
        if value and option not in chosen.options:
            able = ", ".join(name for name, other in LEADERBOARD.items() if option in other.options)
            raise ParameterError(f"--{option} is for the formats {able}, got {form}; leave it out")
    return chosen.write(results, view, registries)
