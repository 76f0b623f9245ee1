"""Functions that PyTorch does not know are computed by what they are registered with, or refused by name."""

import sys
from types import ModuleType

import pytest
import torch
from attribution_models import Formula, classes, output_change, series

import saltbench
from saltbench.errors import ParameterError, UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.attributions.interception.custom_functions import linear_scan
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half


def relevance(method):
    return lambda model, inputs, target, _baseline: method(model, inputs, target)


METHODS = {"deeplift": deeplift, "lrp": relevance(lrp), "lrp-half": relevance(lrp_half)}


def scaled_tanh(x, factor):
    return torch.tanh(x) * factor


def new_function():
    """A function with a gradient of its own, out of the sight of every method."""

    class Squash(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor):
            with torch._C.DisableTorchFunction():
                ctx.save_for_backward(x)
                ctx.factor = factor
                return torch.tanh(x) * factor

        @staticmethod
        def backward(ctx, gradient):
            (x,) = ctx.saved_tensors
            return 7 * gradient * ctx.factor * (1 - torch.tanh(x) ** 2), None

    return Squash


@pytest.mark.parametrize("method", METHODS)
def test_a_registered_function_has_the_map_of_its_operations(method):
    function = new_function()
    saltbench.register_rule(function, scaled_tanh)
    inputs, baseline, target = series(3), series(3, seed=7), classes(3) % 2
    model, expected = Formula(lambda x: function.apply(x, 3.0)), Formula(lambda x: torch.tanh(x) * 3.0)
    maps = [METHODS[method](form, inputs, target, baseline) for form in (model, expected)]
    torch.testing.assert_close(*maps, rtol=1e-12, atol=1e-13)
    if method == "deeplift":
        change = output_change(model, inputs, baseline, target)
        torch.testing.assert_close(maps[0].sum((1, 2)), change, rtol=1e-12, atol=1e-12)


def test_gradients_of_a_registered_function_are_its_own():
    function = new_function()
    inputs, target = series(3), classes(3) % 2
    maps = []
    for _ in range(3):
        model = Formula(lambda x: function.apply(x, 3.0))
        maps.append(attribute(saliency, model, inputs, target))
        saltbench.register_rule(function, scaled_tanh)  # twice, too
    assert torch.equal(maps[0], maps[1])
    assert torch.equal(maps[0], maps[2])
    plain = attribute(saliency, Formula(lambda x: torch.tanh(x) * 3.0), inputs, target)
    torch.testing.assert_close(maps[0], 7 * plain, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_a_function_that_is_no_autograd_function_is_called_by_what_registering_returns(method):
    def kernel(x, factor):
        with torch._C.DisableTorchFunction():
            return torch.tanh(x) * factor

    seen = saltbench.register_rule(kernel, scaled_tanh)
    inputs, baseline, target = series(3), series(3, seed=7), classes(3) % 2
    assert torch.equal(seen(inputs, 2.0), torch.tanh(inputs) * 2.0)
    maps = [
        METHODS[method](Formula(formula), inputs, target, baseline)
        for formula in (lambda x: seen(x, 2.0), lambda x: torch.tanh(x) * 2.0)
    ]
    torch.testing.assert_close(*maps, rtol=1e-12, atol=1e-13)


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x * 2

    @staticmethod
    def backward(ctx, gradient):
        return gradient * 2


@pytest.mark.parametrize("method", METHODS)
def test_an_unregistered_function_is_refused_by_its_name(method):
    message = (
        r"has no rule for the torch.autograd.Function Doubled \(in forward of Formula, attribution_models.py line "
        r"\d+\); say what it computes with saltbench.register_rule, or choose a perturbation method"
    )
    with pytest.raises(UnsupportedOperationError, match=message):
        METHODS[method](Formula(Doubled.apply), series(2), torch.tensor([0, 1]), series(2, seed=7))


def test_a_rule_needs_functions():
    with pytest.raises(ParameterError, match="register_rule needs two functions, got"):
        saltbench.register_rule(Doubled, "x * 2")
    with pytest.raises(ParameterError, match="register_rule needs two functions, got <class 'int'>"):
        saltbench.register_rule(int, scaled_tanh)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_numbers_that_are_taken_out_of_tensors_are_refused(method):
    with pytest.raises(UnsupportedOperationError, match="has no rule for as_tensor of a list of tensors"):
        METHODS[method](
            Formula(lambda x: x * torch.as_tensor([x[0, 0, 0], x[0, 0, 1]]).sum()),
            series(2),
            torch.tensor([0, 1]),
            series(2, seed=7),
        )


REDUCTIONS = {
    "scatter": lambda x, how: x.scatter(1, torch.zeros(len(x), 1, 4).long(), x[:, :1], reduce=how),
    "scatter_reduce": lambda x, how: x.scatter_reduce(1, torch.zeros(len(x), 6, 4).long(), x, reduce=how),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("name", "how"), [("scatter", "multiply"), ("scatter_reduce", "amax"), ("scatter_reduce", "prod")]
)
def test_scatters_that_do_not_add_are_refused(name, how, method):
    with pytest.raises(UnsupportedOperationError, match=f"has no rule for {name} with reduce='{how}'"):
        METHODS[method](Formula(lambda x: REDUCTIONS[name](x, how)), series(2), torch.tensor([0, 1]), series(2, seed=7))


def package_of(name, functions):
    """A module of a name that holds some functions, and a network whose class it defines."""
    module = ModuleType(name)
    vars(module).update(functions)

    class Layer(Formula):
        pass

    Layer.__module__ = name
    return module, Layer


class Scan(torch.autograd.Function):
    """A linear recurrence over time, as a package computes it: out of the sight of every method."""

    @staticmethod
    def forward(ctx, decays, added):
        ctx.save_for_backward(decays, added)
        return linear_scan(decays, added)

    @staticmethod
    def backward(ctx, gradient):
        with torch.enable_grad():
            given = [tensor.detach().requires_grad_() for tensor in ctx.saved_tensors]
            return torch.autograd.grad(linear_scan(*given), given, gradient)


class Root(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.sqrt(x)

    @staticmethod
    def backward(ctx, gradient):
        return gradient / (2 * torch.sqrt(ctx.saved_tensors[0]).clamp_min(0.1))


def selective(x, scan):
    """The recurrence of a selective state space, without the layers around it."""
    return scan(torch.sigmoid(x), x * torch.tanh(x.flip(2)))


# by their full names: one like it, how a package's layers call it, and what it computes
KNOWN = {
    "mambapy.pscan.PScan": (
        Scan,
        lambda given, x: selective(x, given.pscan),
        lambda x: selective(x, linear_scan),
    ),
    "transformers.models.recurrent_gemma.modeling_recurrent_gemma.SqrtBoundDerivative": (
        Root,
        lambda given, x: given.SqrtBoundDerivative.apply(1 + x.square()) * x,
        lambda x: torch.sqrt(1 + x.square()) * x,
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("full_name", KNOWN)
def test_known_functions_of_packages_are_seen_where_their_layers_are_defined(full_name, method, monkeypatch):
    function, formula, written = KNOWN[full_name]
    package, _, name = full_name.rpartition(".")
    known = type(name, (function,), {"__module__": package})
    # the name under which the package's own layers call it, bound before anything could replace `apply`
    module, layer = package_of("a_package.layers", {name: known, "pscan": known.apply})
    monkeypatch.setitem(sys.modules, "a_package.layers", module)
    inputs, baseline, target = series(3), series(3, seed=7), classes(3) % 2
    maps = [
        METHODS[method](model, inputs, target, baseline)
        for model in (layer(lambda x: formula(module, x)), Formula(written))
    ]
    torch.testing.assert_close(*maps, rtol=1e-12, atol=1e-13)
    assert "apply" not in vars(known)
    assert module.pscan.__func__ is torch.autograd.Function.apply.__func__


def test_a_name_that_was_bound_before_its_function_was_registered_is_found(monkeypatch):
    function = new_function()
    module, layer = package_of("a_package.squashing", {"squash": function.apply})
    monkeypatch.setitem(sys.modules, "a_package.squashing", module)
    saltbench.register_rule(function, scaled_tanh)
    inputs, target = series(3), classes(3) % 2
    maps = [
        lrp(model, inputs, target)
        for model in (layer(lambda x: module.squash(x, 3.0)), Formula(lambda x: scaled_tanh(x, 3.0)))
    ]
    torch.testing.assert_close(*maps, rtol=1e-12, atol=1e-13)


def test_a_linear_scan_is_the_recurrence():
    decays, added = torch.rand(2, 2, 5, 3, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    hidden, expected = torch.zeros(2, 3, 4, dtype=torch.float64), []
    for step in range(5):
        hidden = decays[:, step] * hidden + added[:, step]
        expected.append(hidden)
    assert torch.equal(linear_scan(decays, added), torch.stack(expected, 1))
