"""Parameter randomisation: every parameter changes or the check says so, and the model is left alone."""

import copy
import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from randomised_networks import EVERY, Cell, Network, build, everything, found, series
from scipy.stats import spearmanr
from torch import nn

from saltbench import randomisation_check
from saltbench.benchmark.execution.network_checks.randomisation import RandomisedCopy
from saltbench.benchmark.networks.randomisation_check import rank_similarity
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import ParameterError, RandomisationError, ShapeError, UnknownNameError
from saltbench.methods.attributions.passes.budget import GRAIN
from saltbench.methods.attributions.spec import MethodSpec


@EVERY
def test_the_model_is_left_as_it_was(name):
    model = build(name).train()
    before, modes = everything(model), [module.training for module in model.modules()]
    trained = [parameter.requires_grad for parameter in model.parameters()]
    state = torch.get_rng_state()
    randomisation_check(model, series(), method="saliency")
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in model.modules()] == modes
    assert all(not module._forward_hooks for module in model.modules())
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert [parameter.requires_grad for parameter in model.parameters()] == trained
    assert all(parameter.grad is None for parameter in model.parameters())


def test_similarity_on_a_linear_model_is_that_of_its_weights():
    model = nn.Sequential(nn.Flatten(), nn.Linear(28, 3)).double()
    target = torch.tensor([0, 1, 2, 0, 1, 2])
    table = randomisation_check(model, series(), target, method="saliency", seed=5)
    (layer,) = found(model)
    copied = RandomisedCopy(model, [layer], seed=5)
    copied.randomise(layer)
    old, new = (network[1].weight.detach().abs().numpy() for network in (model, copied.model))
    expected = np.mean([spearmanr(old[c], new[c]).statistic for c in target.tolist()])
    assert table.to_dict("list") == {
        "order": ["cascading", "independent"],
        "step": [1, 1],
        "layer": ["1", "1"],
        "parameters": [28 * 3 + 3] * 2,
        "similarity": pytest.approx([expected] * 2),
    }


def test_first_steps_agree_and_later_ones_differ():
    table = randomisation_check(build("deep-bi-gru"), series(), method="saliency")
    cascading, independent = (table[table.order == order].similarity.to_numpy() for order in table.order.unique())
    assert cascading[0] == independent[0]
    assert (cascading[1:] != independent[1:]).all()
    assert list(table.step) == [1, 2, 3, 4, 5] * 2
    assert table.parameters.sum() == 2 * sum(p.numel() for p in build("deep-bi-gru").parameters())


@pytest.mark.parametrize("caller", [torch.no_grad, torch.inference_mode])
def test_the_mode_that_the_caller_is_in_does_not_matter(caller):
    model = build("cell")
    expected = randomisation_check(model, series(), method="saliency")
    with caller():
        assert randomisation_check(model, series() * 1, method="saliency").equals(expected)


def test_the_same_seed_gives_the_same_table_and_another_seed_another():
    model = build("cell")
    one, same, other = (randomisation_check(model, series(), method="smoothgrad", seed=s) for s in (1, 1, 2))
    assert one.equals(same)
    assert (one.similarity != other.similarity).all()


def entry(factory, **parameters):
    return MethodSpec(name="mine", version=1, description="", reference="", factory=factory, parameters=parameters)


def test_a_method_that_does_not_look_at_the_weights_stays_as_it_is():
    table = randomisation_check(build("cell"), series(), method=entry(lambda model, inputs: inputs))
    assert table.similarity.tolist() == pytest.approx([1] * 6)


def test_the_class_predicted_before_is_explained_throughout():
    asked = []

    def recorded(model, inputs, target, *, flag):
        asked.append((target.tolist(), flag))
        return inputs

    model, inputs = build("cell"), series(GRAIN)
    predicted = model(inputs).argmax(1).tolist()
    randomisation_check(model, inputs, method=entry(recorded, flag=1), parameters={"flag": 2})
    whole = [(target, flag) for target, flag in asked if len(target) == GRAIN]
    assert len(whole) == 7  # before, and for 3 layers in 2 orders
    assert whole == [(predicted, 2)] * 7
    assert len(set(predicted)) > 1


@given(st.integers(1, 4), st.integers(1, 12), st.integers(0, 999), st.sampled_from([1, 3, 100]))
def test_rank_similarity_is_spearmans_of_each_row(batch, cells, seed, levels):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(levels, size=(2, batch, cells)).astype(float)
    similarity = rank_similarity(first, second)
    for row, (one, other) in enumerate(zip(first, second, strict=True)):
        constant = [len(set(values)) == 1 for values in (one, other)]
        expected = float(all(constant)) if any(constant) else spearmanr(one, other).statistic
        assert similarity[row] == pytest.approx(expected, abs=1e-12)


def test_rank_similarity_of_orders_and_their_reverse():
    order = np.array([[1.0, 2, 3, 4]])
    assert rank_similarity(order, order**3).tolist() == [1.0]
    assert rank_similarity(order, -order).tolist() == [-1.0]


def test_a_parameter_without_a_scale_fails_loudly_and_can_be_given_one():
    model = build("cell")
    nn.init.zeros_(model.classifier.bias)
    with pytest.raises(
        RandomisationError, match=r"parameter classifier.bias must change .* all zero, so that it gives"
    ):
        randomisation_check(model, series(), method="saliency")
    assert len(randomisation_check(model, series(), method="saliency", scale=0.3)) == 6


def test_a_parameter_that_its_module_puts_back_fails_loudly():
    model = build("cell")
    vars(model.body)["inner"] = model.body.inner.detach().clone()
    with pytest.raises(RandomisationError, match=r"parameter body.inner must change .* set to its old value"):
        randomisation_check(model, series(), method="saliency")


def test_parameters_in_a_plain_list_fail_loudly():
    model = build("cell")
    model.body.more = [nn.Parameter(torch.ones(5))]
    with pytest.raises(
        RandomisationError, match=r"got one in a plain attribute body.more that randomisation cannot see"
    ):
        randomisation_check(model, series(), method="saliency")


def test_constants_in_plain_attributes_are_none_of_its_business():
    model = build("cell")
    model.body.mask = {"early": torch.ones(5)}
    assert len(randomisation_check(model, series(), method="saliency")) == 6


def test_a_copy_that_shares_parameters_fails_loudly():
    class Same(Cell):
        def __deepcopy__(self, memo):
            return self

    with pytest.raises(RandomisationError, match=r"got one that shares body.inner with it; remove __deepcopy__"):
        randomisation_check(Network(Same(), 5).double(), series(), method="saliency")


def test_a_model_that_cannot_be_copied_fails_loudly():
    class Locked(Cell):
        def __deepcopy__(self, memo):
            raise TypeError("cannot copy\na lock")

    with pytest.raises(RandomisationError, match="got TypeError: cannot copy a lock; make Network copyable"):
        randomisation_check(Network(Locked(), 5).double(), series(), method="saliency")


def test_outputs_that_do_not_depend_on_the_parameters_fail_loudly():
    class Unused(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3))

        def forward(self, inputs):
            return inputs.mean(1)

    with pytest.raises(RandomisationError, match="outputs of Unused must change when all its parameters are random"):
        randomisation_check(Unused().double(), series(), method="saliency")


def test_a_model_without_parameters_is_refused():
    with pytest.raises(RandomisationError, match="must have parameters to randomise, got none in Flatten"):
        randomisation_check(nn.Flatten(), series(), method="saliency")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "oracle"}, ParameterError, "a method that looks at the model, got the reference oracle"),
        ({"method": "salincy"}, UnknownNameError, "unknown method 'salincy'; did you mean 'saliency'"),
        (
            {"orders": ["cascade"]},
            UnknownNameError,
            "unknown order of randomisation 'cascade'; did you mean 'cascading'",
        ),
        ({"inputs": series(0)}, ParameterError, "needs at least one sample, got none"),
        ({"seed": -1}, ParameterError, "a whole number of at least 0 and a finite scale above 0, got -1 and None"),
        ({"seed": 1.5}, ParameterError, "a whole number of at least 0 and a finite scale above 0, got 1.5 and None"),
        ({"seed": None}, ParameterError, "a whole number of at least 0 and a finite scale above 0, got None and None"),
        ({"model": Cell}, ParameterError, "the model must be a torch.nn.Module, or a .* got the class Cell"),
        ({"model": lambda x: x}, ParameterError, "needs a network with parameters to randomise, got a function of ar"),
        ({"scale": 0.0}, ParameterError, "a finite scale above 0, got 0 and 0.0"),
        ({"parameters": {"step": 1}}, UnknownNameError, "unknown parameter of saliency 'step'"),
    ],
)
def test_mistakes_are_one_line(arguments, error, message):
    given_ = {"model": build("cell"), "inputs": series(), "method": "saliency", **arguments}
    with pytest.raises(error, match=message):
        randomisation_check(**given_)


def test_an_entry_of_a_registry_is_as_good_as_its_name():
    spec = dataclasses.replace(load_registries().methods.get("saliency"))
    model = copy.deepcopy(build("cell"))
    by_entry, by_name = (randomisation_check(model, series(), method=method) for method in (spec, "saliency"))
    assert by_entry.equals(by_name)


def test_baseline_and_background_may_be_arrays_and_one_series_the_baseline_of_all():
    model, absent = build("cell"), series(1)[0] / 2

    def checked(method, **options):
        return randomisation_check(model, series(), 1, method=method, orders=["cascading"], **options)

    expected = checked("input-x-gradient", baseline=absent.expand(series().shape))
    for given_ in (absent, absent.numpy(), absent.numpy().astype(np.float32).tolist()):
        found = checked("input-x-gradient", baseline=given_)
        assert found.similarity.to_numpy() == pytest.approx(expected.similarity.to_numpy(), abs=1e-6)
    expected = checked("gradient-shap", background=series(9))
    assert checked("gradient-shap", background=series(9).numpy()).equals(expected)


def test_arrays_and_one_class_for_all_are_taken():
    model = build("cell")
    expected = randomisation_check(model, series(), torch.ones(6, dtype=torch.int64), method="saliency")
    assert randomisation_check(model, series().numpy(), 1, method="saliency").equals(expected)


def test_a_network_of_another_form_is_told_how_to_be_adapted():
    class Pair(nn.Module):
        def __init__(self):
            super().__init__()
            self.model = build("cell")

        def forward(self, inputs):
            return self.model(inputs), inputs

    with pytest.raises(ShapeError, match=r"got tuple; wrap it: saltbench\.adapted\(model, item=0\)"):
        randomisation_check(Pair(), series(), method="saliency")


@pytest.mark.parametrize("kind", [tuple, list, lambda parts: dict(zip("ab", parts, strict=True))])
def test_several_inputs_are_told_to_be_given_as_one_series(kind):
    parts = kind([torch.zeros(3, 5, 2), torch.zeros(3, 2)])
    with pytest.raises(
        ParameterError, match=r"takes one series \(batch, time, features\), got a \w+ of inputs; give the"
    ):
        randomisation_check(nn.Sequential(nn.Flatten(), nn.Linear(10, 2)), parts, method="saliency")
