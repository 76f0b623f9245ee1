"""The same series, the same outputs: what a network draws or keeps is told by its name, and stays as it was."""

import random
import time
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from valid_networks import CLASSES, FEATURES, TIME, WIDTH

import saltbench
from saltbench.errors import ParameterError

OTHERS = "must answer each sample by itself, got other outputs for the same series in another call"
KEPT = OTHERS + ": it keeps `{}` from call to call; reset it in forward$"
DRAWN = OTHERS + ": it draws random numbers from {} in evaluation mode; draw in training only"


class Network(nn.Module):
    """A small network of which a function makes the outputs, given it and its series."""

    def __init__(self, answer, **attributes):
        super().__init__()
        self.layer, self.classifier = nn.Linear(FEATURES, WIDTH), nn.Linear(WIDTH, CLASSES)
        self.answer = answer
        for name, value in attributes.items():
            setattr(self, name, value)

    def hidden(self, x):
        return torch.tanh(self.layer(x)).mean(1)

    def plain(self, x):
        return self.classifier(self.hidden(x))

    def forward(self, x):
        return self.answer(self, x)


def made(answer, **attributes):
    torch.manual_seed(0)
    return Network(answer, **attributes).train()


def noise(batch=4, steps=TIME):
    return torch.randn(batch, steps, FEATURES, generator=torch.Generator().manual_seed(2))


def sampled_keys(net, x):
    """Attend to keys drawn at random, as Informer's sparse attention does to rank its queries."""
    hidden = torch.tanh(net.layer(x))
    keys = torch.randint(x.shape[1], (4,))
    strength = (hidden @ hidden[:, keys].transpose(1, 2)).amax(2)
    best = strength.topk(2, dim=1).indices
    return net.classifier(hidden.gather(1, best[..., None].expand(-1, -1, WIDTH)).mean(1))


DRAWING = {
    "functional-dropout": (
        lambda net, x: net.classifier(nn.functional.dropout(net.hidden(x))),
        "PyTorch's generator on cpu",
    ),
    "functional-dropout-2": (
        lambda net, x: net.plain(nn.functional.dropout(x, 0.05, True)),
        "PyTorch's generator on cpu",
    ),
    "rand": (lambda net, x: net.plain(x) + 0.01 * torch.rand(CLASSES), "PyTorch's generator on cpu"),
    "randn-like": (lambda net, x: net.plain(x + 0.01 * torch.randn_like(x)), "PyTorch's generator on cpu"),
    "sampled-keys": (sampled_keys, "PyTorch's generator on cpu"),
    "bernoulli": (lambda net, x: net.plain(x) * torch.bernoulli(torch.tensor(0.5)), "PyTorch's generator on cpu"),
    "numpy": (lambda net, x: net.plain(x) * np.random.rand(), r"numpy\.random"),  # noqa: NPY002
    "numpy-choice": (lambda net, x: net.plain(x[:, np.random.permutation(TIME)[:4]]), r"numpy\.random"),  # noqa: NPY002
    "python": (lambda net, x: net.plain(x) * random.random(), "Python's random"),
    "python-now-and-then": (lambda net, x: net.plain(x) * (1 + (random.random() < 0.4)), "Python's random"),
    "layer-made-in-forward": (lambda net, x: nn.Linear(FEATURES, CLASSES)(x.mean(1)), "PyTorch's generator on cpu"),
}


@pytest.mark.parametrize("batch", [4, 1])
@pytest.mark.parametrize("name", DRAWING)
def test_networks_that_draw_random_numbers_are_refused_by_the_generators_name(name, batch):
    answer, generator = DRAWING[name]
    with pytest.raises(ParameterError, match=DRAWN.format(generator)):
        saltbench.explain(made(answer), noise(batch), method="saliency")


def test_random_numbers_of_more_than_one_kind_are_told_by_the_one_that_matters():
    def answer(net, x):
        random.random()
        return net.plain(x) * np.random.rand()  # noqa: NPY002

    with pytest.raises(ParameterError, match=DRAWN.format(r"numpy\.random")):
        saltbench.explain(made(answer), noise(), 0, method="saliency")


def test_random_numbers_that_make_no_difference_are_accepted():
    def skip_in_training(net, x):
        is_skipped = torch.rand(()) < 0.5 and random.random() < 0.5 and np.random.rand() < 0.5  # noqa: NPY002
        return net.plain(x) * (0 if is_skipped and net.training else 1)

    expected = saltbench.explain(made(Network.plain), noise(), 0, method="saliency")
    assert torch.equal(saltbench.explain(made(skip_in_training), noise(), 0, method="saliency"), expected)


@pytest.mark.parametrize(
    "number", [lambda: np.random.default_rng().random(), random.SystemRandom().random, lambda: time.time_ns() % 997]
)
def test_what_changes_out_of_reach_is_refused(number):
    with pytest.raises(ParameterError, match=OTHERS + ": it depends on something else, such as a random generat"):
        saltbench.explain(made(lambda net, x: net.plain(x) * number()), noise(), 0, method="saliency")


def with_state(net, x):
    hidden = net.hidden(x)
    outputs = net.classifier(hidden + (0 if net.state is None else net.state))
    net.state = hidden.detach()
    return outputs


def with_list(net, x):
    net.memory.append(net.hidden(x).detach().mean(0))
    return net.classifier(net.hidden(x) + torch.stack(net.memory).sum(0))


def with_dictionary(net, x):
    found = net.states.setdefault("layers", {}).setdefault("first", [torch.zeros(WIDTH)])
    found[0] = found[0] + net.hidden(x).detach().mean(0)
    return net.classifier(net.hidden(x) + found[0])


def with_object(net, x):
    outputs = net.classifier(net.hidden(x) + net.memory.h)
    net.memory.h = net.hidden(x).detach().mean(0)
    return outputs


def with_created(net, x):
    outputs = net.classifier(net.hidden(x) + getattr(net, "last", 0))
    net.last = net.hidden(x).detach().mean(0)
    return outputs


def with_tensor_counter(net, x):
    net.calls += 1
    return net.plain(x) * net.calls


def with_array(net, x):
    net.calls += 1
    return net.plain(x) * float(net.calls[0])


def with_number(net, x):
    net.calls = net.calls + 1
    return net.plain(x) * net.calls


def with_running_mean(net, x):
    net.mean.mul_(0.9).add_(0.1 * x.detach().mean((0, 1)))
    return net.plain(x - net.mean)


def with_replaced_buffer(net, x):
    net.mean = 0.9 * net.mean + 0.1 * x.detach().mean((0, 1))
    return net.plain(x - net.mean)


def with_mean_of_the_first_call(net, x):
    if net.mean is None:
        net.mean = x.detach().mean((0, 1))
    return net.plain(x - net.mean)


def with_largest(net, x):
    net.largest = max(net.largest, float(x.abs().max()))
    return net.plain(x / net.largest)


def with_own_generator(net, x):
    return net.plain(x) * net.generator.random()


def with_torch_generator(net, x):
    return net.plain(x) * torch.rand(1, generator=net.generator)


def with_size_of_the_first_batch(net, x):
    if net.start is None:
        net.start = torch.zeros(len(x), WIDTH)
    return net.classifier(net.hidden(x) + net.start)


def with_two(net, x):
    net.attention = torch.softmax(net.layer(x), 1)
    return with_state(net, x)


KEEPING = {
    "none": (with_state, {"state": None}, "state"),
    "list": (with_list, {"memory": []}, "memory"),
    "dictionary": (with_dictionary, {"states": {}}, "states"),
    "object": (with_object, {"memory": SimpleNamespace(h=torch.zeros(WIDTH))}, "memory"),
    "created": (with_created, {}, "last"),
    "tensor-counter": (with_tensor_counter, {"calls": torch.zeros(())}, "calls"),
    "number": (with_number, {"calls": 0}, "calls"),
    "array": (with_array, {"calls": np.zeros(1, np.float32)}, "calls"),
    "running-mean": (with_running_mean, {"mean": torch.zeros(FEATURES)}, "mean"),
    "buffer": (with_running_mean, {"mean": nn.Buffer(torch.zeros(FEATURES))}, "mean"),
    "replaced-buffer": (with_replaced_buffer, {"mean": nn.Buffer(torch.zeros(FEATURES))}, "mean"),
    "first-series": (with_mean_of_the_first_call, {"mean": None}, "mean"),
    "python-generator": (with_own_generator, {"generator": random.Random(0)}, "generator"),
    "numpy-generator": (with_own_generator, {"generator": np.random.default_rng(0)}, "generator"),
    "torch-generator": (with_torch_generator, {"generator": torch.Generator()}, "generator"),
    "size": (with_size_of_the_first_batch, {"start": None}, "start"),
    "beside-a-harmless-one": (with_two, {"state": None}, "state"),
}


@pytest.mark.parametrize("batch", [4, 1])
@pytest.mark.parametrize("name", KEEPING)
def test_networks_that_keep_state_are_refused_by_the_attributes_name_and_work_afterwards(name, batch):
    answer, attributes, kept = KEEPING[name]
    network = made(answer, **attributes)
    with pytest.raises(ParameterError, match=KEPT.format(kept)):
        saltbench.explain(network, noise(batch), method="saliency")
    first = made(answer, **KEEPING[name][1])
    assert network(noise(7)).shape == first(noise(7)).shape


def test_what_is_kept_of_louder_series_is_told():
    with pytest.raises(ParameterError, match=KEPT.format("largest")):
        saltbench.explain(made(with_largest, largest=0.0), noise(1), method="saliency")


def test_parameters_that_change_in_each_call_are_told():
    def answer(net, x):
        with torch.no_grad():
            net.classifier.bias.add_(0.1)
        return net.plain(x)

    with pytest.raises(ParameterError, match=r": it changes its parameter `classifier\.bias` in each call; leave that"):
        saltbench.explain(made(answer), noise(), method="saliency")


@pytest.mark.parametrize("steps", [5, 24, 60])
@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN])
def test_recurrent_networks_that_keep_their_state_are_told_however_long_the_series(layer, steps):
    def answer(net, x):
        seen, state = net.recurrent(x, net.state)
        net.state = tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()
        return net.classifier(seen[:, -1])

    network = made(answer, recurrent=layer(FEATURES, WIDTH, batch_first=True), state=None)
    with pytest.raises(ParameterError, match=KEPT.format("state")):
        saltbench.explain(network, noise(4, steps), 1, method="saliency")
    assert network.state is None
    assert network(noise(4, steps)).shape == (4, CLASSES)
    assert network.training


def test_the_attribute_of_a_layer_is_told_with_its_path():
    network = nn.Sequential(made(with_state, state=None), nn.Identity())
    with pytest.raises(ParameterError, match=KEPT.format(r"0\.state")):
        saltbench.explain(network, noise(), 1, method="saliency")


def test_state_is_refused_by_every_entry():
    inputs = noise(8)
    split = saltbench.Split(inputs.numpy(), torch.arange(8).remainder(CLASSES).numpy(), torch.ones_like(inputs).numpy())
    network = made(with_state, state=None)
    with pytest.raises(ParameterError, match=KEPT.format("state")):
        saltbench.randomisation_check(network, inputs, method="saliency")
    with pytest.raises(ParameterError, match=KEPT.format("state")):
        saltbench.evaluate(network, saltbench.TaskData(split, split, split, classes=CLASSES), ["saliency"])
    assert network.state is None


def positions(net, x):
    if net.length != x.shape[1]:
        net.length, net.cache = x.shape[1], torch.linspace(0, 1, x.shape[1])[:, None]
    return net.plain(x + net.cache)


def by_length(net, x):
    if x.shape[1] not in net.tables:
        net.tables[x.shape[1]] = torch.linspace(0, 1, x.shape[1])[:, None]
    return net.plain(x + net.tables[x.shape[1]])


def created(net, x):
    if not hasattr(net, "mask"):
        net.mask = torch.linspace(0, 1, x.shape[1])[:, None]
    return net.plain(x * net.mask)


def buffered(net, x):
    if "mask" not in dict(net.named_buffers()):
        net.register_buffer("mask", torch.linspace(0, 1, x.shape[1])[:, None], persistent=False)
    return net.plain(x * net.mask)


def attention(net, x):
    net.attention = torch.softmax(net.layer(x), 1)
    return net.classifier((net.attention * x[..., :1]).mean(1))


def history(net, x):
    net.seen.append(net.hidden(x))
    return net.plain(x)


def counted(net, x):
    net.calls += 1
    return net.plain(x)


HARMLESS = {
    "positions": (positions, {"length": None, "cache": None}),
    "by-length": (by_length, {"tables": {}}),
    "created": (created, {}),
    "buffer": (buffered, {}),
    "attention": (attention, {}),
    "history": (history, {"seen": []}),
    "counter": (counted, {"calls": 0}),
}


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "occlusion"])
@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_kept_and_makes_no_difference_is_accepted_and_put_back(name, method):
    answer, attributes = HARMLESS[name]
    network, used = made(answer, **attributes), made(answer, **HARMLESS[name][1])
    names = sorted(vars(network)), sorted(dict(network.named_buffers()))
    used(noise(4))
    found = saltbench.explain(network, noise(), 1, method=method)
    assert torch.equal(found, saltbench.explain(used, noise(), 1, method=method))
    assert (sorted(vars(network)), sorted(dict(network.named_buffers()))) == names
    assert network(noise(2)).shape == (2, CLASSES)
