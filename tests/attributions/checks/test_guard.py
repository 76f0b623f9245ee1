"""What methods of third parties are lent, and what checking them costs."""

import random

import numpy as np
import pytest
import torch
from attribution_models import classes, network, series
from torch import nn

import saltbench
from saltbench.errors import ContractError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.checks.guard import _SEEDS, attribute_checked
from saltbench.methods.attributions.entries import ENTRIES
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.spec import MethodSpec
from saltbench.random_states import generators, restore_random_states


def entry(function):
    return MethodSpec(name="mine", version=1, description="", reference="", factory=function)


class Counted(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model
        self.rows = []

    def forward(self, inputs):
        self.rows.append(len(inputs))
        return self.model(inputs)


def rows_of(spec, samples):
    model = Counted(network("lstm"))
    attribute_checked(
        spec, {"noise_samples": 5}, model, series(samples), target=classes(samples), seeds=sample_seeds(1, samples)
    )
    return sum(model.rows)


def test_a_method_of_ones_own_explains_four_more_samples():
    (ours,) = (spec for spec in ENTRIES if spec.name == "smoothgrad")
    theirs = MethodSpec(
        name="mine", version=1, description="", reference="", factory=ours.load(), parameters=ours.parameters
    )
    extra = rows_of(theirs, 64) - rows_of(ours, 64)
    assert 0 < extra - 2 * 16 <= 2 * 8  # each of two passes of 2 · 5 draws is filled up to 16, after probes and checks
    arguments = network("lstm"), series(64)
    given = {"target": classes(64), "seeds": sample_seeds(1, 64)}
    own = attribute_checked(ours, {}, *arguments, **given)
    assert torch.equal(attribute_checked(theirs, {}, *arguments, **given), own)
    assert torch.equal(attribute(bind(ours), *arguments, **given), own)


MISTAKES = {
    "inputs": lambda model, inputs, target: inputs.zero_(),
    "mode": lambda model, inputs, target: inputs * model.train()(inputs).sum(),
    "random": lambda model, inputs, target: torch.rand_like(inputs),
    "random-numpy": lambda model, inputs, target: inputs * np.random.rand(),  # noqa: NPY002
    "random-python": lambda model, inputs, target: inputs * random.random(),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_explain_refuses_a_method_that_does_not_behave_and_nothing_is_changed(mistake):
    model, inputs = network("lstm").train(), series()
    before = [value.clone() for value in model.state_dict().values()]
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    with pytest.raises(ContractError, match=r"the method (changed|gave two maps) .*; let it "):
        saltbench.explain(model, inputs, method=entry(MISTAKES[mistake]))
    assert torch.equal(inputs, series())
    assert model.training
    assert all(map(torch.equal, model.state_dict().values(), before))
    assert torch.equal(torch.get_rng_state(), states[0])
    assert (random.getstate(), np.random.get_state()[1].tolist()) == states[1:]  # noqa: NPY002


def test_evaluate_fails_the_rows_of_methods_that_do_not_behave():
    model = nn.Sequential(nn.Flatten(), nn.Linear(100 * 100, 2))
    random_one = entry(MISTAKES["random"])
    table = saltbench.evaluate(model, "box/latter", methods=[random_one, "saliency"], samples=4).set_index("method")
    assert table.status["mine"] == "failed"
    assert "gave two maps of the same samples" in table.reason["mine"]
    assert table.status["saliency"] == "ok"


def test_a_method_may_draw_from_seeds_and_use_the_global_generators_alike_each_time():
    def declared(inputs, seeds):
        draws = [torch.rand(inputs.shape[1:], generator=torch.Generator().manual_seed(seed)) for seed in seeds]
        torch.manual_seed(3)
        return torch.stack(draws).to(inputs) + torch.rand(())

    first, second = (saltbench.explain(network("lstm"), series(), method=entry(declared)) for _ in range(2))
    assert torch.equal(first, second)


def test_global_seeds_lie_on_either_side_of_a_half():
    draws = []
    for seed in _SEEDS:
        with restore_random_states():
            for generator in generators():
                generator.seed(seed)
            draws.append((float(torch.rand(())), np.random.rand(), random.random()))  # noqa: NPY002
    assert all((first < 0.5) != (second < 0.5) for first, second in zip(*draws, strict=True))
