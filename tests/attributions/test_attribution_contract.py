"""What holds for every attribution method, tested over all entries on all kinds of networks."""

import subprocess
import sys

import pytest
import torch
from attribution_models import NETWORKS, classes, network, output_change, series

from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, bind, sample_seeds
from saltbench.methods.attributions.spec import MethodSpec

BATCH = 5
SETTINGS = {"smoothgrad": {"noise_samples": 3}, "integrated-gradients": {"steps": 7}}
# One batch of convolutions and matrix products is summed in another order than several smaller ones
ROUNDING = 1e-12


def explained(spec: MethodSpec, name: str, chunk: int = 32, batch: int = BATCH, seed: int = 3) -> torch.Tensor:
    model = None if spec.is_reference else network(name)
    method = bind(spec, SETTINGS.get(spec.name))
    truth = (series(seed=9) > 0).double()[:batch]
    seeds = sample_seeds(seed, batch)
    return attribute(method, model, series()[:batch], classes()[:batch], truth=truth, seeds=seeds, chunk=chunk)


pairs = pytest.mark.parametrize(
    ("spec", "name"),
    [
        pytest.param(spec, name, id=f"{spec.name}-{name}")
        for spec in ENTRIES
        for name in (["lstm"] if spec.is_reference else NETWORKS)
    ],
)


@pairs
def test_map_has_shape_and_type_of_inputs_and_is_finite(spec, name):
    attributions = explained(spec, name)
    assert attributions.shape == series().shape
    assert attributions.dtype == torch.float64
    assert torch.isfinite(attributions).all()
    assert not attributions.requires_grad


@pairs
def test_same_seeds_give_the_same_bytes(spec, name):
    assert torch.equal(explained(spec, name), explained(spec, name))


@pairs
@pytest.mark.parametrize("chunk", [1, 2])
def test_map_does_not_depend_on_the_chunk(spec, name, chunk):
    whole, parts = explained(spec, name), explained(spec, name, chunk)
    if spec.is_reference or spec.name == "smoothgrad":
        assert torch.equal(whole, parts)
    else:
        torch.testing.assert_close(whole, parts, rtol=ROUNDING, atol=ROUNDING)


@pairs
def test_map_does_not_depend_on_who_else_is_explained(spec, name):
    torch.testing.assert_close(explained(spec, name)[:2], explained(spec, name, batch=2), rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("spec", [s for s in ENTRIES if "random" in s.name or s.name == "smoothgrad"])
def test_sampling_methods_follow_their_seeds(spec):
    assert not torch.equal(explained(spec, "lstm", seed=3), explained(spec, "lstm", seed=4))


def test_complete_methods_are_these_two():
    assert [spec.name for spec in ENTRIES if spec.is_complete] == ["integrated-gradients", "deeplift"]


@pytest.mark.parametrize(
    ("method", "name", "tolerance"),
    [
        *(("deeplift", name, 1e-13) for name in NETWORKS),
        # Quadrature of 50 nodes is exact for smooth networks only
        *(("integrated-gradients", name, 1e-5) for name in NETWORKS if name not in {"rnn-relu", "convolution"}),
    ],
)
def test_complete_methods_sum_to_the_change_of_the_output(method, name, tolerance):
    spec = next(spec for spec in ENTRIES if spec.name == method)
    model, inputs, target, baseline = network(name), series(), classes(), series(seed=5)
    attributions = attribute(bind(spec), model, inputs, target, baseline=baseline)
    change = output_change(model, inputs, baseline, target)
    assert change.abs().max() > 0.1
    torch.testing.assert_close(attributions.sum((1, 2)), change, rtol=0, atol=tolerance)


@pytest.mark.parametrize("spec", ENTRIES, ids=lambda s: s.name)
def test_parameters_of_the_entry_are_those_of_the_function(spec):
    bound = bind(spec)
    assert set(bound.keywords) == set(spec.parameters)
    defaults = spec.load().__kwdefaults__ or {}
    assert dict(spec.parameters) == defaults


def test_names_are_unique_and_as_documented():
    assert [spec.name for spec in ENTRIES] == [
        *("saliency", "input-x-gradient", "integrated-gradients", "deeplift", "smoothgrad"),
        *("oracle", "random-uniform", "random-normal", "ones", "zeros", "abs-input", "last-step"),
    ]


def test_listing_entries_imports_no_torch():
    code = "import sys; import saltbench.methods.attributions.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
