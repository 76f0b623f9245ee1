"""Each promise of the contract is noticed when it is broken."""

import pytest
import torch

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


def meddling(model, inputs, target):
    with torch.no_grad():
        next(model.parameters()).add_(1.0)
    return inputs


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


BYTES = "bytes_do_not_depend_on_the_passes"


@pytest.mark.parametrize(
    ("spec", "promise", "arguments"),
    [
        (method(of_the_batch), "who_else_is_explained", ["lstm"]),
        (method(of_the_pass), BYTES, ["lstm", torch.float64]),
        (method(meddling), "left_as_they_were", ["lstm"]),
        (method(gradient, is_complete=True), "complete_map_sums", ["lstm"]),
        (method(deaf_to_seeds), "follow_the_seeds", []),
        (method(with_more_parameters), "parameters_are_those", []),
        (method(gradient, cost=lambda time, features: Cost(0, 0)), "as_many_as_stated", []),
        (method(gradient, cost=lambda time, features: Cost(3, 3)), "as_many_as_stated", []),
    ],
)
def test_a_broken_promise_is_noticed(spec, promise, arguments):
    with pytest.raises(AssertionError):
        check(spec, promise, *arguments)


def test_a_kept_promise_passes():
    honest = method(gradient, cost=cost)
    check(honest, BYTES, "lstm", torch.float32)
    check(honest, "who_else_is_explained", "lstm")
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
