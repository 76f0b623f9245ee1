"""The poster's two charts of task fMRI, published beside measured."""

import csv
from collections.abc import Iterator
from typing import Any

import pandas as pd

from ...comparisons.published import UNEXPLAINED, agreement, published_text
from ...statistics.intervals import Interval

METHOD = "saliency"  # the source's
ERROR = 0.005  # as closely as its numbers can be read off the poster
OTHER_DATA = "other data: the source's networks saw the HCP, these saw a simulation"
ON_TASK, DROP = "on_task", "accuracy_drop"
PERCENT = 100


def published_fmri() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the poster's charts with all numbers as shares.

    Columns of the first: architecture, reported, on_task; of the second: architecture, ranked_by, removed,
    accuracy_drop.
    """
    reported, removal = (_read(f"fmri_{name}.csv") for name in ("reported", "removal"))
    return reported, removal


def compare_fmri(reported: pd.DataFrame, removal: pd.DataFrame) -> pd.DataFrame:
    """Return one row a published number and, for a drop, a replacement: the source does not state its own.

    A published number is taken as one run; it agrees if it lies, allowing for how closely it can be read off the
    poster, in the 95 % interval in which one further run of ours is expected. Nothing is lost where nothing is
    removed, so that this is not compared.

    Columns: task, architecture, ranked_by, replacement, share (of the entries that are reported or removed), quantity
    (on_task or accuracy_drop), published, seeds, measured, low and high (95 % of the mean), run_low and run_high
    (95 % of one further run), agrees (yes or no; unknown without two seeds), reason.

    Args:
        reported: as `summarise_reported` returns it.
        removal: as `summarise_removal` returns it.
    """
    on_task, drops = published_fmri()
    ours = reported[reported.method == METHOD].assign(ranked_by=reported.architecture, replacement="")
    first = ours.merge(on_task, on=["architecture", "reported"], suffixes=("", "_published"))
    theirs = drops[drops.removed > 0]
    keys = ["architecture", "ranked_by", "removed"]
    second = removal[removal.method == METHOD].merge(theirs, on=keys, suffixes=("", "_published"))
    rows = [_row(row, ON_TASK, row["reported"]) for row in first.to_dict("records")]
    return pd.DataFrame(rows + [_row(row, DROP, row["removed"]) for row in second.to_dict("records")])


def report_comparison(table: pd.DataFrame) -> Iterator[str]:
    """Yield how many published numbers agree, a line for each chart."""
    for quantity, rows in table.groupby("quantity", sort=False):
        line = f"{quantity}: {(rows.agrees == 'yes').sum()} of {len(rows)} comparisons with published numbers agree"
        undecided = (rows.agrees == "unknown").sum()
        yield f"{line}, {undecided} are undecided for lack of seeds" if undecided else line


def _row(row: dict[str, Any], quantity: str, share: float) -> dict[str, Any]:
    run = Interval(row[quantity], row[f"{quantity}_run_low"], row[f"{quantity}_run_high"])
    agrees = agreement(row[f"{quantity}_published"], run, ERROR)
    why = OTHER_DATA if row["task"] == "fmri/simulated" else UNEXPLAINED
    return {
        **{name: row[name] for name in ("task", "architecture", "ranked_by", "replacement")},
        "share": share,
        "quantity": quantity,
        "published": row[f"{quantity}_published"],
        "seeds": row["seeds"],
        "measured": run.mean,
        "low": row[f"{quantity}_low"],
        "high": row[f"{quantity}_high"],
        "run_low": run.low,
        "run_high": run.high,
        "agrees": agrees,
        "reason": "" if agrees == "yes" else why,
    }


def _read(name: str) -> pd.DataFrame:
    rows = csv.DictReader(published_text(name).splitlines())
    return pd.DataFrame([{key: _share(value) for key, value in row.items()} for row in rows])


def _share(text: str) -> str | float:
    try:
        return float(text) / PERCENT
    except ValueError:
        return text
