"""The contract suite over the perturbation methods, and that their passes are as stated at other sizes."""

import subprocess
import sys

import pytest

from saltbench.methods.attributions.contract import method_contract
from saltbench.methods.attributions.perturbation_entries import PERTURBATION

FEWER = {
    "feature-permutation": {"draws": 2},
    "shapley-sampling": {"permutations": 2},
    "kernel-shap": {"coalitions": 60},
    "lime": {"perturbations": 60},
}

TestPerturbationMethods = method_contract(*PERTURBATION, parameters=FEWER)


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("feature-ablation", 401),
        ("occlusion", 362),
        ("feature-permutation", 1001),
        ("shapley-sampling", 992),
        ("kernel-shap", 1002),
        ("lime", 1000),
    ],
)
def test_defaults_keep_maps_of_100_by_100_cells_affordable(name, rows):
    spec = next(spec for spec in PERTURBATION if spec.name == name)
    assert spec.cost_of(100, 100, spec.parameters) == (rows, 0)


def test_listing_entries_imports_no_torch():
    code = "import sys; import saltbench.methods.attributions.perturbation_entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
