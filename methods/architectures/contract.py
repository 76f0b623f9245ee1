"""The contract that every architecture keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = architecture_contract(MY_ARCHITECTURE)
"""

import inspect
from collections.abc import Mapping
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from ...entry_contract import Contract
from ..seeding import seeded
from .spec import ArchitectureSpec

FEATURES, CLASSES = 6, 3


def architecture_contract(
    *architectures: ArchitectureSpec, parameters: Mapping[str, Mapping[str, Any]] | None = None
) -> type:
    """Return a class of tests for architectures, for pytest to collect under a name that begins with Test.

    Args:
        architectures: the entries to test.
        parameters: by an architecture's name, settings in place of its defaults.
    """
    tests = {"specs": architectures, "parameters": parameters or {}}
    return type("ArchitectureContract", (_ArchitectureContract,), tests)


class _ArchitectureContract(Contract):
    def test_parameters_are_those_of_the_function(self, spec: ArchitectureSpec) -> None:
        found = inspect.signature(spec.load()).parameters
        names = {name for name in found if name not in ("features", "classes")}
        assert set(spec.parameters) == names
        defaults = {name: found[name].default for name in names if found[name].default is not inspect.Parameter.empty}
        assert {name: spec.parameters[name] for name in defaults} == defaults

    @pytest.mark.parametrize("shape", [(1, 1), (4, 11), (3, 6), (2, 70)], ids=str)
    def test_maps_series_of_any_length_to_logits(self, spec: ArchitectureSpec, shape: tuple[int, int]) -> None:
        logits = self._network(spec).eval()(_series(*shape))
        assert logits.shape == (shape[0], CLASSES)
        assert logits.isfinite().all()

    def test_the_seed_determines_weights_and_training_output(self, spec: ArchitectureSpec) -> None:
        first, same = self._network(spec), self._network(spec)
        for name, weight in first.state_dict().items():
            assert torch.equal(weight, same.state_dict()[name])
        outputs = []
        for model in (first, same):
            with seeded(7):
                outputs.append(model.train()(_series()))
        assert torch.equal(*outputs)

    def test_another_seed_draws_other_weights(self, spec: ArchitectureSpec) -> None:
        first, other = self._network(spec).state_dict(), self._network(spec, seed=1).state_dict()
        assert any(not torch.equal(weight, other[name]) for name, weight in first.items())

    def test_a_sample_is_classified_whoever_shares_its_batch(self, spec: ArchitectureSpec) -> None:
        model, inputs = self._network(spec).eval(), _series()
        alone = torch.cat([model(sample) for sample in inputs.split(1)])
        torch.testing.assert_close(model(inputs), alone, rtol=1e-5, atol=1e-6)

    def test_the_gradient_reaches_the_inputs(self, spec: ArchitectureSpec) -> None:
        inputs = _series(time=4).requires_grad_()
        (self._network(spec).eval()(inputs) * torch.tensor([1.0, -2.0, 0.5])).sum().backward()
        assert inputs.grad is not None
        assert inputs.grad.isfinite().all()
        assert (inputs.grad.abs().amax(dim=(1, 2)) > 0).all()

    def test_weights_survive_safetensors(self, spec: ArchitectureSpec) -> None:
        model, other = self._network(spec).eval(), self._network(spec, seed=1).eval()
        other.load_state_dict(load(save(model.state_dict())))
        assert torch.equal(model(_series()), other(_series()))

    def _network(self, spec: ArchitectureSpec, seed: int = 0) -> nn.Module:
        with seeded(seed):
            model: nn.Module = spec.load()(features=FEATURES, classes=CLASSES, **self.configured(spec))
        return model


def _series(batch: int = 4, time: int = 11) -> Tensor:
    return torch.randn(batch, time, FEATURES, generator=torch.Generator().manual_seed(5))
