"""The contract suite over all entries, and that it can fail."""

import subprocess
import sys

from saltbench.methods.attributions.contract import method_contract
from saltbench.methods.attributions.entries import ENTRIES

NOISY = {"noise_samples": 3}
SEGMENTS = {"time_segments": 4, "feature_segments": 2}
FEWER = {
    "integrated-gradients": {"steps": 20},
    "smoothgrad": NOISY,
    "smoothgrad-squared": NOISY,
    "vargrad": NOISY,
    "integrated-gradients-smoothgrad": {"steps": 4, **NOISY},
    "gradient-shap": {"path_samples": 4},
    "deeplift-shap": {"baseline_samples": 2},
    "feature-permutation": {**SEGMENTS, "draws": 2},
    "shapley-sampling": {**SEGMENTS, "permutations": 9},
    "kernel-shap": {**SEGMENTS, "coalitions": 62},
    "lime": {**SEGMENTS, "perturbations": 64},
    "dynamask": {"epochs": 3},
    "tsr-integrated-gradients": {"steps": 3},
}

# the extra methods train a network for each series: test_learned_masks.py runs them on fewer
TestShippedMethods = method_contract(*(spec for spec in ENTRIES if "extra" not in spec.tags), parameters=FEWER)


def test_names_are_unique():
    assert len({spec.name for spec in ENTRIES}) == len(ENTRIES)


def test_every_method_states_its_assumptions_and_cost():
    silent = [s.name for s in ENTRIES if not s.is_reference and not (s.assumptions and s.passes and s.cost)]
    assert not silent


def test_listing_entries_imports_no_torch():
    code = "import sys; import saltbench.methods.attributions.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
