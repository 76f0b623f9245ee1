"""Each promise of an architecture, a task or a metric is noticed when it is broken, and kept by an honest one."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from saltbench import (
    ArchitectureSpec,
    MetricSpec,
    Split,
    TaskData,
    TaskSpec,
    architecture_contract,
    metric_contract,
    task_contract,
)

ABOUT = {"version": 1, "description": "", "reference": ""}
RNG = itertools.count()


def broken(contract, spec, promise, *arguments):
    tests = contract(spec)()
    (name,) = (name for name in dir(tests) if promise in name)
    with pytest.raises(AssertionError):
        getattr(tests, name)(spec, *arguments)


class OfTheBatch(nn.Linear):
    def forward(self, inputs):
        return super().forward((inputs - inputs.mean()).mean(1))


class Detached(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs.mean(1) * 0)


class Steps(nn.Linear):
    def forward(self, inputs):
        return super().forward(inputs)


class Unseeded(nn.Linear):
    def reset_parameters(self):
        nn.init.constant_(self.weight, float(next(RNG)))
        nn.init.zeros_(self.bias)

    forward = Detached.forward


class Constant(Unseeded):
    def reset_parameters(self):
        nn.init.ones_(self.weight)
        nn.init.ones_(self.bias)


class Hidden(nn.Linear):
    def __init__(self, features, classes):
        super().__init__(features, classes)
        self.scale = torch.rand(1)

    def forward(self, inputs):
        return super().forward(inputs.mean(1)) * self.scale


def architecture(network, **parameters):
    def factory(*, features, classes):
        return network(features, classes)

    return ArchitectureSpec(name="mine", factory=factory, parameters=parameters, **ABOUT)


@pytest.mark.parametrize(
    ("spec", "promise", "arguments"),
    [
        (architecture(Detached, width=3), "parameters_are_those", []),
        (architecture(Steps), "to_logits", [(4, 11)]),
        (architecture(Unseeded), "seed_determines", []),
        (architecture(Constant), "another_seed", []),
        (architecture(OfTheBatch), "shares_its_batch", []),
        (architecture(Detached), "gradient_reaches", []),
        (architecture(Hidden), "survive_safetensors", []),
    ],
)
def test_an_architecture_that_breaks_a_promise(spec, promise, arguments):
    broken(architecture_contract, spec, promise, *arguments)


def task(change):
    def factory(seed):
        rng = np.random.default_rng(seed)

        def split():
            inputs = rng.standard_normal((8, 5, 3), dtype=np.float32)
            truth = np.zeros_like(inputs)
            truth[:, 2] = 1
            return {"inputs": inputs, "labels": np.arange(8) % 2, "truth": truth}

        parts = {name: split() for name in ("train", "validation", "test")}
        change(parts)
        return TaskData(**{name: Split(**part) for name, part in parts.items()}, classes=2)

    return TaskSpec(name="mine", factory=factory, **ABOUT)


def shorter(parts):
    for name in ("inputs", "truth"):
        parts["test"][name] = parts["test"][name][:, :4]


def third_class(parts):
    parts["test"]["labels"] = parts["test"]["labels"] + 1


def one_class(parts):
    parts["train"]["labels"] = parts["train"]["labels"] * 0


def nothing_to_find(parts):
    parts["validation"]["truth"][3] = 0


def all_to_find(parts):
    parts["validation"]["truth"][3] = 1


def unseeded(parts):
    parts["train"]["inputs"] = parts["train"]["inputs"] + np.float32(next(RNG))


@pytest.mark.parametrize(
    ("change", "promise", "arguments"),
    [
        (shorter, "of_one_shape", []),
        (third_class, "labels_are_classes", []),
        (one_class, "labels_are_classes", []),
        (nothing_to_find, "something_to_find", ["validation"]),
        (all_to_find, "something_to_find", ["validation"]),
        (unseeded, "same_seed", []),
    ],
)
def test_a_task_that_breaks_a_promise(change, promise, arguments):
    broken(task_contract, task(change), promise, *arguments)


def metric(factory, *, chance=None, **parameters):
    bounds = {"higher_is_better": True, "low": 0.0, "high": 1.0}
    return MetricSpec(name="mine", factory=factory, chance=chance, parameters=parameters, **bounds, **ABOUT)


def share(maps):
    return (np.abs(maps.attributions) > 1).mean(axis=(1, 2))


def of_the_batch(maps):
    return share(maps) / len(maps.attributions)


def too_large(maps):
    return share(maps) + 1


def meddling(maps):
    maps.attributions[:] = 0
    return share(maps)


def of_the_layout(maps):
    return np.full(len(maps.attributions), float(maps.attributions.flags["C_CONTIGUOUS"]))


@pytest.mark.parametrize(
    ("spec", "promise", "arguments"),
    [
        (metric(share, k=3), "parameters_are_those", []),
        (metric(of_the_batch), "batch_is_that_of_its_samples", [(7, 13, 11), np.float64]),
        (metric(too_large), "stated_range", [(7, 13, 11)]),
        (metric(lambda maps: share(maps).astype(np.float32)), "stated_range", [(7, 13, 11)]),
        (metric(lambda maps: 1 - maps.truth.mean(axis=(1, 2)) + share(maps)), "better_than_the_truth", []),
        (metric(of_the_layout), "memory_layout", []),
        (metric(meddling), "left_as_they_were", []),
        (metric(share, chance=lambda truth: truth[:, 0, 0] + 1), "possible_score", []),
    ],
)
def test_a_metric_that_breaks_a_promise(spec, promise, arguments):
    broken(metric_contract, spec, promise, *arguments)


def test_an_entry_that_cannot_be_loaded():
    spec = ArchitectureSpec(name="mine", factory="", parameters={}, **{**ABOUT, "version": 0})
    broken(architecture_contract, spec, "states_what_it_is")


def test_one_line_a_kind_runs_the_contracts(pytester):
    pytester.makepyfile("""
        from saltbench import architecture_contract, load_registries, metric_contract, task_contract

        known = load_registries()
        TestTask = task_contract(known.tasks.get("box/latter"), parameters={"box/latter": {"train": 40}})
        TestArchitecture = architecture_contract(known.architectures.get("lstm"))
        TestMetric = metric_contract(known.metrics.get("average_precision"))
    """)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q")
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] >= 7 + 11 + 20
    assert set(outcomes) == {"passed"}
