"""Networks that were compiled, traced, exported, quantised or spread: explained as what they are, or told why not."""

import pytest
import torch
from mixing_networks import noise
from pretend_device import pretend_cuda
from torch import nn
from valid_networks import CLASSES, FEATURES, WIDTH

import saltbench
from saltbench.errors import ParameterError, ShapeError

METHODS = ["saliency", "integrated-gradients", "deeplift", "lrp", "feature-ablation", "deeplift-captum"]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.activation, self.classifier = nn.Linear(FEATURES, WIDTH), nn.Tanh(), nn.Linear(WIDTH, CLASSES)
        self.recurrent = nn.GRU(WIDTH, WIDTH, batch_first=True)

    def forward(self, x):
        return self.classifier(self.recurrent(self.activation(self.layer(x)))[0][:, -1])


class Simple(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.layer(torch.tanh(x)).mean(1)


class Sized(nn.Module):
    """Makes zeros of the size of its batch, which tracing takes for a constant."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.layer(torch.cat([x, torch.zeros(len(x), 1, FEATURES)], 1)).mean(1)


def made(make=Network):
    torch.manual_seed(0)
    return make()


def compiled(network):
    return torch.compile(network, backend="eager")


def with_a_compiled_layer(network):
    network.recurrent = torch.compile(network.recurrent, backend="eager")
    return network


def compiled_in_place(network):
    network.compile(backend="eager")
    return network


@pytest.mark.parametrize("make", [compiled, with_a_compiled_layer, compiled_in_place])
def test_compiled_networks_are_explained_by_every_method_and_stay_compiled(make):
    network = make(made())
    for method in METHODS:
        expected = saltbench.explain(made(), noise(), 1, method=method)
        torch.testing.assert_close(saltbench.explain(network, noise(), 1, method=method), expected)
    assert torch.isfinite(network(noise())).all()


def exported(network, batch, **options):
    return torch.export.export(network, (noise(batch),), **options).module()


def test_an_exported_network_is_explained_where_its_batch_may_have_any_size():
    network = exported(made(Simple), 6, dynamic_shapes=({0: torch.export.Dim("batch")},))
    for method in ("saliency", "integrated-gradients", "feature-ablation"):
        expected = saltbench.explain(made(Simple), noise(), 1, method=method)
        torch.testing.assert_close(saltbench.explain(network, noise(), 1, method=method), expected)


@pytest.mark.parametrize("batch", [6, 3, 1])
def test_an_exported_network_of_one_size_of_batch_is_told_so(batch):
    message = r"must take any number of series at once, got an error for \d where it answers .*; trace or export it"
    with pytest.raises(ShapeError, match=message) as caught:
        saltbench.explain(exported(made(Sized), batch), noise(), 1, method="saliency")
    assert "\n" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning", "ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("batch", [6, 3, 1])
def test_a_traced_network_of_one_size_of_batch_is_told_so(batch):
    message = r"must take any number of series at once, got an error for \d where it answers .*RuntimeError: Sizes of"
    network = torch.jit.trace(made(Sized), noise(batch), check_trace=False)
    with pytest.raises(ShapeError, match=message) as caught:
        saltbench.explain(network, noise(), 1, method="saliency")
    assert "trace or export it with a batch of any size" in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::FutureWarning")
@pytest.mark.parametrize("layers", [{nn.Linear}, {nn.GRU}])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_dynamically_quantised_network_is_refused_by_the_layers_name(layers, dtype):
    network = torch.ao.quantization.quantize_dynamic(made().eval(), layers)
    message = r"got `(layer|recurrent)` dynamically quantised, which rounds by the whole batch .*; give the network"
    with pytest.raises(ParameterError, match=message):
        saltbench.explain(network, noise().to(dtype), 1, method="feature-ablation")


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "feature-ablation"])
@pytest.mark.parametrize("kind", ["attribute", "buffer", "parameter"])
def test_networks_that_hold_the_result_of_a_computation_are_explained_and_left_as_they_were(kind, method):
    network = made()
    made_of = torch.ones(WIDTH, requires_grad=True) * 2
    if kind == "attribute":
        network.activation.weight = made_of
    elif kind == "buffer":
        network.register_buffer("weight", made_of)
    else:
        network.layer._parameters["bias"] = network.layer.bias * 2
    assert saltbench.explain(network, noise(), 1, method=method).any()
    assert made_of.requires_grad
    assert network.layer.bias.requires_grad


def test_a_network_on_several_devices_is_told_so():
    with pretend_cuda() as device:
        network = made(Sized)
        network.before = nn.Linear(FEATURES, FEATURES).to(device)
        network.forward = lambda x: network.layer(network.before(x)).mean(1)
        with pytest.raises(
            ShapeError, match=r"its parameters are on cpu and cuda:0: put it on one with \.to\(\), or mov"
        ):
            saltbench.explain(network, noise(), 1, method="saliency")
