"""Table 1 of the source, published beside measured."""

from collections.abc import Iterator, Sequence

from ..comparisons.published import Publication, compare, report
from ..leaderboards.finished_run import Result
from .reproduction import Reproduction

PUBLISHED_TABLE1 = Publication("table1", error=0.0005)  # half of the last printed digit


def compare_table1(runs: Sequence[Result]) -> Iterator[str]:
    """Write published_vs_measured.csv into the run's folder, and yield the comparison line by line.

    Raises:
        StoreError: the file cannot be written, or another run holds the folder.
    """
    (run,) = runs
    yield from report(compare(run.collection, PUBLISHED_TABLE1), PUBLISHED_TABLE1, run.folder)


TABLE1 = Reproduction(name="table1", suites=("table1",), present=compare_table1)
