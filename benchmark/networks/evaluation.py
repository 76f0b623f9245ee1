"""The table that `evaluate` returns: all columns of a leaderboard, of which few are shown."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from ..leaderboards.columns import metric_names
from ..leaderboards.score_columns import READABLE

MOST = 5  # metrics that are shown


class Evaluation(pd.DataFrame):  # type: ignore[misc]
    """A leaderboard that shows itself in a few columns; what is computed from it is a plain DataFrame."""

    @property
    def _constructor(self) -> Any:
        return pd.DataFrame

    @staticmethod
    def of(table: pd.DataFrame) -> "Evaluation":
        """Return a leaderboard whose `at_chance` and `needs_truth` are true, false, or NA where there is no network."""
        marks: Mapping[str, bool] = {"true": True, "false": False}
        known = {name: table[name].map(marks).astype("boolean") for name in ("at_chance", "needs_truth")}
        return Evaluation(table.assign(**known))

    def brief(self) -> pd.DataFrame:
        """Return what is shown: tasks if several, methods, statuses if not all ok, accuracy, chance, mean scores."""
        names = metric_names(self)
        scores = [name for name in READABLE if name in names] or names[:MOST]
        status = [] if (self.status == "ok").all() else ["status"]
        task = [] if self.task.nunique() <= 1 else ["task"]
        return self[[*task, "method", *status, "accuracy", "at_chance", *scores]].round(3)

    def __repr__(self) -> str:
        return f"{self.brief()!r}\n\n{self._note()}"

    def _repr_html_(self) -> str:
        """Return the brief table, for notebooks: without numbers of rows, and empty where there is no network."""
        shown = self.brief()
        marked = shown.assign(at_chance=shown.at_chance.astype(object).where(shown.at_chance.notna(), ""))
        return f"{marked.to_html(index=False, na_rep='')}<p>{self._note()}</p>"

    def _note(self) -> str:
        hidden = len(self.columns) - len(self.brief().columns)
        return f"{hidden} further columns, bounds and reasons among them: pandas.DataFrame(table) shows all"
