"""What the maps of a suite report and what removing it costs: tables, charts and lines for people."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from ...errors import ParameterError
from ..storage.csv_tables import to_csv
from ..suites.provenance import open_results, write_tables
from .analysis import RemovalTables
from .charts import SALIENCY, draw_removal, draw_reported
from .summary import report_curves


def check_trained(tables: RemovalTables) -> None:
    """Refuse tables without a map to report on.

    Raises:
        ParameterError: no network was trained.
    """
    if tables.reported.empty:
        raise ParameterError("no network was trained, so that there is no map to report on; see the failed cells")


def write_removal(
    reported: pd.DataFrame,
    removal: pd.DataFrame,
    folder: Path,
    published_reported: pd.DataFrame | None = None,
    published_removal: pd.DataFrame | None = None,
    method: str = SALIENCY,
) -> Iterator[str]:
    """Write reported.csv, removal.csv and the charts of a method into folder, and yield what all of them say.

    Args:
        reported: as `summarise_reported` returns it.
        removal: as `summarise_removal` returns it.
        folder: of the suite's results.
        published_reported: what a source published of it, for a panel beside, see `draw_reported`.
        published_removal: the same of removal, see `draw_removal`.
        method: whose maps the charts show.

    Raises:
        StoreError: a file cannot be written, or another run holds the folder.
    """
    tables = {"reported.csv": reported, "removal.csv": removal}
    with open_results(folder):
        write_tables(folder, {name: to_csv(table) for name, table in tables.items()})
        figures = [
            *draw_reported(reported, folder, published_reported, method),
            *draw_removal(removal, folder, published_removal, method),
        ]
    yield from report_curves(reported, removal)
    yield from (f"{path}" for path in (*(folder / name for name in tables), *figures))
