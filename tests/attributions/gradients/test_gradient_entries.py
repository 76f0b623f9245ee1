"""The entries of the gradient methods say what is true of them."""

import subprocess
import sys

import pytest
import torch
from attribution_models import classes, network, series
from torch import nn

from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.gradients.entries import GRADIENT

SPECS = pytest.mark.parametrize("spec", GRADIENT, ids=lambda spec: spec.name)
SMALL = {
    "integrated-gradients": {"steps": 3, "against": "sampled", "baseline_samples": 2},
    "integrated-gradients-smoothgrad": {"steps": 3, "noise_samples": 2},
    "gradient-shap": {"path_samples": 3},
}
BATCH = 64


class Counted(nn.Module):
    """Counts the rows that go forward and those whose gradient comes back."""

    def __init__(self, model):
        super().__init__()
        self.model = model
        self.forward_rows = self.backward_rows = 0

    def forward(self, inputs):
        self.forward_rows += len(inputs)
        if inputs.requires_grad:
            inputs.register_hook(self.count)
        return self.model(inputs)

    def count(self, gradient):
        self.backward_rows += len(gradient)


@pytest.mark.parametrize("spec", [s for s in GRADIENT if "gradient" in s.tags], ids=lambda spec: spec.name)
def test_cost_is_the_number_of_rows(spec):
    parameters = spec.configure(SMALL.get(spec.name, {}))
    model, inputs = Counted(network("lstm")), series(BATCH)
    arguments = {"background": series(5, seed=9), "seeds": sample_seeds(0, BATCH)}
    attribute(bind(spec, parameters), model, inputs, classes(BATCH), **arguments)
    cost = spec.cost_of(*inputs.shape[1:], parameters)
    # Two rows check the model and two measure the memory; samples that fill whole passes need no padding
    assert model.backward_rows == BATCH * cost.backward + 2
    assert model.forward_rows == BATCH * cost.forward + 4


@SPECS
def test_parameters_of_the_entry_are_those_of_the_function(spec):
    assert dict(spec.parameters) == (spec.load().__kwdefaults__ or {})


@SPECS
def test_map_is_finite_and_of_the_shape_of_the_inputs(spec):
    bound = bind(spec, SMALL.get(spec.name, {}))
    arguments = {"background": series(5, seed=9), "seeds": [1, 2]}
    explained = attribute(bound, network("lstm"), series(2), classes(2), **arguments)
    assert explained.shape == (2, 6, 4)
    assert torch.isfinite(explained).all()
    assert not explained.requires_grad


def test_listing_entries_imports_no_torch():
    code = """
import sys
from saltbench.methods.attributions.gradients.entries import GRADIENT
assert all(spec.cost_of(3, 2, spec.parameters) for spec in GRADIENT)
sys.exit('torch' in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
