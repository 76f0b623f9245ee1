"""The source's figure of the moving box, published beside measured."""

from collections.abc import Iterator, Sequence

from ..comparisons.published import Publication, compare, report
from ..leaderboards.finished_run import Result
from .moving_box_figure import draw_moving_box
from .reproduction import Reproduction

PUBLISHED_CURVES = Publication("moving-box", error=0.003)  # as closely as its numbers can be read off the poster


def compare_curves(runs: Sequence[Result]) -> Iterator[str]:
    """Write published_vs_measured.csv and the curves into the run's folder, and yield the comparison line by line.

    Raises:
        StoreError: a file cannot be written, or another run holds the folder.
    """
    (run,) = runs
    comparison = compare(run.collection, PUBLISHED_CURVES)
    yield from report(comparison, PUBLISHED_CURVES, run.folder)
    yield from (f"{path}" for path in draw_moving_box(comparison, run.table, run.folder))


MOVING_BOX = Reproduction(name="moving-box", suites=("moving-box",), present=compare_curves)
