"""What a run has cost so far, and what the rest of it will."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from ....methods.attributions.spec import MethodSpec
from ...suites.choice import Choice
from ...suites.registry import Registry
from ..plan import Job
from .run import EXAMPLES, MAPS, MODELS, StoredRun
from .standing import Standing

# round numbers of series of 100 × 100, right to a factor of two or so on the suites quick and table1: a folder with
# anything alike in it is asked first
TRAINING = 6.0  # seconds a network
EXPLAINING = 0.0005  # seconds a sample, beside:
FORWARD, BACKWARD = 4e-5, 1e-4  # seconds a row that passes through a network
UNKNOWN = 0.02  # seconds a sample, where the entry does not say how many pass
SCORING = 0.15  # seconds a cell, which are not recorded
TIME, FEATURES = 100, 100

Kind = tuple[str, ...]


@dataclass
class Measured:
    """Seconds by what they were spent on, from the most to the least particular."""

    seconds: dict[Kind, list[float]] = field(default_factory=lambda: defaultdict(list))

    def add(self, kinds: Iterable[Kind], seconds: float) -> None:
        """Note what was spent on something of these kinds."""
        for kind in kinds:
            self.seconds[kind].append(seconds)

    def expected(self, kinds: Iterable[Kind]) -> float | None:
        """Return the mean of the first of the kinds of which any was measured, None without one."""
        return next((fmean(self.seconds[kind]) for kind in kinds if kind in self.seconds), None)


@dataclass(frozen=True)
class Forecast:
    """What the rest of a run takes in one process.

    Attributes:
        training: seconds of training networks.
        explaining: seconds of explaining samples and scoring their maps.
        measured: how many trainings and cells are estimated by what such have cost in this folder.
        guessed: how many of them by saltbench's defaults.
    """

    training: float
    explaining: float
    measured: int
    guessed: int

    @property
    def seconds(self) -> float:
        """All of them together."""
        return self.training + self.explaining


def forecast(run: StoredRun, standing: Standing, methods: Registry[MethodSpec]) -> Forecast:
    """Return what the lacking cells and networks of a run will take, by what the stored ones took.

    Args:
        run: what is stored.
        standing: of the run.
        methods: what its methods are looked up in, for what nothing alike is stored of.

    Raises:
        StoreError: a result cannot be read.
    """
    trained, explained = _trained(run, standing), _explained(run, standing)
    trainings = [trained.expected(_of_network(job)) for job in standing.to_train]
    with_maps = {(id(job), method.name) for job, method in standing.explained}
    to_explain = [(job, method) for job, method in standing.lacking if (id(job), method.name) not in with_maps]
    cells = [explained.expected(_of_cell(job, method)) for job, method in to_explain]
    explaining = [
        by_entry(methods.get(method.name), method.parameters) * run.suite.samples if seconds is None else seconds
        for (_, method), seconds in zip(to_explain, cells, strict=True)
    ]
    expected = [*trainings, *cells]
    return Forecast(
        training=sum(TRAINING if seconds is None else seconds for seconds in trainings),
        explaining=sum(explaining) + SCORING * len(standing.lacking),
        measured=sum(seconds is not None for seconds in expected),
        guessed=sum(seconds is None for seconds in expected),
    )


def by_entry(spec: MethodSpec, parameters: Mapping[str, Any]) -> float:
    """Return about how many seconds a method explains a sample, by the passes that its entry says it needs."""
    if spec.is_reference:
        return 0.0
    cost = spec.cost_of(TIME, FEATURES, parameters)
    return UNKNOWN if cost is None else EXPLAINING + FORWARD * cost.forward + BACKWARD * cost.backward


def _trained(run: StoredRun, standing: Standing) -> Measured:
    measured = Measured()
    jobs = {id(job): job for job, _ in (*standing.done, *standing.lacking) if job.architecture is not None}
    for job in jobs.values() if standing.to_train else ():
        if (facts := run.store.facts(MODELS, job.model_key())) is not None:
            measured.add(_of_network(job), facts["seconds"])
    return measured


def _explained(run: StoredRun, standing: Standing) -> Measured:
    measured = Measured()
    for job, method in (*standing.done, *standing.explained) if standing.lacking else ():
        key = job.map_key(method)
        facts = run.store.facts(MAPS, key) or run.store.facts(EXAMPLES, key)
        if facts is not None:
            measured.add(_of_cell(job, method), facts["seconds"])
    return measured


def _of_network(job: Job) -> list[Kind]:
    assert job.architecture is not None
    return [(job.task.name, job.architecture.name), ("", job.architecture.name)]


def _of_cell(job: Job, method: Choice) -> list[Kind]:
    architecture = job.architecture.name if job.architecture else ""
    return [(job.task.name, architecture, method.name), ("", architecture, method.name), ("", "", method.name)]
