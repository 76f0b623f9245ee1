"""The ARMA tables of time_interpret, published beside measured."""

from collections.abc import Iterator, Sequence

from ..comparisons.published import Publication, compare, report
from ..leaderboards.finished_run import Result
from .reproduction import Reproduction

PUBLISHED_ARMA = Publication(
    "arma",
    error=0.00005,  # half of the last printed digit
    errors={"information:tint": 0.05, "entropy:tint": 0.05},
    runs=5,
)


def compare_arma(runs: Sequence[Result]) -> Iterator[str]:
    """Write published_vs_measured.csv into the run's folder, and yield the comparison line by line.

    Raises:
        StoreError: the file cannot be written, or another run holds the folder.

    Source: Enguehard, "Learning Perturbations to Explain Time Series Predictions", ICML 2023; the numbers are the means
    over the five folds of experiments/arma/results.csv in time_interpret (commit ebef7361).
    """
    (run,) = runs
    yield from report(compare(run.collection, PUBLISHED_ARMA), PUBLISHED_ARMA, run.folder)


ARMA = Reproduction(name="arma", suites=("arma",), present=compare_arma)
"""White boxes of which few features, or few time steps, are salient: the rows that are no learned masks."""
