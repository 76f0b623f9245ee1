"""What every registered architecture promises."""

import inspect
import subprocess
import sys

import pytest
import torch
from torch import Tensor, nn

from saltbench.methods.architectures.contract import architecture_contract
from saltbench.methods.architectures.entries import ENTRIES
from saltbench.methods.architectures.spec import ArchitectureSpec
from saltbench.methods.seeding import seeded

TestShippedArchitectures = architecture_contract(*ENTRIES)
EVERY = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])


def build(entry: ArchitectureSpec, seed: int = 0) -> nn.Module:
    with seeded(seed):
        model: nn.Module = entry.load()(features=6, classes=3, **entry.parameters)
    return model


def series(batch: int = 4, time: int = 11) -> Tensor:
    return torch.randn(batch, time, 6, generator=torch.Generator().manual_seed(5))


def test_names_are_the_published_ones():
    names = ["lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm", "gru-per-step"]
    assert [entry.name for entry in ENTRIES] == names


@EVERY
def test_the_entry_loads_the_factory_of_its_name(entry):
    assert entry.load().__name__ == entry.name.replace("-", "_")


@EVERY
def test_every_parameter_has_a_default_which_the_entry_repeats(entry):
    found = inspect.signature(entry.load()).parameters.items()
    defaults = {name: one.default for name, one in found if name not in ("features", "classes")}
    assert dict(entry.parameters) == defaults


@EVERY
def test_all_that_is_learned_is_drawn_and_nothing_else(entry):
    first, other = build(entry), build(entry, seed=1)
    for name, weight in first.named_parameters():
        is_drawn = weight.requires_grad and not name.startswith("norm.")  # a normalisation begins at scale 1, shift 0
        assert torch.equal(weight, other.get_parameter(name)) != is_drawn


@EVERY
def test_the_gradient_reaches_every_input_step_and_every_weight(entry):
    model, inputs = build(entry).eval(), series(time=4).requires_grad_()
    (model(inputs) * torch.tensor([1.0, -2.0, 0.5])).sum().backward()
    assert (inputs.grad.abs().amax(dim=2) > 0).all()
    learned = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(weight.grad.abs().max() > 0 for name, weight in learned.items() if _is_read(name))


def _is_read(name: str) -> bool:
    """The backward direction starts from a zero state, so its recurrent weights do not reach the last step."""
    return name != "reverse.weight_hh"


def test_listing_imports_no_torch():
    code = "import sys; import saltbench.methods.architectures.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
