"""What a store holds of the cells of a job, to be sent or copied to another store."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...storage.store import Artifact, Store, address
from ...suites.choice import Choice
from ..plan import Job
from .run import EXAMPLES, MAPS, MODELS, SAMPLES, SCORES, YARDSTICKS
from .truth_use import KIND, stored_truth_use


@dataclass(frozen=True)
class Part:
    """A stored result and the kind under which it is stored."""

    kind: str
    artifact: Artifact

    @property
    def place(self) -> str:
        """Where it stands in every store that holds it."""
        return f"{self.kind}/{address(self.artifact.key)}"


def parts_of(job: Job, methods: Iterable[Choice], store: Store) -> Iterator[Part]:
    """Yield what is stored of methods of a job, and what they share: samples, yardsticks, the network, its truth's use.

    Raises:
        StoreError: a result cannot be read.
    """
    yield from _one(store, SAMPLES, job.data_key())
    yield from _all(store, YARDSTICKS, job.data_key())
    if job.architecture:
        yield from _one(store, MODELS, job.model_key())
        if (use := stored_truth_use(job, store)) is not None:
            yield Part(KIND, use)
    for method in methods:
        yield from own_parts(job, method, store)


def own_parts(job: Job, method: Choice, store: Store) -> Iterator[Part]:
    """Yield what is stored of a cell alone: its maps or examples of them, and its scores.

    Raises:
        StoreError: a result cannot be read.
    """
    key = job.map_key(method)
    for kind in (MAPS, EXAMPLES):
        yield from _one(store, kind, key)
    yield from _all(store, SCORES, key)


def _one(store: Store, kind: str, key: Mapping[str, Any]) -> Iterator[Part]:
    if (found := store.get(kind, key)) is not None:
        yield Part(kind, found)


def _all(store: Store, kind: str, key: Mapping[str, Any]) -> Iterator[Part]:
    group = f"{kind}/{address(key)}"
    yield from (Part(group, artifact) for artifact in store.all(group))
