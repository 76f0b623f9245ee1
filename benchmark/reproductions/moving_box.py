"""The source's figure of the moving box, published beside measured."""

from collections.abc import Iterator
from pathlib import Path

from ..comparisons.published import Publication, compare, report
from ..runs.console import execute, finish
from ..suites.registry import load_registries
from ..suites.suite import load_suite
from .moving_box_figure import draw_moving_box

MOVING_BOX = Publication("moving-box", error=0.003)  # as closely as its numbers can be read off the poster


def moving_box(results: Path, device: str, workers: int | None) -> Iterator[str]:
    """Run the suite moving-box as far as it is missing, draw its curves, and yield the comparison line by line.

    Args:
        results: parent of the folder moving-box.
        device: "auto", "cpu" or "cuda".
        workers: processes; None takes one a core.

    Raises:
        StoreError: a result cannot be read or written.
        SaltbenchError: a cell failed; all others are complete.
    """
    result = execute(load_suite(MOVING_BOX.name, load_registries()), results, device, workers)
    comparison = compare(result.collection, MOVING_BOX)
    yield from report(comparison, MOVING_BOX, result.folder)
    yield from (f"{path}" for path in draw_moving_box(comparison, result.table, result.folder))
    finish(result)
