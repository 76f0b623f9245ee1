"""Each promise of the contract is noticed when it is broken."""

import dataclasses
import itertools
import random

import numpy as np
import pytest
import torch

from saltbench.errors import ContractError
from saltbench.methods.attributions.contract import method_contract
from saltbench.methods.attributions.spec import Cost, MethodSpec


def method(function, **facts):
    return MethodSpec(name="cheat", version=1, description="", reference="", factory=function, **facts)


def gradient(model, inputs, target):
    inputs = inputs.detach().requires_grad_()
    (found,) = torch.autograd.grad(model(inputs).gather(1, target[:, None]).sum(), inputs)
    return found


def of_the_batch(model, inputs, target):
    return gradient(model, inputs, target) - inputs.mean(0)


def of_the_pass(model, inputs, target):
    return gradient(model, inputs, target) * (1 + len(inputs) * 1e-7)


def breaking(break_it):
    """The gradient, after something that a method must not do."""

    def broken(model, inputs, target, baseline, background, truth):
        found = gradient(model, inputs, target)
        with torch.no_grad():
            break_it(model=model, inputs=inputs, target=target, baseline=baseline, background=background, truth=truth)
        return found

    return broken


def swap_classifier(model, **_lent):
    model.classifier = torch.nn.Linear(4, 3).double()


LENT = {
    "inputs": lambda inputs, **_: inputs.zero_(),
    "a view of the inputs": lambda inputs, **_: inputs[:, 0].add_(1),
    "the inputs out of sight": lambda inputs, **_: inputs.numpy().fill(0),
    "the inputs' data": lambda inputs, **_: inputs.data.mul_(2),
    "target": lambda target, **_: target.add_(1).remainder_(3),
    "baseline": lambda baseline, **_: baseline.add_(1),
    "background": lambda background, **_: background[0].zero_(),
    "truth": lambda truth, **_: truth.fill_(1),
    "a parameter": lambda model, **_: next(model.parameters()).add_(1.0),
    "the data of a parameter": lambda model, **_: next(model.parameters()).data.zero_(),
    "a frozen parameter": lambda model, **_: next(model.parameters()).requires_grad_(True),
    "the mode": lambda model, **_: model.train(),
    "the mode of a layer": lambda model, **_: model.dropout.train(),
    "a hook": lambda model, **_: model.register_forward_hook(lambda *_: None),
    "a layer": swap_classifier,
}


def noise(draw):
    """Undeclared random numbers."""
    return lambda inputs: inputs * 0 + torch.as_tensor(draw(inputs)).to(inputs)


COUNT = itertools.count()
RANDOM = {
    "torch": torch.rand_like,
    "numpy": lambda _inputs: np.random.rand(),  # noqa: NPY002
    "python": lambda _inputs: random.random(),
    "a coin": lambda _inputs: random.choice([-1.0, 1.0]),
    "a little": lambda inputs: inputs + 1e-9 * torch.randn_like(inputs),
    "dropout": torch.nn.functional.dropout,
    "an unseeded generator": lambda _inputs: np.random.default_rng().random(),
    "a counter": lambda _inputs: next(COUNT),
}


def single_alone(model, inputs, target):
    return gradient(model, inputs, target) * (1 + len(inputs) * (inputs.dtype == torch.float32))


def deaf_to_seeds(inputs, seeds):
    return inputs


def with_more_parameters(inputs, *, steps=5):
    return inputs


def cost(time, features):
    return Cost(forward=1, backward=1)


def check(spec, promise, *arguments):
    tests = method_contract(spec)()
    found = [name for name in dir(tests) if promise in name]
    assert len(found) == 1
    getattr(tests, found[0])(spec, *arguments)


ALONE = "who_else_is_explained"


@pytest.mark.parametrize(
    ("function", "facts", "promise", "arguments", "sentence"),
    [
        (of_the_batch, {}, ALONE, ["lstm"], "must not depend on the samples beside it, .* got maps that differ by "),
        (of_the_pass, {}, ALONE, ["lstm"], "must not depend on the "),
        (
            single_alone,
            {},
            ALONE,
            ["lstm"],
            "must not depend on whether passes have 8 or 64 rows, on lstm in single prec",
        ),
        (gradient, {"is_complete": True}, "complete_map_sums", ["lstm"], "must sum to .* got sums that miss it by "),
        (deaf_to_seeds, {}, "follow_the_seeds", [], "must give another map for other seeds, got the same one"),
        (with_more_parameters, {}, "parameters_are_those", [], r"of its function .* {'steps': 5}, got {}"),
        (
            gradient,
            {"cost": lambda time, features: Cost(0, 0)},
            "as_many_as_stated",
            [],
            r" 0 rows forward .*, got \d+; ",
        ),
        (
            gradient,
            {"cost": lambda time, features: Cost(3, 3)},
            "as_many_as_stated",
            [],
            r" 192 rows forward .*, got \d+; ",
        ),
    ],
)
def test_a_broken_promise_is_noticed(function, facts, promise, arguments, sentence):
    with pytest.raises(AssertionError, match=sentence):
        check(method(function, **facts), promise, *arguments)


@pytest.mark.parametrize("what", LENT)
def test_what_is_lent_may_not_be_changed(what):
    spec = method(breaking(LENT[what]))
    with pytest.raises(AssertionError, match=r"cheat on the network lstm: the method changed .*; let it "):
        check(spec, "left_as_they_were", "lstm")


def test_a_buffer_may_not_be_changed():
    spec = method(breaking(lambda model, **_: model.get_buffer("body.2.running_mean").add_(1)))
    tests = method_contract(dataclasses.replace(spec, is_reference=False))()
    with pytest.raises(ContractError, match=r"changed body\.2\.running_mean of the model in place"):
        tests._behave(spec, "convolution")


@pytest.mark.parametrize("how", RANDOM)
def test_random_numbers_come_from_seeds_alone(how):
    with pytest.raises(AssertionError, match=r"two maps of the same samples .* let it take the argument seeds, one"):
        check(method(noise(RANDOM[how])), "left_as_they_were", "lstm")


@pytest.mark.parametrize(
    ("library", "draw"),
    [("numpy.random", lambda: np.random.seed(3)), ("Python's random", random.random)],  # noqa: NPY002
)
def test_a_reference_method_leaves_global_random_numbers_alone(library, draw):
    def meddling(inputs):
        draw()
        return inputs

    with pytest.raises(AssertionError, match=f"must leave {library} alone, got another state after"):
        check(method(meddling, is_reference=True), "left_as_they_were", "lstm")


def test_a_kept_promise_passes():
    honest = method(gradient, cost=cost)
    for promise in ("left_as_they_were", ALONE):
        check(honest, promise, "lstm")
    check(honest, "as_many_as_stated")


ONE_LINE = """
from saltbench import MethodSpec, method_contract

def ones(inputs):
    return inputs * 0 + 1

TestMine = method_contract(MethodSpec(name="mine", version=1, description="", reference="", factory=ones))
"""


def test_one_line_runs_the_contract_on_a_method_of_ones_own(pytester):
    pytester.makepyfile(ONE_LINE)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", "-k", "lstm or parameters")
    outcomes = result.parseoutcomes()
    assert outcomes["passed"] > 10
    assert "failed" not in outcomes


ONE_MISTAKE = """
import torch
from saltbench import MethodSpec, method_contract

def gradient(model, inputs, target):
    tracked = inputs.detach().clone().requires_grad_()
    return torch.autograd.grad(model(tracked).gather(1, target[:, None]).sum(), tracked)[0]

def mine(model, inputs, target):
    {mistake}

TestMine = method_contract(MethodSpec(name="mine", version=1, description="", reference="", factory=mine))
"""


@pytest.mark.parametrize(
    ("mistake", "sentence"),
    [
        ("return gradient(model, inputs.add_(1), target)", "changed its inputs in place; let it work on a copy"),
        ("return torch.rand_like(inputs)", "gave two maps of the same samples under other global random numbers"),
        ("return gradient(model.train(), inputs, target)", "changed the mode (train or eval) of the model; let it"),
        ("return inputs[:, :1]", "must return attributions of the inputs' shape"),
        ("return 1 / 0", "mine on the network lstm: the method raised ZeroDivisionError: division by zero"),
        ("return gradient(model, inputs, target) - inputs.mean(0)", "must not depend on the samples beside it"),
    ],
)
def test_one_mistake_is_one_failure_in_one_sentence(pytester, mistake, sentence):
    pytester.makepyfile(ONE_MISTAKE.format(mistake=mistake))
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-q")
    assert result.parseoutcomes()["failed"] == 1
    told = [line for line in result.stdout.lines if line.startswith("E ")]
    assert sentence in told[-1]
    assert "tensor(" not in "".join(told)
