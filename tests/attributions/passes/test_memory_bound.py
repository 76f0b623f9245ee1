"""Every method keeps to its memory, however many samples it explains."""

import pytest
import torch
from few_passes import FEWER
from torch import nn

from saltbench.errors import BudgetError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.passes.peak_memory import PeakMemory

TIME, FEATURES, HIDDEN = 8, 10, 16
MEMORY = 1_000_000
METHODS = [spec for spec in ENTRIES if not spec.is_reference and "extra" not in spec.tags and spec.name != "attention"]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.LSTM(FEATURES, HIDDEN, batch_first=True)
        self.classifier = nn.Linear(HIDDEN, 2)

    def forward(self, inputs):
        return self.classifier(self.layer(inputs)[0][:, -1])


@pytest.mark.parametrize("spec", METHODS, ids=lambda spec: spec.name)
@pytest.mark.parametrize("batch", [pytest.param(40, marks=pytest.mark.slow), 100])
def test_what_a_method_takes_is_bounded(spec, batch):
    inputs = torch.randn(batch, TIME, FEATURES, generator=torch.Generator().manual_seed(0))
    target = torch.zeros(batch, dtype=torch.int64)
    arguments = {"background": inputs[:5], "seeds": sample_seeds(0, batch), "memory": MEMORY}
    with PeakMemory(torch.device("cpu")) as peak:
        attribute(bind(spec, FEWER.get(spec.name)), Network(), inputs, target, **arguments)
    beside = 2 * inputs.numel() * inputs.element_size()  # the attributions, and a baseline of zeros
    assert peak.bytes <= MEMORY + beside
    assert peak.bytes > 10_000


@pytest.mark.parametrize(("name", "parameter"), [("lime", "perturbations"), ("kernel-shap", "coalitions")])
def test_more_coalitions_than_the_memory_holds_are_refused(name, parameter):
    method = bind(next(spec for spec in ENTRIES if spec.name == name), {parameter: 1000})
    inputs = torch.randn(2, TIME, FEATURES, generator=torch.Generator().manual_seed(0))
    target, cells = torch.zeros(2, dtype=torch.int64), 1000 * TIME * FEATURES
    with PeakMemory(torch.device("cpu")) as peak:
        attribute(method, Network(), inputs, target, seeds=[1, 2], memory=36 * cells)
    assert 8 * cells < peak.bytes < 36 * cells
    with pytest.raises(BudgetError, match=f"at least 2.9 MB for .*; raise memory, or lower {parameter} or the number"):
        attribute(method, Network(), inputs, target, seeds=[1, 2], memory=36 * cells - 1)
