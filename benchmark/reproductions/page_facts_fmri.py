"""What the section on task fMRI in results/README.md is filled with."""

from pathlib import Path

import pandas as pd

from ..comparisons.published import FILE
from ..leaderboards.results_folder import ResultsFolder
from ..storage.csv_tables import Layout
from ..style.numbers import markdown, percent, span, three
from .fmri.published_charts import DROP, METHOD, ON_TASK
from .page_facts import RANDOM, count_networks, pivot, read_leaderboard

BRAINS = "brain_maps.png"
CURVE = ["architecture", "ranked_by", "replacement"]  # what a line of the comparison's tables is


def collect_fmri_facts(folder: Path) -> dict[str, str]:
    """Return the facts of the section on task fMRI.

    Raises:
        StoreError: a table is damaged or lacks a row.
    """
    board = read_leaderboard(folder)
    rows = ResultsFolder(folder).rows
    comparison = rows(FILE, Layout(["task", *CURVE, "quantity", "agrees"], ["share", "published", "measured"]))
    reported = rows("reported.csv", Layout(["architecture", "method"], ["reported", "on_task", "chance"]))
    removal = rows("removal.csv", Layout([*CURVE, "method"], ["removed", DROP]))
    most = removal.table.removed.max()
    at_random = removal.where(method=RANDOM, removed=most).table[DROP]
    on_task, drops = (comparison.where(quantity=quantity).table for quantity in (ON_TASK, DROP))
    return {
        **count_networks(board),
        "on_task": _beside(comparison.path, on_task, ["architecture"]),
        "on_task_agreeing": str((on_task.agrees == "yes").sum()),
        "on_task_compared": str(len(on_task)),
        "chance": percent(reported.where(method=METHOD).table.chance.mean()),
        "drops": _beside(comparison.path, drops, CURVE),
        "drops_agreeing": str((drops.agrees == "yes").sum()),
        "drops_compared": str(len(drops)),
        "most": percent(most),
        "random_drop": span(at_random, percent),
        "brains": _brains(folder),
        "random": three(board.where(method=RANDOM).number("weighted_jaccard")),
        "best": three(board.table[board.table.architecture != ""].weighted_jaccard.max()),
    }


def _beside(path: Path, rows: pd.DataFrame, curve: list[str]) -> str:
    """Return a table with a line for each curve, published above measured, and a column for each share."""
    parts = [
        rows.assign(numbers=name, value=[percent(value) for value in rows[name]]) for name in ("published", "measured")
    ]
    table = pd.concat(parts).assign(share=lambda both: [f"{share:.0%}" for share in both.share])
    return markdown(pivot(path, table.sort_values(curve, kind="stable"), [*curve, "numbers"], "share", "value"))


def _brains(folder: Path) -> str:
    if not (folder / BRAINS).is_file():
        return "No brain maps were drawn: they need `pip install '.[fmri]'`.\n"
    image = f"![Salient parcels on the cortex at three time steps, the truth and each network]({folder.name}/{BRAINS})"
    return (
        f"{image}\n\n**What it shows.** One sample of working memory on the cortex at three time steps: the parcels "
        "that are active in truth, and those that each network's map reports.\n"
    )
