"""Table 1 of the source, published beside measured."""

from collections.abc import Iterator
from pathlib import Path

from ..comparisons.published import Publication, compare, report
from ..runs.console import execute, finish
from ..suites.registry import load_registries
from ..suites.suite import load_suite

TABLE1 = Publication("table1", error=0.0005)


def table1(results: Path, device: str, workers: int | None) -> Iterator[str]:
    """Run the suite table1 as far as it is missing, and yield its comparison with the source line by line.

    Args:
        results: parent of the folder table1.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.

    Raises:
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    result = execute(load_suite(TABLE1.name, load_registries()), results, device, workers)
    yield from report(compare(result.collection, TABLE1), TABLE1, result.folder)
    finish(result)
