"""The contract that every attribution method keeps, as tests that anyone can run on a method of their own.

In a test file of a third party, one line is all:

    TestMine = method_contract(MY_METHOD)
"""

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ...entry_contract import hold
from ...errors import MissingPackageError, SaltbenchError, UnsupportedOperationError, kind_of, text_of
from ...random_states import generators
from .bound_method import BoundMethod, bind
from .checks.completeness import Explanation
from .checks.guard import attribute_guarded, check_conduct
from .contract_networks import FEATURES, KINKED, NETWORKS, TIME, classes, network, series
from .explain import sample_seeds
from .numerics.rounding import ULPS, ulps_apart
from .passes.budget import Budget
from .passes.model_state import hook_tables
from .spec import MethodSpec

MOST = 64  # samples there are
BATCH = 11  # samples of most tests: some passes of SMALL rows, and less than one of LARGE
SMALL, LARGE = 8, 64  # rows of a pass
REFUSALS = (MissingPackageError, UnsupportedOperationError)
EXACT = 1e-9  # share of the outputs' difference by which a complete map may miss it, in float64
QUADRATURE = 1e-3  # the same for few nodes on a smooth network


def method_contract(*methods: MethodSpec, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> type:
    """Return a class of tests for methods, for pytest to collect under a name that begins with Test.

    Each method is run on small recurrent, attention and convolutional networks in float64 and float32. A method
    may refuse a network with an UnsupportedOperationError, or miss an optional package; that test is skipped, with the
    reason. A test that fails on one network is skipped on the others, and all are where a method raises an error,
    changes what it is lent or draws random numbers without seeds: one mistake is one failure.

    Args:
        methods: the entries to test.
        parameters: by a method's name, settings in place of its defaults, such as fewer samples.
    """
    found: dict[str, Any] = {"broken": {}, "conduct": {}, "maps": {}}
    return type("MethodContract", (_Contract,), {"methods": methods, "parameters": parameters or {}, **found})


Test = Callable[["_Contract", MethodSpec, str], None]


def _once_a_method(test: Test) -> Test:
    """Let a test that fails for a method on one network be skipped on the others: one mistake is one failure."""

    @functools.wraps(test)
    def on_network(contract: "_Contract", spec: MethodSpec, name: str) -> None:
        contract.skip_unless_sound(spec, name)
        first = contract.broken.get((spec.name, test.__name__), name)
        if first != name:
            pytest.skip(f"it failed on the network {first} already")
        try:
            test(contract, spec, name)
        except Exception:
            contract.broken[spec.name, test.__name__] = name
            raise

    return on_network


class _Contract:
    methods: ClassVar[tuple[MethodSpec, ...]] = ()
    parameters: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    # by a method and a network, but for broken, which is by a method and a test
    broken: ClassVar[dict[tuple[str, str], str]]  # the network on which it failed first
    conduct: ClassVar[dict[tuple[str, str], Exception | None]]  # what the method did wrong
    maps: ClassVar[dict[tuple[str, str], Tensor]]  # of BATCH samples, in float64

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "name" in metafunc.fixturenames:
            cases = [
                pytest.param(spec, name, id=f"{spec.name}-{name}")
                for spec in self.methods
                for name in _networks_of(spec)
            ]
            metafunc.parametrize(("spec", "name"), cases)
        elif "spec" in metafunc.fixturenames:
            metafunc.parametrize("spec", self.methods, ids=lambda spec: spec.name)

    def test_inputs_model_and_random_state_are_left_as_they_were(self, spec: MethodSpec, name: str) -> None:
        wrong = self._wrong(spec)
        if wrong is not None and wrong != name:
            pytest.skip(f"it failed on the network {wrong} already")
        error = self._conduct_on(spec, name)
        if isinstance(error, REFUSALS):
            pytest.skip(str(error))
        if error is not None:
            is_told = isinstance(error, SaltbenchError | AssertionError)
            sentence = text_of(error) if is_told else f"the method raised {kind_of(error)}: {text_of(error)}"
            raise AssertionError(f"{spec.name} on the network {name}: {sentence}") from (None if is_told else error)

    @_once_a_method
    def test_map_does_not_depend_on_who_else_is_explained_nor_on_the_passes(self, spec: MethodSpec, name: str) -> None:
        whole = self._map(spec, name)
        alone = f"the samples beside it, {BATCH - 2} or none, or on whether passes have 1 or {LARGE} rows, on {name}"
        _hold_alike(self._explain(spec, name, batch=2, rows=1), whole[:2], alone)
        single, few = (self._explain(spec, name, dtype=torch.float32, rows=rows) for rows in (LARGE, SMALL))
        hold(single.dtype == torch.float32, f"the map of float32 inputs must be float32, got {single.dtype}")
        _hold_alike(few, single, f"whether passes have {SMALL} or {LARGE} rows, on {name} in single precision")

    @_once_a_method
    def test_a_complete_map_sums_to_the_difference_of_outputs(self, spec: MethodSpec, name: str) -> None:
        if not spec.is_complete:
            pytest.skip("completeness is not promised")
        if "as-it-is" in spec.tags:
            pytest.skip("another library's method as it is: its residual is reported, not bounded")
        is_quadrature = "quadrature" in spec.tags
        if is_quadrature and name in KINKED:
            pytest.skip("quadrature of few nodes is not exact on a network with kinks")
        bound = spec.configure(self.parameters.get(spec.name, {}))
        inputs, target = series(MOST)[:BATCH], classes(MOST)[:BATCH]
        difference = Explanation(spec, bound, network(name), inputs, target, **_arguments()).ends().change
        largest = difference.abs().max()
        assert largest > 0.1  # or the network says nothing
        missed = (self._map(spec, name).sum((1, 2)) - difference).abs().max()
        most = QUADRATURE if is_quadrature else EXACT
        hold(
            bool(missed <= most * largest),
            f"a complete map must sum to output(inputs) - output(absence), got sums that miss it by "
            f"{missed / largest:.2g} of it on {name}, at most {most:g} may be rounding; correct the method, or leave "
            "out is_complete",
        )

    def test_random_numbers_follow_the_seeds(self, spec: MethodSpec) -> None:
        self.skip_unless_sound(spec, "lstm")
        if "seeds" not in spec.takes().required:
            pytest.skip("the method can do without seeds")
        first, second = self._map(spec, "lstm"), self._explain(spec, "lstm", seed=4)
        hold(
            not torch.equal(first, second),
            "a method that takes seeds must give another map for other seeds, got the same one; leave seeds out of its "
            "arguments, or draw from torch.Generator().manual_seed(seed)",
        )

    def test_parameters_are_those_of_the_function(self, spec: MethodSpec) -> None:
        stated, taken = dict(spec.parameters), spec.function_defaults()
        hold(
            stated == taken,
            f"an entry must state the keyword parameters of its function with their defaults, {taken}, got {stated}",
        )

    def test_passes_are_as_many_as_stated(self, spec: MethodSpec) -> None:
        self.skip_unless_sound(spec, "lstm")
        bound = spec.configure(self.parameters.get(spec.name, {}))
        stated = spec.cost_of(TIME, FEATURES, bound)
        if stated is None:
            pytest.skip("the entry does not state its cost")
        model = _Counted(network("lstm"))
        self._explain(spec, "lstm", model=model, batch=MOST)
        slack = 24  # rows of probes and checks
        for way, counted, rows in zip(
            ("forward", "backward"), (model.forward_rows, model.backward_rows), stated, strict=True
        ):
            hold(
                counted <= 1.1 * MOST * rows + slack and ("paired" in spec.tags or counted >= MOST * rows),
                f"the method must make the passes that its cost states, {MOST * rows} rows {way} for {MOST} samples, "
                f"got {counted}; correct the method or its cost",
            )

    def skip_unless_sound(self, spec: MethodSpec, name: str) -> None:
        """Skip what a method refuses to do on a network, or what says nothing since it fails to behave."""
        wrong = self._wrong(spec)
        if wrong is not None:
            pytest.skip(f"test_inputs_model_and_random_state_are_left_as_they_were failed on the network {wrong}")
        refusal = self._conduct_on(spec, name)
        if refusal is not None:
            pytest.skip(str(refusal))

    def _wrong(self, spec: MethodSpec) -> str | None:
        """Return the first network on which a method does not behave, or None."""
        for name in _networks_of(spec):
            error = self._conduct_on(spec, name)
            if error is not None and not isinstance(error, REFUSALS):
                return name
        return None

    def _conduct_on(self, spec: MethodSpec, name: str) -> Exception | None:
        """Return what a method raises, refuses or changes on a network, or None."""
        if (spec.name, name) not in self.conduct:
            try:
                self._behave(spec, name)
            except Exception as error:  # noqa: BLE001 - a third party's method may raise anything
                self.conduct[spec.name, name] = error
            else:
                self.conduct[spec.name, name] = None
        return self.conduct[spec.name, name]

    def _behave(self, spec: MethodSpec, name: str) -> None:
        """Raise an error if a method raises one, changes what it is lent, or draws random numbers without seeds."""
        method, model, inputs, arguments = self._given(spec, name, batch=2)
        check_conduct(method, model, inputs, **arguments)
        model = network(name)
        before, random_states = dict(_state(model)), [(generator, generator.state()) for generator in generators()]
        attributions = self._explain(spec, name, model=None if spec.is_reference else model)
        hold(not attributions.requires_grad, "the map must not require gradients, got one that does; detach it")
        changed = [what for what, value in _state(model) if not torch.equal(value, before[what])]
        hold(not changed, f"the method must leave the model as it was, got another {', '.join(changed)}")
        for generator, state in random_states:
            hold(
                generator.is_at(state),
                f"the method must leave {generator.name} alone, got another state after it; let it take the argument "
                "seeds, and draw from torch.Generator().manual_seed(seed)",
            )
        self.maps[spec.name, name] = attributions

    def _map(self, spec: MethodSpec, name: str) -> Tensor:
        self.skip_unless_sound(spec, name)
        return self.maps[spec.name, name]

    def _explain(
        self,
        spec: MethodSpec,
        name: str,
        *,
        model: nn.Module | None = None,
        batch: int = BATCH,
        seed: int = 3,
        dtype: torch.dtype = torch.float64,
        rows: int = LARGE,
    ) -> Tensor:
        method, built, inputs, arguments = self._given(spec, name, batch=batch, seed=seed, dtype=dtype)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Budget, "size", lambda _budget, _kind: rows)
            patch.setattr(Budget, "samples", lambda _budget, _row_bytes: rows)
            return attribute_guarded(method, built if model is None else model, inputs, **arguments)

    def _given(
        self, spec: MethodSpec, name: str, batch: int, seed: int = 3, dtype: torch.dtype = torch.float64
    ) -> tuple[BoundMethod, nn.Module | None, Tensor, dict[str, Any]]:
        model = None if spec.is_reference else network(name).to(dtype)
        truth = (series(MOST, seed=9) > 0)[:batch].to(dtype)
        arguments = {"target": classes(MOST)[:batch], "truth": truth, **_arguments(batch, seed, dtype)}
        return bind(spec, self.parameters.get(spec.name)), model, series(MOST)[:batch].to(dtype), arguments


class _Counted(nn.Module):
    """Counts the rows that pass forward, and those that could pass backward."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.forward_rows = 0
        self.backward_rows = 0

    def forward(self, inputs: Tensor) -> Tensor:
        outputs: Tensor = self.model(inputs)
        self.forward_rows += len(outputs)
        self.backward_rows += len(outputs) * outputs.requires_grad
        return outputs


def _networks_of(spec: MethodSpec) -> Iterable[str]:
    return ["lstm"] if spec.is_reference else NETWORKS


def _hold_alike(found: Tensor, expected: Tensor, on_what: str) -> None:
    __tracebackhide__ = True
    share = (found - expected).abs().max() / expected.abs().max()
    hold(
        ulps_apart(found, expected) <= ULPS,
        f"a sample's map must not depend on {on_what}, got maps that differ by {share:.2g} of the largest entry",
    )


def _arguments(batch: int = BATCH, seed: int = 3, dtype: torch.dtype = torch.float64) -> dict[str, Any]:
    return {
        "baseline": series(MOST, seed=5)[:batch].to(dtype),
        "background": series(3, seed=7).to(dtype),
        "seeds": sample_seeds(seed, batch),
    }


def _state(model: nn.Module) -> Iterator[tuple[str, Tensor]]:
    for name, value in model.state_dict().items():
        yield f"value of {name}", value.clone()
    for name, parameter in model.named_parameters():
        yield f"requires_grad of {name}", torch.tensor(parameter.requires_grad)
        yield f"gradient of {name}", torch.zeros(1) if parameter.grad is None else parameter.grad.clone()
    for name, module in model.named_modules():
        yield f"mode of {name}", torch.tensor(module.training)
        yield f"hooks of {name}", torch.tensor([len(table) for table in hook_tables(module)])
        yield f"attributes of {name}", torch.tensor(len(vars(module)))
