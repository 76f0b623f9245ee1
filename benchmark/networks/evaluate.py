"""Evaluate a network that saltbench did not build."""

import functools
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import nn

from ...datasets.spec import TaskData, TaskSpec
from ...entry import unknown
from ...errors import ParameterError, ShapeError, UnknownNameError
from ...kinds import require_instances, require_texts
from ...methods.attributions.adapters import tells_classes
from ...methods.attributions.checks.completeness import TOLERANCE, check_tolerance
from ...methods.attributions.passes.lending import one_at_a_time
from ...methods.attributions.spec import MethodSpec
from ..execution.asked import Asked
from ..execution.collection import Collection, joined, numbered
from ..execution.devices import choose_device
from ..execution.entry_checks import check_architecture, check_task
from ..execution.explaining import Explained, Question, as_array, make_map
from ..execution.failures import reason_for, status_for
from ..execution.network_checks.network_checks import check_answers, check_choice
from ..execution.network_checks.truth_use import truth_use
from ..execution.plan import Seeds
from ..execution.scoring import Metrics, score, yardsticks
from ..execution.stored.columns import Columns, split_pooled
from ..execution.training import facts_on_test, train
from ..leaderboards.leaderboard import leaderboard
from ..metrics.spec import MetricSpec
from ..process.settings import settings_restored
from ..style.progress_bar import counted_progress
from ..suites.counts import check_counts
from ..suites.registry import Registries, check_names, default_metrics, load_registries
from ..suites.suite import OUTPUTS, TARGETS
from ..suites.training_recipe import Recipe, recipe_of
from .evaluation import Evaluation

Factory = Callable[[int, int], nn.Module]
GRADIENT_METHODS = ("saliency", "input-x-gradient", "integrated-gradients", "deeplift", "smoothgrad")


@one_at_a_time()
@torch.inference_mode(False)  # the caller may be in it, and under no_grad: networks are trained and explained here
@torch.enable_grad()
def evaluate(
    model: nn.Module | Factory,
    task: str | TaskSpec | TaskData,
    methods: Sequence[str | MethodSpec] = GRADIENT_METHODS,
    *,
    metrics: Sequence[str | MetricSpec] | None = None,
    name: str = "model",
    seeds: int = 1,
    samples: int = 100,
    target: str = "true",
    output: str = "logit",
    training: Recipe | None = None,
    device: str = "cpu",
    memory: int | None = None,
    tolerance: float = TOLERANCE,
    parameters: Mapping[str, Mapping[str, Any]] | None = None,
) -> pd.DataFrame:
    """Return the leaderboard of a network on a task, with the reference methods' rows; nothing is stored.

    Args:
        model: a network (batch, time, features) to logits (batch, classes), evaluated as it is, trained or not,
            and left as it was; or a function (features, classes) -> network, which is called and trained anew for
            each seed.
        task: an entry, its name or a pattern (`box/*`, `tag:moving`), whose tasks stand below each other, or data of
            your own.
        methods: entries, names or patterns (`*-gradients`, `tag:gradient`).
        metrics: entries, names or patterns; None for those of a suite that names none.
        name: stands in the column architecture.
        seeds: repetitions, each with its own data, training and noise.
        samples: test samples explained in each repetition.
        target: explain the "true" or the "predicted" class.
        output: explain its "logit" or its "probability".
        training: the recipe, for a function that makes networks.
        device: "cpu", "cuda" or "auto", for a function that makes networks; a network is evaluated where it is.
        memory: bytes for explaining; None for a quarter of what is free.
        tolerance: as in `explain`; a method whose maps miss more has the status `failed`.
        parameters: settings by the name of a task, method or metric, in place of defaults.

    Returns:
        The columns of leaderboard.csv, `at_chance` and `needs_truth` being booleans, of which it shows a few; one row a
        method. A method that does not apply to the network has the status `skipped`, and one that fails `failed`, with
        the reason.

    Raises:
        UnknownNameError: no such task, method, metric or parameter, or a pattern that matches none.
        DuplicateNameError: two methods, the reference methods included, or two metrics share a name.
        ParameterError, ShapeError: an argument or the model's output is not as described.
        ContractError: the task's data do not fit together, or the function makes no network to train.
    """
    if not callable(model):
        raise ParameterError(
            "model must be a torch.nn.Module or a function (features, classes) that makes one, "
            f"got a {type(model).__name__}; wrap it in a module"
        )
    check_choice("target", target, TARGETS)
    check_choice("output", output, OUTPUTS)
    check_counts(seeds, samples)
    require_texts(name=name)
    require_instances(Mapping, parameters=parameters or {})
    recipe = recipe_of(training)
    check_tolerance(tolerance)
    chosen = choose_device(device)
    registries = load_registries()
    plan = _Plan.of(registries, task, methods, metrics, parameters or {})
    total = len(plan.tasks) * seeds * len(plan.methods)
    with counted_progress("training and looking at the network", total) as report:
        parts = []
        for of_task, number in itertools.product(plan.tasks, range(seeds)):
            data = of_task.load(number)
            subject = model if isinstance(model, nn.Module) else trained(model, name, data, recipe, number, chosen)
            place = _place(subject, chosen)
            explained = Explained.of(data, samples, str(place)).like(subject)
            _check_classes(check_answers(_classifier(subject), explained.inputs), data.classes, of_task.name)
            use = truth_use(subject, data, Seeds.of(number).data, place)
            facts = {**facts_on_test(subject, data, place), **use.as_facts()}
            asked = subject, explained, data, facts, target, output, memory, tolerance
            parts.append(_Repetition(plan, of_task.name, name, number, *asked, report).collected())
    return Evaluation.of(leaderboard(_merged(parts), [metric for metric, _ in plan.metrics]))


def _place(model: nn.Module, otherwise: str) -> torch.device:
    parameter = next(model.parameters(), None)
    return torch.device(otherwise) if parameter is None else parameter.device


def _classifier(model: nn.Module) -> nn.Module:
    """Return model after checking that it tells classes apart."""
    if not tells_classes(model):
        raise ParameterError(
            "evaluate needs a network that tells a task's classes apart, got one adapted to return values or labels; "
            "saltbench.explain gives its maps"
        )
    return model


def _check_classes(answered: int, classes: int, task: str) -> None:
    if answered != classes:
        raise ShapeError(
            f"the network must return {classes} logits for task {task}, one a class, got {answered}; "
            "give one made for its classes"
        )


def trained(factory: Factory, name: str, data: TaskData, recipe: Recipe, repetition: int, device: str) -> nn.Module:
    """Return a network that a function (features, classes) makes, trained on data as in a repetition.

    Raises:
        ContractError: it makes no network to train.
        ParameterError, ShapeError, NonFiniteError: its output is not as described.
    """

    def build() -> nn.Module:
        return _classifier(check_architecture(name, factory(data.features, data.classes)))

    return train(build, data, recipe, Seeds.of(repetition).training, device)[0]


@dataclass(frozen=True)
class _Task:
    """A task by the name of its rows, and its data of each repetition."""

    name: str
    load: Callable[[int], TaskData]


def _tasks(
    registries: Registries, task: str | TaskSpec | TaskData, parameters: Mapping[str, Mapping[str, Any]]
) -> list[_Task]:
    if isinstance(task, TaskData):
        own = check_task("data", task)
        return [_Task("data", lambda _repetition: own)]
    return [_task(spec, parameters.get(spec.name, {})) for spec in registries.tasks.choose([task])]


def _task(spec: TaskSpec, parameters: Mapping[str, Any]) -> _Task:
    if spec.function is not None:
        raise ParameterError(
            f"evaluate needs a task with classes for the network to tell apart, got {spec.name}, which is a function "
            f"of its own; score methods on it with `saltbench run --tasks {spec.name}`"
        )
    if spec.per_step:
        raise ParameterError(
            f"evaluate needs a task with one label a sample, got {spec.name}, which has one at every step; score "
            f"methods on it with `saltbench run --tasks {spec.name} --architectures gru-per-step`"
        )
    load = functools.partial(spec.load(), **spec.configure(parameters))
    return _Task(spec.name, lambda repetition: check_task(spec.name, load(Seeds.of(repetition).data)))


@dataclass(frozen=True)
class _Plan:
    """What a network is evaluated on, and with what."""

    tasks: Sequence[_Task]
    methods: Sequence[tuple[MethodSpec, Mapping[str, Any]]]
    metrics: Metrics

    @staticmethod
    def of(
        registries: Registries,
        task: str | TaskSpec | TaskData,
        methods: Sequence[str | MethodSpec],
        metrics: Sequence[str | MetricSpec] | None,
        parameters: Mapping[str, Mapping[str, Any]],
    ) -> "_Plan":
        chosen = registries.methods.choose(methods)
        references = [method for method in registries.methods if method.is_reference and method not in chosen]
        measured = default_metrics(registries) if metrics is None else registries.metrics.choose(metrics)
        check_names("method", [*chosen, *references])
        check_names("metric", measured)
        if not measured:
            raise ParameterError("metrics must name at least one, got none; leave it out for the usual ones")
        tasks = _tasks(registries, task, parameters)
        known = [*(task.name for task in tasks), *(entry.name for entry in (*chosen, *measured))]
        for entry in parameters:
            if entry not in known:
                raise UnknownNameError(unknown("entry in parameters", entry, known))
        return _Plan(
            tasks,
            [(method, method.configure(parameters.get(method.name, {}))) for method in [*chosen, *references]],
            [(metric, metric.configure(parameters.get(metric.name, {}))) for metric in measured],
        )


@dataclass(frozen=True)
class _Repetition:
    """The rows of one repetition: a network's, and the reference methods'."""

    plan: _Plan
    task: str
    architecture: str
    number: int
    model: nn.Module
    explained: Explained
    data: TaskData
    standing: Mapping[str, Any]
    target: str
    output: str
    memory: int | None
    tolerance: float
    report: Callable[[str], None]

    def collected(self) -> Collection:
        cells, scores, pooled = [], [], {}
        yard, no_yard = _attempted(self._yardsticks)
        for method, parameters in self.plan.methods:
            identity = {
                "task": self.task,
                "architecture": "" if method.is_reference else self.architecture,
                "method": method.name,
                "seed": self.number,
            }
            facts = {} if method.is_reference else self.standing
            cell = functools.partial(self._cell, method, parameters)
            columns, outcome = (None, no_yard) if yard is None else _attempted(cell)
            cells.append({**identity, **outcome, **(facts if outcome["status"] == "ok" else {})})
            if columns is not None:
                of_samples, of_all = split_pooled(columns)
                scores.append(numbered(identity, of_samples))
                pooled[tuple(identity.values())] = of_all
            self.report(f"done: {method.name}, seed {self.number}")
        yards = [] if yard is None else [numbered({"task": self.task, "seed": self.number}, yard)]
        return Collection(joined(scores), pd.DataFrame(cells), joined(yards), [], pooled=pooled)

    def _yardsticks(self) -> Columns:
        return yardsticks(as_array(self.explained.truth), self.plan.metrics, self.explained.lengths)

    def _cell(self, method: MethodSpec, parameters: Mapping[str, Any]) -> Columns:
        seed = Seeds.of(self.number).attribution
        model = None if method.is_reference else self.model
        question = Question.about(model, self.explained, self.target, self.output)
        made = make_map(method, parameters, question, self.explained, seed, self.memory, self.tolerance)
        labels, truth = as_array(self.explained.labels), as_array(self.explained.truth)
        asked = Asked(method, parameters, model, question, self.explained, self.data, seed, self.memory)
        return score(made, labels, truth, self.plan.metrics, asked.arguments, self.explained.lengths)


def _attempted(compute: Callable[[], Columns]) -> tuple[Columns | None, dict[str, str]]:
    """Return what compute returns, or None, and the status of a cell with the reason for it."""
    try:
        with settings_restored():
            return compute(), {"status": "ok", "reason": ""}
    except Exception as error:  # noqa: BLE001 - third-party methods and metrics raise anything; the reason is kept
        return None, {"status": status_for(error), "reason": reason_for(error)}


def _merged(parts: Sequence[Collection]) -> Collection:
    return Collection(
        joined([part.scores for part in parts]),
        joined([part.cells for part in parts]),
        joined([part.yardsticks for part in parts]),
        [],
        pooled={cell: columns for part in parts for cell, columns in part.pooled.items()},
    )
