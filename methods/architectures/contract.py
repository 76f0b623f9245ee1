"""The contract that every architecture keeps, as tests that anyone can run on one of their own.

In a test file of a third party, one line is all:

    TestMine = architecture_contract(MY_ARCHITECTURE)
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
import torch
from safetensors.torch import load, save
from torch import Tensor, nn

from ...entry_contract import Contract, hold
from ..seeding import seeded
from .spec import ArchitectureSpec

FEATURES, CLASSES = 6, 3
_SEEDED = "draw from PyTorch's default generator"


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
        stated = set(spec.parameters)
        hold(
            stated == names, f"parameters of {spec.name} must be its function's {_listed(names)}, got {_listed(stated)}"
        )
        defaults = {name: found[name].default for name in names if found[name].default is not inspect.Parameter.empty}
        for name, default in defaults.items():
            given = spec.parameters[name]
            hold(given == default, f"{spec.name} must state the function's default {name}={default!r}, got {given!r}")

    @pytest.mark.parametrize("shape", [(1, 1), (4, 11), (3, 6), (2, 70)], ids=str)
    def test_maps_series_of_any_length_to_logits(self, spec: ArchitectureSpec, shape: tuple[int, int]) -> None:
        logits = self._network(spec).eval()(_series(*shape))
        expected, got = (*(shape if spec.per_step else shape[:1]), CLASSES), tuple(logits.shape)
        hold(got == expected, f"{spec.name} must map series of {shape[1]} steps to logits {expected}, got {got}")
        hold(bool(logits.isfinite().all()), f"{spec.name} must give finite logits, got NaN or infinity")

    def test_the_seed_determines_weights_and_training_output(self, spec: ArchitectureSpec) -> None:
        first, same = self._network(spec), self._network(spec)
        for name, weight in first.state_dict().items():
            hold(torch.equal(weight, same.state_dict()[name]), f"one seed must give one {name}, got two; {_SEEDED}")
        outputs = []
        for model in (first, same):
            with seeded(7):
                outputs.append(model.train()(_series()))
        hold(torch.equal(*outputs), f"one seed must give one output in training, got two; {_SEEDED}")

    def test_another_seed_draws_other_weights(self, spec: ArchitectureSpec) -> None:
        first, other = self._network(spec).state_dict(), self._network(spec, seed=1).state_dict()
        differs = any(not torch.equal(weight, other[name]) for name, weight in first.items())
        hold(differs, f"another seed must give {spec.name} other weights, got the same; initialise them at random")

    def test_a_sample_is_classified_whoever_shares_its_batch(self, spec: ArchitectureSpec) -> None:
        model, inputs = self._network(spec).eval(), _series()
        alone = torch.cat([model(sample) for sample in inputs.split(1)])
        is_alone = torch.allclose(model(inputs), alone, rtol=1e-5, atol=1e-6)
        hold(is_alone, f"logits of a sample must not depend on its batch, got others for {spec.name} alone")

    def test_the_gradient_reaches_the_inputs(self, spec: ArchitectureSpec) -> None:
        inputs = _series(time=4).requires_grad_()
        (self._network(spec).eval()(inputs) * torch.tensor([1.0, -2.0, 0.5])).sum().backward()
        found = torch.zeros_like(inputs) if inputs.grad is None else inputs.grad
        hold(bool(found.isfinite().all()), f"the gradient of {spec.name} must be finite, got NaN or infinity")
        reaches = bool((found.abs().amax(dim=(1, 2)) > 0).all())
        hold(reaches, f"the gradient of {spec.name} must reach every sample, got 0; it may be detached or saturated")

    def test_weights_survive_safetensors(self, spec: ArchitectureSpec) -> None:
        model, other = self._network(spec).eval(), self._network(spec, seed=1).eval()
        other.load_state_dict(load(save(model.state_dict())))
        is_same = torch.equal(model(_series()), other(_series()))
        hold(
            is_same, f"weights of {spec.name} must say all of it, got other outputs; register what it keeps as a buffer"
        )

    def _network(self, spec: ArchitectureSpec, seed: int = 0) -> nn.Module:
        with seeded(seed):
            model: nn.Module = spec.load()(features=FEATURES, classes=CLASSES, **self.configured(spec))
        return model


def _series(batch: int = 4, time: int = 11) -> Tensor:
    return torch.randn(batch, time, FEATURES, generator=torch.Generator().manual_seed(5))


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
