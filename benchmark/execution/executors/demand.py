"""What a run asks of a cluster."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...storage.store import Store
from ...suites.suite import Suite


@dataclass(frozen=True)
class Demand:
    """What a run asks of a cluster.

    Attributes:
        suite: whose cells are computed.
        device: "cpu" or "cuda".
        plugins: files whose entries it uses.
        store: where results go.
        timeout: seconds that a cell may take; None for any time.
        memory: bytes that explaining may take on a worker; None for a quarter of what that has.
        announce: is called with what the user should know.
    """

    suite: Suite
    device: str
    plugins: Sequence[Path]
    store: Store
    timeout: float | None
    memory: int | None
    announce: Callable[[str], None]
