"""Each promise of an architecture, a task or a metric is noticed when it is broken, and kept by an honest one."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from saltbench import (
    ArchitectureSpec,
    MetricSpec,
    Pool,
    Split,
    TaskData,
    TaskSpec,
    architecture_contract,
    metric_contract,
    task_contract,
)

ABOUT = {"version": 1, "description": "", "reference": ""}
RNG = itertools.count()


def broken(contract, spec, promise, sentence, *arguments):
    tests = contract(spec)()
    (name,) = (name for name in dir(tests) if promise in name)
    with pytest.raises(AssertionError, match=sentence):
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
    ("spec", "promise", "sentence", "arguments"),
    [
        (
            architecture(Detached, width=3),
            "parameters_are_those",
            r"parameters of mine must be its function's none, got width$",
            [],
        ),
        (architecture(Steps), "to_logits", r"series of 11 steps to logits \(4, 3\), got \(4, 11, 3\)$", [(4, 11)]),
        (architecture(Unseeded), "seed_determines", r"one seed must give one weight, got two; draw from PyTorch", []),
        (architecture(Constant), "another_seed", r"another seed must give mine other weights, got the same; init", []),
        (architecture(OfTheBatch), "shares_its_batch", r"must not depend on its batch, got others for mine alone$", []),
        (
            architecture(Detached),
            "gradient_reaches",
            r"gradient of mine must reach every sample, got 0; it may be d",
            [],
        ),
        (architecture(Hidden), "survive_safetensors", r"weights of mine must say all of it, .* keeps as a buffer$", []),
    ],
)
def test_an_architecture_that_breaks_a_promise(spec, promise, sentence, arguments):
    broken(architecture_contract, spec, promise, sentence, *arguments)


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
    ("change", "promise", "sentence", "arguments"),
    [
        (shorter, "of_one_shape", r"series of test must be \(5, 3\) like those of train, got \(4, 3\)$", []),
        (third_class, "labels_are_classes", r"labels of test must be among the classes \{0, 1\}, got \{1, 2\}$", []),
        (one_class, "labels_are_classes", r"samples of all classes \{0, 1\}, got \{0\}; add some or redraw$", []),
        (
            nothing_to_find,
            "something_to_find",
            r"apart, got nothing to find in 1 samples of validation$",
            ["validation"],
        ),
        (
            all_to_find,
            "something_to_find",
            r"got nothing but salient entries in 1 samples of validation$",
            ["validation"],
        ),
        (unseeded, "same_seed", r"one seed must give mine one set of bytes, got two; draw from np", []),
    ],
)
def test_a_task_that_breaks_a_promise(change, promise, sentence, arguments):
    broken(task_contract, task(change), promise, sentence, *arguments)


def pooled(factory):
    return replace(metric(factory), is_pooled=True)


def metric(factory, *, chance=None, needs=("map", "truth"), **parameters):
    bounds = {"higher_is_better": True, "low": 0.0, "high": 1.0}
    return MetricSpec(
        name="mine", factory=factory, chance=chance, needs=needs, parameters=parameters, **bounds, **ABOUT
    )


def share(maps):
    return (np.abs(maps.attributions) > 1).mean(axis=(1, 2))


def of_the_batch(maps):
    return share(maps) / len(maps.attributions)


def too_large(maps):
    return share(maps) + 1


def meddling(maps):
    maps.attributions[:] = 0
    return share(maps)


def asking(model):
    model.inputs[:] = 0
    return 0.0


def of_the_layout(maps):
    return np.full(len(maps.attributions), float(maps.attributions.flags["C_CONTIGUOUS"]))


@pytest.mark.parametrize(
    ("spec", "promise", "sentence", "arguments"),
    [
        (metric(share, k=3), "parameters_are_those", r"mine must be its function's \[\], got \['k'\]$", []),
        (
            metric(of_the_batch),
            "batch_is_that_of_its_samples",
            r"must score a sample whatever its batch, got other scores",
            [(7, 13, 11), np.float64],
        ),
        (metric(too_large), "stated_range", r"within its stated 0 to 1, got .*; correct low and high$", [(7, 13, 11)]),
        (
            metric(lambda maps: share(maps).astype(np.float32)),
            "stated_range",
            r"give float64 \(7,\), one score a sample, got float32 \(7,\)$",
            [(7, 13, 11)],
        ),
        (
            metric(lambda maps: 1 - maps.truth.mean(axis=(1, 2)) + share(maps)),
            "better_than_the_truth",
            r"no map above the truth itself, got a better one; corr",
            [],
        ),
        (
            metric(lambda maps: maps.truth.mean(axis=(1, 2)), needs=("map",)),
            "not_needed_does_not_matter",
            r'not depend on the truth, got other scores of another; add "truth" to its needs$',
            [],
        ),
        (
            metric(share, needs=("truth",)),
            "not_needed_does_not_matter",
            r"not depend on the map, got other",
            [],
        ),
        (
            metric(lambda maps, model: share(maps)),
            "parameters_are_those",
            r"needs and parameters of mine must be its function's \['model'\], got \[\]$",
            [],
        ),
        (
            metric(lambda maps, model: share(maps) + 0 * asking(model), needs=("map", "model")),
            "left_as_they_were",
            r"leave the maps as they were, got others",
            [],
        ),
        (metric(of_the_layout), "memory_layout", r"not depend on the order in memory, got other scores", []),
        (
            pooled(lambda parts: Pool(0.5, lambda counts: counts[:, 0])),
            "can_be_drawn_again",
            "mine must score copies of samples as if given them, got other scores of a draw$",
            [],
        ),
        (
            pooled(lambda parts: Pool(0.5, lambda counts: counts)),
            "can_be_drawn_again",
            r"mine must give \(2,\), one score a draw, got \(2, 4\)$",
            [],
        ),
        (pooled(lambda parts: Pool(1.5, np.zeros)), "stated_range", "within its stated 0 to 1, got", [(7, 13, 11)]),
        (metric(meddling), "left_as_they_were", r"leave the maps as they were, got others; let it work on a c", []),
        (
            metric(share, chance=lambda truth: truth[:, 0, 0] + 1),
            "possible_score",
            r"chance of mine must lie within 0 to 1, got \[",
            [],
        ),
    ],
)
def test_a_metric_that_breaks_a_promise(spec, promise, sentence, arguments):
    broken(metric_contract, spec, promise, sentence, *arguments)


def test_an_entry_that_cannot_be_loaded():
    spec = ArchitectureSpec(name="mine", factory="", parameters={}, **{**ABOUT, "version": 0})
    broken(architecture_contract, spec, "states_what_it_is", "version of at least 1, got 0; raise it with changes$")


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
