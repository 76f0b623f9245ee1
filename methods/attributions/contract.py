"""The contract that every attribution method keeps, as tests that anyone can run on a method of their own.

In a test file of a third party, one line is all:

    TestMine = method_contract(MY_METHOD)
"""

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn

from ...errors import MissingPackageError, UnsupportedOperationError
from .budget import Budget
from .completeness import output_difference
from .contract_networks import FEATURES, KINKED, NETWORKS, TIME, classes, network, series
from .explain import attribute, bind, sample_seeds
from .model_state import hook_tables
from .spec import MethodSpec

MOST = 64  # samples there are
BATCH = 37  # more than the 32 rows of the smallest pass, and no multiple of them
EXACT = 1e-9  # share of the outputs' difference by which a complete map may miss it, in float64
QUADRATURE = 1e-3  # the same for few nodes on a smooth network


def method_contract(*methods: MethodSpec, parameters: Mapping[str, Mapping[str, Any]] | None = None) -> type:
    """Return a class of tests for methods, for pytest to collect under a name that begins with Test.

    Each method is run on small recurrent, attention and convolutional networks in float64 and float32. A method
    may refuse a network with an UnsupportedOperationError, or miss an optional package; that test is skipped, with the
    reason.

    Args:
        methods: the entries to test.
        parameters: by a method's name, settings in place of its defaults, such as fewer samples.
    """
    return type("MethodContract", (_Contract,), {"methods": methods, "parameters": parameters or {}})


class _Contract:
    methods: ClassVar[tuple[MethodSpec, ...]] = ()
    parameters: ClassVar[Mapping[str, Mapping[str, Any]]] = {}

    def pytest_generate_tests(self, metafunc: Any) -> None:
        if "name" in metafunc.fixturenames:
            cases = [
                pytest.param(spec, name, id=f"{spec.name}-{name}")
                for spec in self.methods
                for name in (["lstm"] if spec.is_reference else NETWORKS)
            ]
            metafunc.parametrize(("spec", "name"), cases)
        elif "spec" in metafunc.fixturenames:
            metafunc.parametrize("spec", self.methods, ids=lambda spec: spec.name)

    @pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
    def test_map_is_like_the_inputs_and_its_bytes_do_not_depend_on_the_passes(
        self, spec: MethodSpec, name: str, dtype: torch.dtype
    ) -> None:
        attributions = self._explain(spec, name, dtype=dtype, rows=64)
        assert attributions.shape == (BATCH, TIME, FEATURES)
        assert attributions.dtype == dtype
        assert torch.isfinite(attributions).all()
        assert not attributions.requires_grad
        assert torch.equal(attributions, self._explain(spec, name, dtype=dtype, rows=32))

    def test_map_does_not_depend_on_who_else_is_explained_nor_on_little_memory(
        self, spec: MethodSpec, name: str
    ) -> None:
        together, apart = self._explain(spec, name)[:2], self._explain(spec, name, batch=2, rows=1)
        torch.testing.assert_close(together, apart, rtol=1e-9, atol=1e-9)

    def test_model_and_random_state_are_left_as_they_were(self, spec: MethodSpec, name: str) -> None:
        model = network(name)
        before, random_state = dict(_state(model)), torch.get_rng_state()
        self._explain(spec, name, model=model, batch=2)
        assert torch.equal(torch.get_rng_state(), random_state)
        changed = [what for what, value in _state(model) if not torch.equal(value, before[what])]
        assert not changed

    def test_a_complete_map_sums_to_the_difference_of_outputs(self, spec: MethodSpec, name: str) -> None:
        if not spec.is_complete:
            pytest.skip("completeness is not promised")
        if "as-it-is" in spec.tags:
            pytest.skip("another library's method as it is: its residual is reported, not bounded")
        is_quadrature = "quadrature" in spec.tags
        if is_quadrature and name in KINKED:
            pytest.skip("quadrature of few nodes is not exact on a network with kinks")
        bound = spec.configure(self.parameters.get(spec.name, {}))
        attributions = self._explain(spec, name)
        difference = output_difference(
            bound, network(name), series(MOST)[:BATCH], classes(MOST)[:BATCH], **_arguments()
        )
        largest = difference.abs().max()
        assert largest > 0.1
        missed = (attributions.sum((1, 2)) - difference).abs().max()
        assert missed <= (QUADRATURE if is_quadrature else EXACT) * largest

    def test_random_numbers_follow_the_seeds(self, spec: MethodSpec) -> None:
        seeds = inspect.signature(bind(spec)).parameters.get("seeds")
        if seeds is None or seeds.default is not seeds.empty:
            pytest.skip("the method can do without seeds")
        first, second = (self._explain(spec, "lstm", seed=seed) for seed in (3, 4))
        assert not torch.equal(first, second)

    def test_parameters_are_those_of_the_function(self, spec: MethodSpec) -> None:
        assert dict(spec.parameters) == (spec.load().__kwdefaults__ or {})

    def test_passes_are_as_many_as_stated(self, spec: MethodSpec) -> None:
        bound = spec.configure(self.parameters.get(spec.name, {}))
        stated = spec.cost_of(TIME, FEATURES, bound)
        if stated is None:
            pytest.skip("the entry does not state its cost")
        model = _Counted(network("lstm"))
        self._explain(spec, "lstm", model=model, batch=MOST)
        slack = 24  # rows of probes and checks
        for counted, rows in zip((model.forward_rows, model.backward_rows), stated, strict=True):
            assert counted <= 1.1 * MOST * rows + slack
            assert "paired" in spec.tags or counted >= MOST * rows

    def _explain(
        self,
        spec: MethodSpec,
        name: str,
        *,
        model: nn.Module | None = None,
        batch: int = BATCH,
        seed: int = 3,
        dtype: torch.dtype = torch.float64,
        rows: int = 64,
    ) -> Tensor:
        if not spec.is_reference:
            model = (model or network(name)).to(dtype)
        method = bind(spec, self.parameters.get(spec.name))
        arguments = _arguments(batch, seed, dtype)
        truth = (series(MOST, seed=9) > 0)[:batch].to(dtype)
        inputs, target = series(MOST)[:batch].to(dtype), classes(MOST)[:batch]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Budget, "size", lambda _budget, _kind: rows)
            patch.setattr(Budget, "samples", lambda _budget, _row_bytes: rows)
            try:
                return attribute(method, model, inputs, target, truth=truth, **arguments)
            except (MissingPackageError, UnsupportedOperationError) as error:
                pytest.skip(str(error))


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
