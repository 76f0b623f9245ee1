"""The pretend device refuses what CUDA refuses, and computes what the CPU computes."""

import copy

import numpy as np
import pytest
import torch
from pretend_device import PretendTensor, pretend_cuda
from torch import nn

MIXED = "tensors (to be on|are not at) the same device"
ZEROS = torch.zeros(2, 1, dtype=torch.int64)


@pytest.fixture
def device():
    with pretend_cuda() as device:
        yield device


@pytest.fixture
def x(device):
    return torch.arange(6.0, device=device).reshape(2, 3)


@pytest.mark.parametrize(
    "mix",
    [
        lambda x: x + torch.ones(3),
        lambda x: torch.ones(3) * x,
        lambda x: torch.ones(3) + x.sum(),
        lambda x: x.clone().add_(torch.ones(3)),
        lambda x: torch.tensor(1.0).add_(x.sum()),
        lambda x: x @ torch.ones(3),
        lambda x: torch.cat([x, torch.ones(1, 3)]),
        lambda x: torch.where(torch.ones(3) > 0, x, x),
        lambda x: x.masked_fill(torch.ones(2, 3) > 0, 0.0),
        lambda x: x.gather(1, ZEROS),
        lambda x: x.scatter(1, ZEROS, 1.0),
        lambda x: x.index_select(0, ZEROS[0]),
        lambda x: torch.ones(3)[(x > 0)[0]],
        lambda x: x.index_put((ZEROS[:, 0],), torch.ones(3)),
        lambda x: torch.add(x, 1, out=torch.empty(2, 3)),
        nn.Linear(3, 1),
        nn.LSTM(3, 2),
    ],
)
def test_tensors_of_the_cpu_are_refused(x, mix):
    with pytest.raises(RuntimeError, match=MIXED):
        mix(x)


@pytest.mark.parametrize("read", [lambda x: x.numpy(), np.asarray])
def test_numpy_is_refused(x, read):
    with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        read(x)


def test_a_generator_of_the_cpu_is_refused(device):
    with pytest.raises(RuntimeError, match="Expected a 'cuda' device type for generator but found 'cpu'"):
        torch.randn(3, device=device, generator=torch.Generator())


def test_what_cuda_takes_from_the_cpu_is_taken(x):
    assert (x * torch.tensor(2.0)).tolist() == [[0, 2, 4], [6, 8, 10]]
    assert x[ZEROS[:, 0]].tolist() == [[0, 1, 2]] * 2
    assert x[[1, 0]][:, [0]].tolist() == [[3], [0]]
    assert torch.empty(2, 3).copy_(x).tolist() == x.tolist()
    x[[0]] = 7
    assert x.tolist() == [[7, 7, 7], [3, 4, 5]]


@pytest.mark.parametrize("is_inference", [False, True])
def test_tensors_go_to_the_device_and_back(device, is_inference):
    with torch.inference_mode(is_inference):
        ones = torch.ones(3)
        made = [ones.to(device), ones.cuda(), ones.to("cuda", torch.float64), torch.tensor([1.0, 1, 1], device=device)]
        made += [torch.as_tensor(np.ones(3), device="cuda"), made[0].new_ones(3), torch.ones_like(made[0])]
        made += [ones.to(made[0]), made[0].to("cpu").to(device), copy.deepcopy(made[0])]
        for tensor in made:
            assert isinstance(tensor, PretendTensor)
            assert tensor.device == device
            assert tensor.is_cuda
            back = tensor.cpu()
            assert type(back) is torch.Tensor
            assert back.tolist() == [1, 1, 1]
            back += 1
            assert tensor.tolist() == [1, 1, 1]


def test_gradients_of_a_module_are_those_of_the_cpu(device):
    model = nn.Sequential(nn.Conv1d(2, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(9, 2)).double()
    inputs = torch.randn(5, 2, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0))

    def gradients(network, place):
        return torch.autograd.grad(network(inputs.to(place)).square().sum(), list(network.parameters()))

    expected = gradients(model, "cpu")
    there = copy.deepcopy(model).to(device)
    for found, wanted in zip(gradients(copy.deepcopy(there), device), expected, strict=True):
        torch.testing.assert_close(found.cpu(), wanted)


def test_a_recurrent_layer_has_gradients_in_train_mode_only(device):
    layer, inputs = nn.GRU(3, 2).to(device), torch.ones(4, 1, 3, device=device, requires_grad=True)
    layer(inputs)[0].sum().backward()
    with pytest.raises(RuntimeError, match="cudnn RNN backward can only be called in training mode"):
        layer.eval()(inputs)[0].sum().backward()


def test_initial_states_that_are_not_contiguous_are_refused(device):
    with pytest.raises(RuntimeError, match="rnn: hx is not contiguous"):
        nn.GRU(3, 2).to(device)(torch.ones(4, 5, 3, device=device), torch.zeros(1, 2, 5, device=device).transpose(1, 2))


def test_random_numbers_are_not_those_of_the_cpu(device):
    torch.manual_seed(0)
    there, here = torch.rand(3, device=device), torch.rand(3)
    assert there.tolist() != here.tolist()
    torch.manual_seed(0)
    assert torch.rand(3, device=device).tolist() == there.tolist()


def test_the_device_is_gone_after_the_block():
    with pretend_cuda():
        assert torch.cuda.is_available()
    if not torch.cuda.is_available():
        with pytest.raises((AssertionError, RuntimeError), match=r"CUDA|NVIDIA"):
            torch.ones(1, device="cuda")
