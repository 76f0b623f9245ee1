"""What explaining costs: seconds a sample, collected from the cells of a run."""

import math

import pandas as pd

from ..execution.collection import ID, Collection
from ..storage.csv_tables import Layout
from .columns import IDENTITY

COST = "cost.csv"
COLUMNS = [*IDENTITY, "seconds_per_sample", "samples", "seeds"]
LAYOUT = Layout(IDENTITY, COLUMNS[len(IDENTITY) :], IDENTITY)


def cost(collection: Collection) -> pd.DataFrame:
    """Return what a sample's map cost, one row a task, architecture and method that explains a network.

    Seconds are of the wall clock, from the call of the method to the map; training and metrics are not in them. They
    are the mean over seeds, each cell measured once when it was computed, with whatever else the machine did at that
    time: the table is the one result of a run that another run does not repeat byte for byte. A row with a cell that is
    not ok, or whose seconds were not recorded, has empty seconds.

    Returns:
        task, architecture, method, seconds_per_sample, samples (explained in all seeds together) and seeds.
    """
    trained = collection.cells[collection.cells.architecture != ""]
    if collection.scores.empty:
        cells = trained.assign(samples=0)
    else:
        counts = collection.scores.groupby(ID).size().rename("samples").reset_index()
        cells = trained.merge(counts, how="left", on=ID).fillna({"samples": 0})
    cells["seconds_per_sample"] = cells.seconds / cells.samples if "seconds" in cells else math.nan
    grouped = cells.groupby(IDENTITY, sort=False)
    table = pd.DataFrame(
        {
            "seconds_per_sample": grouped.seconds_per_sample.agg(lambda seconds: seconds.mean(skipna=False)),
            "samples": grouped.samples.sum().astype(int),
            "seeds": grouped.size(),
        }
    )
    return table.reset_index()[COLUMNS]
