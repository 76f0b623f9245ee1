"""Evaluate entries that a test holds in its hands, with what else a leaderboard needs."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...datasets.spec import TaskSpec
from ...entry import Entry, unknown
from ...errors import ParameterError, UnknownNameError, repr_of
from ...methods.architectures.spec import ArchitectureSpec
from ...methods.attributions.spec import MethodSpec
from ..execution.collection import collect
from ..execution.evaluator import Evaluator
from ..execution.plan import jobs
from ..leaderboards.leaderboard import leaderboard
from ..metrics.spec import MetricSpec
from ..process.threads import one_thread
from ..storage.store import Store
from ..suites.choice import Choice
from ..suites.counts import check_counts
from ..suites.registry import Registries, Registry, default_metrics, load_registries
from ..suites.suite import KINDS, Suite
from ..suites.training_recipe import Recipe
from .assertions import EvaluationResult

KIND_OF = {TaskSpec: "tasks", ArchitectureSpec: "architectures", MethodSpec: "methods", MetricSpec: "metrics"}
USUAL = {"tasks": ("box/latter",), "architectures": ("lstm",), "methods": ("saliency",)}
QUICK = Recipe(epochs=50)  # as in the suite quick


@dataclass(repr=False)
class EntryEvaluation:
    """Evaluates entries; what was computed once is kept under root, so that tests may share it.

    Attributes:
        root: of the stored results.
        regenerate: write golden tables anew.
    """

    root: Path
    regenerate: bool = False
    _given: list[Entry] = field(default_factory=list)

    def __repr__(self) -> str:  # pytest shows it beside a failing line
        return "<attribution_benchmark>"

    def __call__(
        self,
        entry: Entry | str | None = None,
        *,
        tasks: Sequence[TaskSpec | str] | None = None,
        architectures: Sequence[ArchitectureSpec | str] | None = None,
        methods: Sequence[MethodSpec | str] | None = None,
        metrics: Sequence[MetricSpec | str] | None = None,
        seeds: int = 2,
        samples: int = 50,
        training: Recipe = QUICK,
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> EvaluationResult:
        """Return the leaderboard of a grid of entries and what may be asserted of it.

        Args:
            entry: what the test is about: an entry of any kind, or the name of a method. It is evaluated with the
                others of its kind, before them; of the other kinds, one usual entry stands in where none is given.
            tasks: entries, names, shell patterns or `tag:` and a tag; `box/latter` where none is given.
            architectures: likewise; `lstm` where none is given.
            methods: likewise; `saliency` where none is given. The reference methods are added.
            metrics: likewise; all where none is given.
            seeds: repetitions, each with its own data, training and noise.
            samples: test samples explained in each repetition.
            training: the recipe; at most 50 epochs unless told.
            parameters: settings by an entry's name, in place of defaults.

        Raises:
            UnknownNameError: no such entry or parameter.
            DuplicateNameError: an entry has the name of another.
            ParameterError: a count below 1 or too large, or a setting of the wrong type.
        """
        check_counts(seeds, samples)
        given = {"tasks": tasks, "architectures": architectures, "methods": methods, "metrics": metrics}
        wanted = _wanted(entry, given)
        registries = load_registries()
        chosen = {kind: self._entries(getattr(registries, kind), wanted[kind], registries) for kind in KINDS}
        references = [method for method in registries.methods if method.is_reference]
        chosen["methods"] += [method for method in references if method not in chosen["methods"]]
        return self._run(_suite(chosen, seeds, samples, training, parameters or {}), registries)

    def _entries(self, registry: Registry[Any], wanted: Sequence[Any] | None, registries: Registries) -> list[Any]:
        if wanted is None:  # of metrics alone: of the other kinds a usual one stands in
            return default_metrics(registries)
        found: list[Any] = []
        for each in wanted:
            named = registry.match([each]) if isinstance(each, str) else [self._registered(each, registry, registries)]
            found += [entry for entry in named if entry not in found]
        return found

    def _registered(self, entry: Entry, registry: Registry[Any], registries: Registries) -> Entry:
        if entry in registry:
            return entry
        given = dataclasses.replace(entry, source=self._source(entry))
        registries.register(given)
        return given

    def _source(self, entry: Entry) -> str:
        # functions of two tests may share a name: what tells their stored results apart is which one it is
        if entry not in self._given:
            self._given.append(entry)
        return f"test entry {self._given.index(entry)}"

    def _run(self, suite: Suite, registries: Registries) -> EvaluationResult:
        store = Store(self.root)
        evaluator = Evaluator(registries, store)
        with one_thread():
            failures = [failure for job in jobs(suite, "cpu") for failure in evaluator.run(job)]
        collection = collect(suite, store, "cpu", failures)
        metrics = [registries.metrics.get(metric.name) for metric in suite.metrics]
        subject = (*suite.methods, *suite.references)[0].name
        return EvaluationResult(leaderboard(collection, metrics), collection.scores, metrics, subject, self.regenerate)


def _wanted(entry: Entry | str | None, given: Mapping[str, Sequence[Any] | None]) -> dict[str, Sequence[Any] | None]:
    wanted = dict(given)
    if entry is not None:
        kind = "methods" if isinstance(entry, str) else KIND_OF.get(type(entry), "")
        if not kind:
            raise ParameterError(
                f"expected a task, an architecture, a method, a metric or a name, got {repr_of(entry)}"
            )
        wanted[kind] = [entry, *(given[kind] or ())]
    return {kind: USUAL.get(kind) if found is None else found for kind, found in wanted.items()}


def _suite(
    chosen: Mapping[str, list[Any]],
    seeds: int,
    samples: int,
    training: Recipe,
    parameters: Mapping[str, Mapping[str, Any]],
) -> Suite:
    known = [entry.name for entries in chosen.values() for entry in entries]
    for name in parameters:
        if name not in known:
            raise UnknownNameError(unknown("entry in parameters", name, known))
    references = [entry for entry in chosen["methods"] if entry.is_reference]
    return Suite(
        name="test",
        description="",
        tasks=_choices(chosen["tasks"], parameters),
        architectures=_choices(chosen["architectures"], parameters),
        methods=_choices([entry for entry in chosen["methods"] if not entry.is_reference], parameters),
        references=_choices(references, parameters),
        metrics=_choices(chosen["metrics"], parameters),
        seeds=seeds,
        samples=samples,
        training=training,
    )


def _choices(entries: Sequence[Entry], parameters: Mapping[str, Mapping[str, Any]]) -> tuple[Choice, ...]:
    return tuple(Choice.of(entry, parameters.get(entry.name, {})) for entry in entries)
