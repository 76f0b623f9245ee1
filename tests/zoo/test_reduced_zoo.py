"""The checks of the zoo, on networks of its packages' operations written here, and that they can fail."""

import functools

import pytest
import torch
from cases import REFUSED, WORKS, WRONG, Case, Outcome
from examples import Example
from matrix import write
from reduced_networks import EXAMPLES
from torch import nn

METHODS = (
    "saliency",
    "input-x-gradient",
    "integrated-gradients",
    "deeplift",
    "deeplift-shap",
    "lrp",
    "lrp-proportional",
    "lrp-half",
    "feature-ablation",
    "shapley-sampling",
)


@functools.lru_cache(1)
def case(name):
    return Case(EXAMPLES[name])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_maps_of_all_kinds_of_operations_are_right(name, method):
    assert case(name).outcome(method) == Outcome(WORKS)


class Spoiled(Case):
    """A case whose maps are changed before they are looked at."""

    def __init__(self, spoil):
        super().__init__(EXAMPLES["swiglu"])
        self.spoil = spoil

    def explained(self, method, inputs, **others):
        found = super().explained(method, inputs, **others).clone()
        return self.spoil(found, self.network)


def one_entry(found, _network):
    found[0, 3, 1] += 0.01
    return found


def by_the_batch(found, _network):
    return found * len(found)


def a_weight(found, network):
    next(network.parameters()).data[0] += 1
    return found


@pytest.mark.parametrize(
    ("spoil", "method", "reason"),
    [
        (one_entry, "saliency", "misses what is expected by"),
        (one_entry, "integrated-gradients", "misses what is expected by"),
        (one_entry, "deeplift", "of the change of the output"),
        (one_entry, "shapley-sampling", "of the change of the output"),
        (one_entry, "feature-ablation", "misses what is expected by"),
        (by_the_batch, "lrp", "a sample alone has another map"),
        (a_weight, "saliency", "the network was changed"),
    ],
)
def test_the_checks_find_what_is_wrong(spoil, method, reason):
    outcome = Spoiled(spoil).outcome(method)
    assert outcome.outcome == WRONG
    assert reason in outcome.reason


class Unheard(nn.Module):
    """Calls a function that no set of rules knows."""

    def forward(self, inputs):
        return torch.special.bessel_j0(inputs).mean(1)[:, :2]


def test_what_is_refused_is_told_apart_from_what_is_wrong():
    outcome = Case(Example(Unheard)).outcome("deeplift")
    assert outcome.outcome == REFUSED
    assert "bessel_j0" in outcome.reason


def test_the_page_counts_what_works_and_why_the_others_refuse(tmp_path):
    rows = [
        ("ncps/A", "saliency", WORKS, ""),
        ("ncps/A", "lrp", REFUSED, "LRP has no rule for glu in 3 samples (Gate, gate.py line 7); rewrite it"),
        ("none/B", "saliency", WORKS, ""),
        ("none/B", "lrp", REFUSED, "LRP has no rule for glu in 5 samples (Other, there.py line 90); rewrite it"),
    ]
    write(tmp_path, rows)
    text = (tmp_path / "matrix.md").read_text("utf-8")
    assert "| ncps/A | – | ✓ |" in text
    assert "| **2 networks** | 0 | 2 |" in text
    assert "| 2 | lrp | LRP has no rule for glu in N samples; rewrite it | ncps/A, none/B |" in text
    table = (tmp_path / "matrix.csv").read_text("utf-8").splitlines()
    assert table[0] == "network,version,method,outcome,reason"
    assert table[-1].startswith("none/B,,saliency,works")
