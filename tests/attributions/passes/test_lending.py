"""What is lent is lent to one thread at a time, and comes back with its random states and its kept tensors."""

import copy
import os
import random
import threading
from collections import OrderedDict, deque
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from attribution_models import FEATURES, network, series
from torch import nn

import saltbench
from saltbench.errors import ParameterError
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.gradients.gradient import saliency
from saltbench.methods.attributions.passes.lending import one_at_a_time
from saltbench.methods.attributions.passes.model_state import lend

CPU = torch.device("cpu")
METHODS = ["saliency", "integrated-gradients", "deeplift", "smoothgrad", "occlusion", "deeplift-captum"]


def conduct(model):
    return [module.training for module in model.modules()], [p.requires_grad for p in model.parameters()]


@pytest.mark.parametrize("method", METHODS)
def test_threads_that_share_a_network_get_their_maps_and_leave_it_as_it_was(method):
    model = network("lstm").train()
    before, expected = conduct(model), saltbench.explain(model, series(4), 1, method=method)
    with ThreadPoolExecutor(3) as pool:
        maps = list(pool.map(lambda _: saltbench.explain(model, series(4), 1, method=method), range(6)))
    assert conduct(model) == before
    assert all(torch.equal(found, expected) for found in maps)


def test_threads_with_networks_and_methods_of_their_own_get_their_maps():
    cases = [(name, method) for name in ("lstm", "convolution") for method in METHODS]
    models = {name: network(name).train() for name, _ in cases}
    random_states = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002

    def found(case):
        return saltbench.explain(models[case[0]], series(3), 0, method=case[1])

    expected = list(map(found, cases))
    with ThreadPoolExecutor(4) as pool:
        for one, other in zip(pool.map(found, cases), expected, strict=True):
            assert torch.equal(one, other)
    assert all(model.training for model in models.values())
    assert torch.equal(torch.get_rng_state(), random_states[0])
    assert np.array_equal(np.random.get_state()[1], random_states[1])  # noqa: NPY002
    assert random.getstate() == random_states[2]


def test_layers_that_networks_share_are_lent_once_at_a_time():
    shared = nn.Linear(FEATURES, 2, dtype=torch.float64)
    models = [nn.Sequential(shared, nn.AdaptiveAvgPool2d((1, 2)), nn.Flatten()).train() for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda model: saltbench.explain(model, series(3), 0, method="saliency"), models * 4))
    assert all(module.training for model in models for module in model.modules())
    assert all(parameter.requires_grad for parameter in shared.parameters())


def test_a_thread_may_explain_inside_of_what_it_explains():
    model = network("lstm").train()

    def nested(model, inputs, target):
        return attribute(saliency, model, inputs, target)

    target = torch.zeros(2, dtype=torch.int64)
    assert torch.equal(attribute(nested, model, series(2), target), attribute(saliency, model, series(2), target))
    assert model.training


def test_other_threads_wait_for_the_one_that_is_lent_to():
    seen, entered, release = [], threading.Event(), threading.Event()

    def first():
        with lend(network("lstm"), CPU):
            entered.set()
            release.wait()
            seen.append("first")

    def second():
        with lend(network("lstm"), CPU):
            seen.append("second")

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    entered.wait()
    threads[1].start()
    threads[1].join(0.1)
    release.set()
    for thread in threads:
        thread.join()
    assert seen == ["first", "second"]


def test_an_error_gives_the_turn_back():
    with pytest.raises(ZeroDivisionError, match="inside"), one_at_a_time():
        raise ZeroDivisionError("inside")
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: saltbench.explain(network("lstm"), series(2), 0).shape).result(60)


@pytest.mark.filterwarnings("ignore:.*use of fork:DeprecationWarning")
def test_a_forked_process_does_not_wait_for_a_thread_that_it_has_not():
    entered, release = threading.Event(), threading.Event()

    def hold():
        with one_at_a_time():
            entered.set()
            release.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait()
    child = os.fork()
    if not child:
        with one_at_a_time():
            os._exit(7)
    release.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


class Drawing(nn.Module):
    """Draws random numbers that make no difference."""

    def __init__(self, draw):
        super().__init__()
        self.draw, self.layer = draw, nn.Linear(FEATURES, 2, dtype=torch.float64)

    def forward(self, inputs):
        self.draw()
        return self.layer(inputs.mean(1))


@pytest.mark.parametrize("error", [False, True])
@pytest.mark.parametrize(
    "draw",
    [torch.rand, np.random.rand, random.random],
    ids=["torch", "numpy", "python"],
)
def test_the_random_states_are_restored(draw, error):
    model, numbers = Drawing(lambda: draw(1) if draw is torch.rand else draw()), []
    for _ in range(2):
        torch.manual_seed(3)
        np.random.seed(3)  # noqa: NPY002
        random.seed(3)
        for _ in range(3):  # Gaussian numbers come in pairs, of which the second is kept
            random.gauss(0, 1)
            np.random.randn()  # noqa: NPY002
        if not numbers:
            with pytest.raises(ParameterError, match=r"target must lie in 0 … 1") if error else open(os.devnull):  # noqa: PTH123
                attribute(saliency, model, series(2), torch.full((2,), 9 if error else 1))
        numbers.append((float(torch.rand(1)), np.random.randn(), random.gauss(0, 1)))  # noqa: NPY002
    assert numbers[0] == numbers[1]


class Keeping(nn.Module):
    """Does something to an attribute in each call."""

    def __init__(self, kept, keep):
        super().__init__()
        self.layer = nn.Linear(FEATURES, 2, dtype=torch.float64)
        self.calls = 0
        self.inner = nn.Identity()
        self.inner.kept = kept
        self.keep = keep

    def forward(self, inputs):
        outputs = self.layer(inputs.mean(1))
        self.calls += 1
        self.keep(self.inner, outputs.detach())
        return outputs


def _new_list(module, outputs):
    module.kept = [outputs]


KEPT = {
    "none-to-tensor": (lambda: None, lambda m, y: setattr(m, "kept", y)),
    "none-to-list": (lambda: None, _new_list),
    "tensor-anew": (lambda: torch.zeros(2), lambda m, y: setattr(m, "kept", y)),
    "tensor-in-place": (lambda: torch.zeros(2), lambda m, y: m.kept.add_(1)),
    "tensor-with-nan": (lambda: torch.tensor([torch.nan, 1.0]), lambda m, y: m.kept.add_(1)),
    "tensor-resized": (lambda: torch.zeros(2), lambda m, y: m.kept.resize_(3).fill_(1)),
    "whole-numbers": (lambda: torch.zeros(2, dtype=torch.int64), lambda m, y: m.kept.add_(1)),
    "array": (lambda: np.zeros(2), lambda m, y: np.add(m.kept, 1, out=m.kept)),
    "list-of-tensors": (lambda: [torch.zeros(2)], lambda m, y: m.kept.append(y)),
    "list-emptied": (lambda: [torch.zeros(2)], lambda m, y: m.kept.clear()),
    "in-a-list": (lambda: [torch.zeros(2)], lambda m, y: m.kept[0].add_(1)),
    "tuple": (lambda: (torch.zeros(2), torch.ones(2)), lambda m, y: m.kept[1].mul_(2)),
    "dictionary": (lambda: {"h": torch.zeros(2)}, lambda m, y: m.kept.update(h=y, c=y)),
    "by-length": (dict, lambda m, y: m.kept.setdefault(len(y), y)),
    "ordered": (lambda: OrderedDict(h=torch.zeros(2)), lambda m, y: m.kept.pop("h", None)),
    "deque": (lambda: deque([torch.zeros(2)], maxlen=2), lambda m, y: m.kept.append(y)),
    "set": (set, lambda m, y: m.kept.add(y)),
    "nested": (lambda: {"layers": [(torch.zeros(2), {"k": torch.ones(2)})]}, lambda m, y: m.kept["layers"].append(y)),
    "deep-in-place": (lambda: {"a": [({"k": torch.ones(2)},)]}, lambda m, y: m.kept["a"][0][0]["k"].zero_()),
    "object": (lambda: SimpleNamespace(h=torch.zeros(2)), lambda m, y: setattr(m.kept, "h", y)),
    "torch-generator": (torch.Generator, lambda m, y: torch.rand(1, generator=m.kept)),
    "numpy-generator": (lambda: np.random.default_rng(0), lambda m, y: m.kept.random()),
    "python-generator": (lambda: random.Random(0), lambda m, y: m.kept.random()),
}


PLAIN = {
    torch.Tensor: lambda value: (value.dtype, str(value.tolist())),
    np.ndarray: lambda value: value.tolist(),
    torch.Generator: lambda value: value.get_state().tolist(),
    np.random.Generator: lambda value: repr(value.bit_generator.state),
    random.Random: lambda value: value.getstate(),
    SimpleNamespace: lambda value: plain(vars(value)),
    dict: lambda value: [(key, plain(part)) for key, part in value.items()],
    (list, tuple, deque, set): lambda value: [type(value), *map(plain, value)],
    object: lambda value: value,
}


def plain(value):
    """Return a value as something that compares whole."""
    return next(make for kind, make in PLAIN.items() if isinstance(value, kind))(value)


@pytest.mark.parametrize("error", [False, True])
@pytest.mark.parametrize("name", KEPT)
def test_what_a_network_keeps_is_restored(name, error):
    make, keep = KEPT[name]
    model = Keeping(make(), keep)
    value, before = model.inner.kept, plain(make())
    if error:
        with pytest.raises(ParameterError, match="target must lie in"):
            attribute(saliency, model, series(2), torch.full((2,), 9))
    else:
        attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert model.inner.kept is value
    assert plain(model.inner.kept) == before
    assert model.calls > 0  # a number in a module without tensors counts for the user


def test_what_a_call_creates_is_taken_away_with_the_numbers_that_belong_to_it():
    def keep(module, outputs):
        if getattr(module, "length", None) != len(outputs):
            module.length, module.cache = len(outputs), outputs

    model = Keeping(None, keep)
    attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert not hasattr(model.inner, "length")
    assert not hasattr(model.inner, "cache")
    model(series(3))
    attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert model.inner.length == len(model.inner.cache) == 3


def test_layers_and_buffers_that_a_call_creates_are_taken_away():
    def keep(module, outputs):
        module.layer = nn.Linear(2, 2)
        module.register_buffer("cache", outputs, persistent=False)
        module.weight = nn.Parameter(outputs)

    model = Keeping(None, keep)
    before = list(model.state_dict()), len(list(model.modules())), len(list(model.buffers()))
    attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert (list(model.state_dict()), len(list(model.modules())), len(list(model.buffers()))) == before


@pytest.mark.filterwarnings("ignore:.*weight_norm:FutureWarning")
def test_weights_made_anew_in_each_call_are_left_as_they_were():
    model = nn.Sequential(nn.utils.weight_norm(nn.Linear(FEATURES, 2).double()), nn.AdaptiveAvgPool2d((1, 2)))
    model.append(nn.Flatten())
    weight = model[0].weight
    attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert model[0].weight is weight
    model(series(2)).sum().backward()
    assert model[0].weight_g.grad is not None


def test_a_tensor_made_in_inference_mode_is_restored_too():
    with torch.inference_mode():
        kept = torch.zeros(2)
    model = Keeping(kept, lambda module, outputs: None)

    def meddling(model, inputs, target):
        with torch.inference_mode():
            kept.add_(1)
        return inputs * 1

    attribute(meddling, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert not kept.any()


def test_a_network_that_leads_to_itself_and_to_much_is_lent():
    model = Keeping(None, lambda module, outputs: None)
    model.inner.kept = SimpleNamespace(model=model, others=list(range(1000)), h=torch.zeros(2))
    model.inner.kept.itself = model.inner.kept
    state = copy.copy(model.inner.kept.__dict__)
    attribute(saliency, model, series(2), torch.zeros(2, dtype=torch.int64))
    assert model.inner.kept.__dict__ == state


def test_parameters_without_values_are_refused():
    model = nn.Sequential(nn.Linear(FEATURES, 2, device="meta"))
    with pytest.raises(ParameterError, match=r"must have values, got 0\.weight on the meta device; load its weights"):
        attribute(saliency, model, series(2))
