"""Layers of a network and copies with some of them randomised: every parameter is found, changed, and no other."""

import torch
from randomised_networks import EVERY, FEATURES, NETWORKS, build, everything, found, series
from torch import nn

from saltbench import randomisation_check
from saltbench.benchmark.execution.network_checks.randomisation import RandomisedCopy


@EVERY
def test_layers_run_from_output_to_input_and_hold_every_parameter(name):
    model = build(name)
    assert [layer.name for layer in found(model)] == NETWORKS[name][1]
    held = [parameter for layer in found(model) for parameter in layer.parameters]
    assert sorted(held) == sorted(name for name, _ in model.named_parameters())


def test_recurrent_layer_holds_the_parameters_of_one_direction():
    layer = found(build("deep-bi-gru"))[1]
    assert set(layer.parameters) == {
        f"body.{kind}_l1_reverse" for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    }
    assert "body.weight_hr_l0" in found(build("projected-lstm"))[1].parameters


@EVERY
def test_all_layers_together_change_every_parameter_and_no_buffer(name):
    model = build(name)
    copied = RandomisedCopy(model, found(model), seed=0)
    for layer in found(model):
        copied.randomise(layer)
    before, after = everything(model), everything(copied.model)
    parameters = {name for name, _ in model.named_parameters()}
    assert all((before[name] != after[name]).all() for name in parameters)
    assert all(torch.equal(before[name], after[name]) for name in before if name not in parameters)


@EVERY
def test_one_layer_changes_its_own_parameters_alone(name):
    model = build(name)
    for layer in found(model):
        copied = RandomisedCopy(model, found(model), seed=0)
        copied.randomise(layer)
        before, after = everything(model), everything(copied.model)
        assert {name for name in before if not torch.equal(before[name], after[name])} == set(layer.parameters)


@EVERY
def test_random_recurrent_parameters_reach_the_outputs(name):
    model, inputs = build(name), series()
    for layer in found(model):
        copied = RandomisedCopy(model, found(model), seed=0)
        copied.randomise(layer)
        assert not torch.allclose(model(inputs), copied.model(inputs))


def test_new_values_are_normal_with_the_root_mean_square_of_the_old():
    model = nn.Sequential(nn.Flatten(), nn.Linear(28, 3000)).double()
    nn.init.constant_(model[1].bias, 4.0)
    (layer,) = found(model)
    copied = RandomisedCopy(model, [layer], seed=3)
    copied.randomise(layer)
    bias, weight = copied.model[1].bias.detach(), copied.model[1].weight.detach()
    # standard errors of mean and deviation of n normal numbers: s / √n and s / √2n
    assert abs(bias.mean()) < 4 * 4 / 3000**0.5
    assert abs(bias.std() - 4) < 4 * 4 / 6000**0.5
    assert abs(weight.std() / model[1].weight.detach().square().mean().sqrt() - 1) < 4 / 168_000**0.5
    scaled = RandomisedCopy(model, [layer], seed=3, scale=1.0)
    scaled.randomise(layer)
    torch.testing.assert_close(4 * scaled.model[1].bias, copied.model[1].bias)


def test_frozen_parameters_are_randomised_and_stay_frozen():
    model = build("cell").requires_grad_(False)
    table = randomisation_check(model, series(), method="saliency", orders=["cascading"])
    assert len(table) == 3
    assert not any(parameter.requires_grad for parameter in model.parameters())


def test_a_shared_parameter_belongs_to_every_layer_that_holds_it():
    model = nn.Sequential(
        nn.Linear(FEATURES, FEATURES), nn.Tanh(), nn.Linear(FEATURES, FEATURES), nn.Flatten()
    ).double()
    model[2].weight = model[0].weight
    last, first = found(model)
    assert "2.weight" in last.parameters
    assert "0.weight" in first.parameters
    copied = RandomisedCopy(model, [last, first], seed=0)
    copied.randomise(last)
    assert copied.model[0].weight is copied.model[2].weight
    assert not torch.equal(copied.model[0].weight, model[0].weight)
    assert torch.equal(copied.model[0].bias, model[0].bias)
