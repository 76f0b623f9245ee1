"""How far a run has come: which of its cells and networks are stored, and what is lacking."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ...storage.store import address
from ...suites.choice import Choice
from ..plan import Job
from .run import MAPS, MODELS, StoredRun, has_map, has_shared, scores_of

Planned = tuple[Job, Choice]


@dataclass(frozen=True)
class Standing:
    """What is stored of a run, and what is not.

    Attributes:
        done: the cells all of which is stored.
        lacking: the other cells.
        explained: those of the lacking whose maps are stored, so that they are to be scored alone.
        networks: how many networks the run has.
        stored_networks: how many of them are stored.
        to_train: a job of each network that is not stored and that a lacking cell needs.
    """

    done: Sequence[Planned]
    lacking: Sequence[Planned]
    explained: Sequence[Planned]
    networks: int
    stored_networks: int
    to_train: Sequence[Job]

    @property
    def cells(self) -> int:
        """The number of cells."""
        return len(self.done) + len(self.lacking)

    @staticmethod
    def of(run: StoredRun, asking: Collection[str] = ()) -> "Standing":
        """Return the standing of a run.

        Args:
            run: what is stored.
            asking: the metrics that ask the network.

        Raises:
            StoreError: a result cannot be read.
        """
        done: list[Planned] = []
        lacking: list[Planned] = []
        explained: list[Planned] = []
        networks: dict[str, bool] = {}
        to_train: dict[str, Job] = {}
        for job in run.jobs():
            is_shared = has_shared(job, run.store)
            lacked = [method for method in job.methods if not (is_shared and run.has(job, method))]
            done += [(job, method) for method in job.methods if method not in lacked]
            lacking += [(job, method) for method in lacked]
            mapped = [method for method in lacked if _is_explained(run, job, method)]
            explained += [(job, method) for method in mapped]
            if job.architecture is not None:
                network = address(job.model_key())
                if network not in networks:
                    networks[network] = run.store.has(MODELS, job.model_key())
                if not networks[network] and any(
                    method not in mapped or _asks(run, job, method, asking) for method in lacked
                ):
                    to_train.setdefault(network, job)
        return Standing(done, lacking, explained, len(networks), sum(networks.values()), list(to_train.values()))


def _is_explained(run: StoredRun, job: Job, method: Choice) -> bool:
    is_scored = not scores_of(job, method, run.store).lacking(job.protocol.metrics)
    # examples of maps are kept for figures, and cannot be scored
    return has_map(job, method, run.store) if is_scored else run.store.has(MAPS, job.map_key(method))


def _asks(run: StoredRun, job: Job, method: Choice, asking: Collection[str]) -> bool:
    return any(metric.name in asking for metric in scores_of(job, method, run.store).lacking(job.protocol.metrics))
