"""The contract suite over all entries, and that it can fail."""

import subprocess
import sys

import pytest
from attribution_models import NETWORKS, classes, network, series
from few_passes import FEWER

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.contract import method_contract
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds

# the extra methods train a network for each series: test_learned_masks.py runs them on fewer
SHIPPED = [spec for spec in ENTRIES if "extra" not in spec.tags]
TestShippedMethods = method_contract(*SHIPPED, parameters=FEWER)


# The contract skips what a method refuses, so that a rule that is lost would only be one skipped test more
REFUSED = {"attention": set(NETWORKS)}  # needs a network with a method of that name


@pytest.mark.parametrize("spec", SHIPPED, ids=lambda spec: spec.name)
def test_methods_refuse_no_other_networks_than_these(spec):
    refused = set()
    for name in ["lstm"] if spec.is_reference else NETWORKS:
        try:
            attribute(
                bind(spec, FEWER.get(spec.name)),
                network(name),
                series(2),
                classes(2),
                background=series(3, seed=7),
                truth=(series(2, seed=9) > 0).double(),
                seeds=sample_seeds(3, 2),
            )
        except UnsupportedOperationError:
            refused.add(name)
    assert refused == REFUSED.get(spec.name, set())


def test_names_are_unique():
    assert len({spec.name for spec in ENTRIES}) == len(ENTRIES)


def test_every_method_states_its_assumptions_and_cost():
    silent = [s.name for s in ENTRIES if not s.is_reference and not (s.assumptions and s.passes and s.cost)]
    assert not silent


def test_listing_entries_imports_no_torch():
    code = "import sys; import saltbench.methods.attributions.entries; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
