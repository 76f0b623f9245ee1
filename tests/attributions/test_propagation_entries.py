"""The entries of the methods that propagate from the output back to the input."""

import subprocess
import sys

import pytest

from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.deeplift.entries import DEEPLIFT
from saltbench.methods.attributions.lrp.entries import LRP

PROPAGATION = (*DEEPLIFT, *LRP)

ROWS = {
    "deeplift-shap": (20, 10),
    "deeplift": (2, 1),
    "deeplift-captum": (2, 2),
    "lrp": (1, 1),
    "lrp-proportional": (1, 1),
    "lrp-half": (1, 1),
}

entries = pytest.mark.parametrize("spec", PROPAGATION, ids=lambda spec: spec.name)


def test_the_entries_of_deeplift_promise_completeness_so_that_residuals_are_reported():
    assert [spec.name for spec in PROPAGATION if spec.is_complete] == ["deeplift-shap", "deeplift", "deeplift-captum"]


@entries
def test_every_entry_states_assumptions_and_cost(spec):
    assert spec.assumptions.endswith(".")
    assert spec.passes
    assert spec.cost_of(100, 100, spec.parameters) == ROWS[spec.name]


@entries
def test_parameters_of_the_entry_are_those_of_the_function(spec):
    assert bind(spec).parameters == (spec.load().__kwdefaults__ or {})


def test_listing_the_entries_imports_no_torch():
    code = "import sys; import saltbench.methods.attributions.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
