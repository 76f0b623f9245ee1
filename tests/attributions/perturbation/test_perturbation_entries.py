"""What the perturbation methods cost by default."""

import pytest

from saltbench.methods.attributions.perturbation.entries import PERTURBATION


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
