"""What is called on a Dask worker.

The scheduler imports this module, too, since Dask sends functions by name: nothing heavy is imported here, and what
crosses is made of Python's own types.
"""

from collections.abc import Sequence
from typing import Any, TypedDict

from distributed import Worker, get_worker

Crossing = tuple[str, dict[str, Any], dict[str, Any], dict[str, bytes]]  # a stored result: kind, key, facts, files
Order = tuple[tuple[str, str, int], tuple[str, ...], bool]  # a unit: its job's place, methods, whether it is a cell


class Reply(TypedDict):
    """What a worker answers about a unit.

    Attributes:
        failures: the fields of each cell that failed.
        ended: class and text of the error that ends the run, if any.
        parts: stored results that the client lacks.
        seen: places of results that the worker has written where the client can read them.
        worker: its address.
    """

    failures: list[tuple[Any, ...]]
    ended: tuple[str, str] | None
    parts: list[Crossing]
    seen: list[str]
    worker: str


class Greeting(TypedDict):
    """What a worker says of itself.

    Attributes:
        refusal: why it cannot take part; empty if it can.
        answer: name of the file that it wrote beside the token; empty where it does not see that.
    """

    refusal: str
    answer: str


def compute_unit(run: str, order: Order, parts: Sequence[Crossing]) -> Reply:
    """Compute a unit of a run on the worker that calls this."""
    reply: Reply = get_worker().plugins[run].compute(order, parts)  # type: ignore[attr-defined]
    return reply


def greet(run: str, dask_worker: Worker) -> Greeting:
    """Return what a worker says of itself; Dask gives the worker that calls this."""
    greeting: Greeting = dask_worker.plugins[run].greet()  # type: ignore[attr-defined]
    return greeting


def share(run: str, dask_worker: Worker) -> None:
    """Let a worker write results where the client reads them; Dask gives the worker that calls this."""
    dask_worker.plugins[run].share()  # type: ignore[attr-defined]


def versions() -> dict[str, str]:
    """Return the versions on the worker that calls this on which results depend."""
    from .versions import own_versions

    return own_versions()
