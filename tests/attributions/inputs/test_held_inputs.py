"""Networks of which some arguments are held at those of one sample."""

import pytest
import torch
from torch import nn

from saltbench.methods.attributions.inputs.held_inputs import Conditioned, find_conditioned


class Sum(nn.Module):
    def forward(self, rows, *held):
        return sum((values.reshape(len(values), -1).sum(1) for values in held), rows.sum((1, 2)))[:, None]


HELD = [torch.tensor([1.0, 2.0, 1.0, 2.0]), torch.tensor([[3], [4], [3], [5]])]


def test_rows_get_the_held_values_of_the_sample_that_is_given():
    model = Conditioned(Sum(), HELD, "")
    assert model(torch.zeros(2, 3, 1)).tolist() == [[4.0], [4.0]]
    model.give(3)
    assert model(torch.ones(2, 3, 1)).tolist() == [[10.0], [10.0]]


@pytest.mark.parametrize(("count", "groups"), [(4, [[0, 2], [1], [3]]), (2, [[0], [1]]), (1, [[0]])])
def test_samples_with_the_same_held_values_are_one_group(count, groups):
    assert Conditioned(Sum(), HELD, "").groups(count) == groups


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.bfloat16, torch.float64])
def test_values_of_every_type_are_told_apart(dtype):
    held = torch.tensor([[0, 1], [1, 0], [0, 1]]).to(dtype)
    assert Conditioned(Sum(), [held], "").groups(3) == [[0, 2], [1]]


def test_what_a_network_does_to_held_values_in_place_stays_with_its_call():
    class Writing(nn.Module):
        def forward(self, rows, held):
            return rows.sum((1, 2))[:, None] + held.add_(1)[:, None]

    held = torch.tensor([1.0, 2.0])
    model = Conditioned(Writing(), [held], "")
    assert model(torch.zeros(3, 1, 1)).tolist() == model(torch.zeros(3, 1, 1)).tolist() == [[2.0]] * 3
    assert held.tolist() == [1.0, 2.0]


def test_a_conditioned_network_is_found_inside_others():
    inner = Conditioned(Sum(), HELD, "")
    assert find_conditioned(nn.Sequential(inner)) is inner
    assert find_conditioned(Conditioned(Sum(), [], "")) is None
