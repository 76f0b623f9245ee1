"""What of the source agrees with ours, counted over all reproductions."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ..comparisons.published import FILE
from ..leaderboards.results_folder import ResultsFolder
from ..storage.csv_tables import Layout, to_csv
from ..storage.files import write_atomically
from .entries import ENTRIES

COLUMNS = ["reproduction", "quantity", "compared", "agreeing", "disagreeing", "reason"]
# folders that a reproduction fills beside its own, where the user has the data
FURTHER = {one.name: tuple(follower.name for follower in one.followed_by) for one in ENTRIES}
NAMED = 8  # disagreeing numbers that a reason names one by one
AGREEMENT = ["quantity", "agrees"]  # columns of every published_vs_measured.csv


def summarise(results: Path, reproductions: Sequence[str], unfinished: Mapping[str, str]) -> pd.DataFrame:
    """Return one row a reproduction and quantity: how many comparisons with published numbers agree and disagree.

    Columns: reproduction, quantity (empty where nothing is compared), compared, agreeing, disagreeing, and reason: what
    disagrees and how many numbers are undecided for lack of seeds, or why nothing is compared.

    Args:
        results: parent of the reproductions' folders; what has a published_vs_measured.csv is counted.
        reproductions: names, in the order of the rows.
        unfinished: those that could not finish, with the reason; what their folders hold from earlier is not counted.

    Raises:
        StoreError: a table cannot be read.
    """
    rows: list[dict[str, Any]] = []
    for name in reproductions:
        rows += _rows(name, results / name, unfinished.get(name))
        further = [folder for folder in FURTHER.get(name, ()) if (results / folder / FILE).is_file()]
        rows += [row for folder in further if name not in unfinished for row in _rows(folder, results / folder, None)]
    return pd.DataFrame(rows, columns=COLUMNS)


def report_agreement(summary: pd.DataFrame, results: Path) -> Iterator[str]:
    """Write results/summary.csv, and yield it as a table for people.

    Raises:
        StoreError: the file cannot be written.
    """
    path = results / "summary.csv"
    write_atomically(path, to_csv(summary))
    yield f"{'reproduction':14}{'quantity':26}{'compared':>8}{'agreeing':>10}{'disagreeing':>13}"
    for row in summary.itertuples():
        yield f"{row.reproduction:14}{row.quantity:26}{row.compared:8d}{row.agreeing:10d}{row.disagreeing:13d}"
        if row.reason:
            yield f"    {row.reason}"
    compared, agreeing = summary.compared.sum(), summary.agreeing.sum()
    yield f"{agreeing} of {compared} comparisons with published numbers agree; details in {path}"


def _rows(name: str, folder: Path, problem: str | None) -> Iterator[dict[str, Any]]:
    if problem is not None:
        yield _nothing(name, f"did not finish: {problem}")
    elif not (folder / FILE).is_file():
        yield _nothing(name, "no number was published for it")
    else:
        table = ResultsFolder(folder).read(FILE, Layout(AGREEMENT))
        for quantity, rows in table.groupby("quantity", sort=False):
            agrees = rows.agrees.value_counts()
            yield {
                "reproduction": name,
                "quantity": quantity,
                "compared": len(rows),
                "agreeing": int(agrees.get("yes", 0)),
                "disagreeing": int(agrees.get("no", 0)),
                "reason": _reason(name, rows),
            }


def _nothing(name: str, reason: str) -> dict[str, Any]:
    return {"reproduction": name, "quantity": "", "compared": 0, "agreeing": 0, "disagreeing": 0, "reason": reason}


def _reason(name: str, rows: pd.DataFrame) -> str:
    identity = list(rows.columns[: list(rows.columns).index("quantity")])
    named = [" ".join(filter(None, map(str, row))) for row in rows.loc[rows.agrees == "no", identity].to_numpy()]
    if len(named) > NAMED:
        named[NAMED:] = [f"and {len(named) - NAMED} more"]
    undecided = int((~rows.agrees.isin(["yes", "no"])).sum())
    parts = [f"disagreeing: {', '.join(named)}; causes in {name}/{FILE}"] if named else []
    return "; ".join(parts + ([f"{undecided} undecided for lack of seeds"] if undecided else []))
