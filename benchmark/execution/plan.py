"""The plan of a run: which models are trained, which cells are scored, and the keys their results stand under."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import numpy as np

from ..suites.choice import Choice
from ..suites.repetitions import Levels, repetitions
from ..suites.suite import Suite
from ..suites.training_recipe import Recipe

Place = tuple[str, str, int]  # task, architecture (empty for reference methods), repetition


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """What all jobs of a run share."""

    metrics: tuple[Choice, ...]
    samples: int
    target: str
    output: str
    training: Recipe
    device: str
    keep_maps: bool
    training_version: int

    @staticmethod
    def of(suite: Suite, device: str) -> "Protocol":
        """Return the protocol of a suite on a device type."""
        return Protocol(
            metrics=suite.metrics,
            samples=suite.samples,
            target=suite.target,
            output=suite.output,
            training=suite.training,
            device=device,
            keep_maps=suite.keep_maps,
            training_version=suite.training_version,
        )

    def training_as_json(self) -> dict[str, Any]:
        """Return the recipe, and which version of training followed it: the first one did not say so."""
        version = {"version": self.training_version} if self.training_version > 1 else {}
        return {**vars(self.training), **version}


@dataclass(frozen=True)
class Seeds:
    """Independent seeds of one repetition.

    All tasks of a repetition share them: box tasks then differ in their boxes alone, not in noise and labels, and rows
    of different tasks are paired, not independent.
    """

    data: int
    training: int
    attribution: int

    @staticmethod
    @cache  # keys are made for every cell of a run
    def of(repetition: int) -> "Seeds":
        """Return the seeds derived from a repetition's number."""
        data, training, attribution = np.random.SeedSequence(repetition).generate_state(3)
        return Seeds(int(data), int(training), int(attribution))

    @staticmethod
    def at(levels: Levels) -> "Seeds":
        """Return each factor's seed of the repetition that its level names."""
        data, training, attribution = map(Seeds.of, levels)
        return Seeds(data.data, training.training, attribution.attribution)


@dataclass(frozen=True)
class Job:
    """One unit of work: a model with its methods, or (without an architecture) the reference methods of a task."""

    protocol: Protocol
    task: Choice
    architecture: Choice | None
    methods: tuple[Choice, ...]
    repetition: int
    levels: Levels

    @cached_property
    def seeds(self) -> Seeds:
        """The seeds of data, training and attribution."""
        return Seeds.at(self.levels)

    @property
    def place(self) -> "Place":
        """What tells the job from all others of its suite."""
        return self.task.name, self.architecture.name if self.architecture else "", self.repetition

    def describe(self) -> str:
        """Return the job in words, for progress and messages."""
        what = self.architecture.name if self.architecture else "reference methods"
        return f"{self.task.name} {what} seed {self.repetition}"

    def data_key(self) -> dict[str, Any]:
        """Return all that determines the data and its split into explained samples."""
        return {"task": self.task.as_json(), "data_seed": self.seeds.data, "samples": self.protocol.samples}

    def model_key(self) -> dict[str, Any]:
        """Return all that determines the trained weights."""
        assert self.architecture is not None
        return {
            "task": self.task.as_json(),
            "data_seed": self.seeds.data,
            "architecture": self.architecture.as_json(),
            "training": self.protocol.training_as_json(),
            "training_seed": self.seeds.training,
            "device": self.protocol.device,
        }

    def map_key(self, method: Choice) -> dict[str, Any]:
        """Return all that determines one method's maps of the explained samples, and no metric."""
        key = {**self.data_key(), "method": method.as_json(), "attribution_seed": self.seeds.attribution}
        if self.architecture is None:
            return key
        explained = {"target": self.protocol.target, "output": self.protocol.output}
        return {**key, "model": self.model_key(), "explained": explained}


def first_jobs(suite: Suite, device: str) -> Iterator[Job]:
    """Yield the jobs of the suite's first repetition."""
    return jobs(dataclasses.replace(suite, seeds=1), device)  # it has the same seeds in every design


def jobs(suite: Suite, device: str) -> Iterator[Job]:
    """Yield the suite's jobs, a task's repetitions together."""
    protocol = Protocol.of(suite, device)
    for task in suite.tasks:
        for repetition, levels in enumerate(repetitions(suite.seeds)):
            yield Job(protocol, task, None, suite.references, repetition, levels)
            for architecture in _architectures(task, suite):
                yield Job(protocol, task, architecture, suite.methods, repetition, levels)


def _architectures(task: Choice, suite: Suite) -> tuple[Choice, ...]:
    return (Choice(task.brings, 1, "", {}),) if task.brings else tuple(filter(task.fits, suite.architectures))
