"""What every registered architecture promises."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from saltbench.methods.architectures.entries import ENTRIES
from saltbench.methods.architectures.spec import ArchitectureSpec
from saltbench.methods.seeding import seeded

EVERY = pytest.mark.parametrize("entry", ENTRIES, ids=[entry.name for entry in ENTRIES])


def build(entry: ArchitectureSpec, seed: int = 0) -> nn.Module:
    with seeded(seed):
        model: nn.Module = entry.load()(features=6, classes=3, **entry.parameters)
    return model


def series(batch: int = 4, time: int = 11) -> Tensor:
    return torch.randn(batch, time, 6, generator=torch.Generator().manual_seed(5))


def test_names_are_the_published_ones():
    assert [entry.name for entry in ENTRIES] == ["lstm", "bi-lstm", "lstm-self-attention", "input-cell-lstm"]


@EVERY
def test_the_entry_loads_the_factory_of_its_name(entry):
    assert entry.load().__name__ == entry.name.replace("-", "_")


@EVERY
def test_the_entry_lists_every_parameter_with_its_default(entry):
    defaults = {
        name: parameter.default
        for name, parameter in inspect.signature(entry.load()).parameters.items()
        if name not in ("features", "classes")
    }
    assert dict(entry.parameters) == defaults


@EVERY
@pytest.mark.parametrize("shape", [(1, 1), (4, 11), (3, 6), (2, 70)])
def test_maps_series_to_logits(entry, shape):
    logits = build(entry).eval()(series(*shape))
    assert logits.shape == (shape[0], 3)
    assert logits.isfinite().all()


@EVERY
def test_the_seed_determines_weights_and_training_output(entry):
    first, same, other = build(entry), build(entry), build(entry, seed=1)
    for name, weight in first.named_parameters():
        assert torch.equal(weight, same.get_parameter(name))
        # what is not learned is not drawn either
        assert torch.equal(weight, other.get_parameter(name)) != weight.requires_grad
    outputs = []
    for model in (first, same):
        with seeded(7):
            outputs.append(model.train()(series()))
    assert torch.equal(*outputs)


@EVERY
def test_the_gradient_reaches_every_input_step_and_every_weight(entry):
    model, inputs = build(entry).eval(), series(time=4).requires_grad_()
    (model(inputs) * torch.tensor([1.0, -2.0, 0.5])).sum().backward()
    assert (inputs.grad.abs().amax(dim=2) > 0).all()
    learned = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    assert all(weight.grad.abs().max() > 0 for name, weight in learned.items() if _is_read(name))


def _is_read(name: str) -> bool:
    """The backward direction starts from a zero state, so its recurrent weights do not reach the last step."""
    return name != "recurrent.weight_hh_l0_reverse"


@EVERY
def test_evaluation_is_independent_of_batch_mates(entry):
    model, inputs = build(entry).eval(), series()
    alone = torch.cat([model(sample) for sample in inputs.split(1)])
    torch.testing.assert_close(model(inputs), alone, rtol=1e-5, atol=1e-6)


@EVERY
def test_weights_survive_safetensors(entry, tmp_path: Path):
    model, other = build(entry).eval(), build(entry, seed=1).eval()
    save_file(model.state_dict(), tmp_path / "weights.safetensors")
    other.load_state_dict(load_file(tmp_path / "weights.safetensors"))
    assert torch.equal(model(series()), other(series()))


def test_listing_imports_no_torch():
    code = "import sys; import saltbench.methods.architectures.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
