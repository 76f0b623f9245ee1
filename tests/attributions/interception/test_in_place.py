"""Operations in place have the maps of the network that writes nothing, wherever views of what is written are read."""

import pytest
import torch
from attribution_models import FEATURES, TIME, Formula, Scores, classes, output_change, series
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from saltbench.errors import UnsupportedOperationError
from saltbench.methods.attributions.deeplift.deeplift import deeplift
from saltbench.methods.attributions.explain import attribute
from saltbench.methods.attributions.lrp.lrp import lrp, lrp_half

OTHER = torch.linspace(-1, 1, TIME * FEATURES, dtype=torch.float64).reshape(TIME, FEATURES)
MASK = OTHER.sin() > 0.3
LAYER = nn.LSTM(FEATURES, FEATURES, batch_first=True).double()
for number, parameter in enumerate(LAYER.parameters()):
    parameter.data = torch.linspace(-1, 1 + number, parameter.numel(), dtype=torch.float64).view_as(parameter).sin()


def relevance(method):
    return lambda model, inputs, target, _baseline: method(model, inputs, target)


METHODS = {"deeplift": deeplift, "lrp": relevance(lrp), "lrp-half": relevance(lrp_half)}


def written(x, write):
    """What a statement leaves of a copy of x."""
    y = x.tanh()
    write(y)
    return y


def out_of(x):
    y = torch.empty_like(x)
    assert torch.tanh(x, out=y) is y
    return y


def buffer(x, first, others):
    """Rows that are written to zeros one by one."""
    y = torch.zeros(x.shape, dtype=x.dtype)
    for step in range(TIME):
        y[:, step] = (first if step == 0 else others)(x[:, step])
    return y


def through_views(x):
    y = x.tanh()
    row, turned, flat = y[:, 0], y.transpose(1, 2), y.view(len(y), -1)
    row.mul_(2)
    turned[:, 1] += 1
    flat[:, -2:] = row[:, :2]
    assert row.shape == (len(x), FEATURES)
    return torch.cat([flat, row * 2, turned.flatten(1)], 1)


def without_views(x):
    y = torch.cat([2 * x.tanh()[:, :1], x.tanh()[:, 1:]], 1)
    y = torch.stack([y[..., 0], y[..., 1] + 1, y[..., 2], y[..., 3]], -1)
    y = torch.cat([y.flatten(1)[:, :-2], y[:, 0, :2]], 1).reshape(x.shape)
    return torch.cat([y.flatten(1), y[:, 0] * 2, y.transpose(1, 2).flatten(1)], 1)


def constant_beside(x):
    """A row of a buffer that is filled through a view taken before the buffer varies."""
    y = torch.zeros(x.shape, dtype=x.dtype)
    row = y[:, 1]
    y[:, 0] = x[:, 0]
    row.fill_(3.0)
    return y * y.sigmoid()


def layer_in_place(x):
    y, _ = LAYER(x)
    y += x
    return F.relu(y, inplace=True)


# In place, and beside
FORMS = {
    "add_": (lambda x: (2 * x).add_(x.flip(1)), lambda x: 2 * x + x.flip(1)),
    "add_-alpha": (lambda x: (2 * x).add_(x.flip(1), alpha=3), lambda x: torch.add(2 * x, x.flip(1), alpha=3)),
    "sub_-other": (lambda x: (2 * x).sub_(other=x.flip(1)), lambda x: 2 * x - x.flip(1)),
    "mul_": (lambda x: x.tanh().mul_(x.sigmoid()), lambda x: x.tanh() * x.sigmoid()),
    "mul_-constant": (lambda x: x.tanh().mul_(OTHER), lambda x: x.tanh() * OTHER),
    "div_": (lambda x: x.tanh().div_(x.square() + 1), lambda x: x.tanh() / (x.square() + 1)),
    "floor": (
        lambda x: written(x, lambda y: [y.__ifloordiv__(0.3), y.__imul__(x)]) + (2 * x).__imod__(0.7),
        lambda x: x.tanh() // 0.3 * x + (2 * x) % 0.7,
    ),
    "fill_-varying": (lambda x: torch.stack([(2 * y).fill_(y[0, 1]) * y for y in x]), lambda x: x[:, :1, 1:2] * x),
    "relu_": (lambda x: (x + x.flip(1)).relu_(), lambda x: torch.relu(x + x.flip(1))),
    "torch.relu_": (lambda x: torch.relu_(2 * x), lambda x: torch.relu(2 * x)),
    "relu-of-linear": (lambda x: F.relu(x @ OTHER.mT, inplace=True), lambda x: F.relu(x @ OTHER.mT)),
    "elu_": (lambda x: F.elu_(2 * x), lambda x: F.elu(2 * x)),
    "units": (
        lambda x: F.hardtanh(x * 2, -1, 2, True) + F.leaky_relu(x + x.flip(1), 0.1, True) + F.silu(x * 3, inplace=True),
        lambda x: F.hardtanh(x * 2, -1, 2) + F.leaky_relu(x + x.flip(1), 0.1) + F.silu(x * 3),
    ),
    "read-before": (
        lambda x: [y := x.tanh(), z := y.sigmoid() * y, y.mul_(2), z + y][-1],
        lambda x: x.tanh().sigmoid() * x.tanh() + x.tanh() * 2,
    ),
    "clamp_": (lambda x: (2 * x).clamp_(-0.5, 0.5), lambda x: (2 * x).clamp(-0.5, 0.5)),
    "masked_fill_": (lambda x: (2 * x).masked_fill_(MASK, 0.0), lambda x: (2 * x).masked_fill(MASK, 0.0)),
    "copy_": (lambda x: (2 * x).copy_(x.flip(1)), lambda x: x.flip(1)),
    "copy_-constant": (lambda x: torch.zeros(x.shape).double().copy_(x), lambda x: x * 1),
    "copy_-other-type": (lambda x: torch.zeros(x.shape).copy_(x).double(), lambda x: x.float().double()),
    "zero_": (lambda x: x + (2 * x).zero_(), lambda x: x + 0),
    "fill_": (lambda x: x * (2 * x).fill_(3.0), lambda x: x * (OTHER * 0 + 3.0)),
    "out": (out_of, torch.tanh),
    "iadd": (
        lambda x: written(x, lambda y: [y.__iadd__(x), y.__imul__(2), y.__itruediv__(3), y.__isub__(x.flip(1))]),
        lambda x: (x.tanh() + x) * 2 / 3 - x.flip(1),
    ),
    "item": (
        lambda x: written(x, lambda y: y.__setitem__((slice(None), 0), x[:, 1])),
        lambda x: torch.cat([x[:, 1:2], x.tanh()[:, 1:]], 1),
    ),
    "item-number": (
        lambda x: written(x, lambda y: y.__setitem__((..., 1), 0.0)),
        lambda x: x.tanh() * torch.tensor([1.0, 0, 1, 1]).double(),
    ),
    "item-leading-axes": (
        lambda x: written(x, lambda y: y.__setitem__(slice(None), OTHER[None, None])) + x,
        lambda x: OTHER + x,
    ),
    "item-mask": (
        lambda x: written(x, lambda y: y.__setitem__((slice(None), MASK), 0.0)),
        lambda x: x.tanh().masked_fill(MASK, 0.0),
    ),
    "item-own-mask": (
        lambda x: written(x, lambda y: y.__setitem__(x < 0, 0.0)),
        lambda x: torch.where(x < 0, 0.0, x.tanh()),
    ),
    "mask_": (lambda x: x * (x > 0).logical_and_(x.flip(1) < 1), lambda x: x * ((x > 0) & (x.flip(1) < 1))),
    "masked_fill_-own-mask": (
        lambda x: (2 * x).masked_fill_(x < 0.3, 0.0),
        lambda x: (2 * x).masked_fill(x < 0.3, 0.0),
    ),
    "item-places": (
        lambda x: written(x, lambda y: y.__setitem__((slice(None), torch.tensor([4, 0])), x[:, [1, 2]])),
        lambda x: torch.cat([x[:, 2:3], x.tanh()[:, 1:4], x[:, 1:2], x.tanh()[:, 5:]], 1),
    ),
    "buffer": (
        lambda x: buffer(x, torch.sigmoid, lambda row: row * 2),
        lambda x: torch.cat([x[:, :1].sigmoid(), x[:, 1:] * 2], 1),
    ),
    "index_add_": (
        lambda x: (2 * x).index_add_(1, torch.tensor([0, 0, 2]), x[:, :3]),
        lambda x: 2 * x + torch.stack([x[:, 0] + x[:, 1], 0 * x[:, 0], x[:, 2], *[0 * x[:, 0]] * 3], 1),
    ),
    "views": (through_views, without_views),
    "constant-beside": (
        constant_beside,
        lambda x: [
            y := torch.cat([x[:, :1], 0 * x[:, 1:2] + 3.0, 0 * x[:, 2:]], 1),
            y * y.sigmoid(),
        ][-1],
    ),
    "recurrent-layer": (layer_in_place, lambda x: torch.relu(LAYER(x)[0] + x)),
    "dropout": (lambda x: F.dropout(2 * x, 0.5, False, True), lambda x: 2 * x),
}
# A sum of zeros or of what is not there has terms of its own, and a row that is written keeps its role as a gate
NOT_BY_RELEVANCE = {"constant-beside", "index_add_", "views", "fill_", "zero_"}
CASES = [(name, method) for name in FORMS for method in METHODS if method == "deeplift" or name not in NOT_BY_RELEVANCE]


@pytest.mark.parametrize(("name", "method"), CASES)
def test_what_writes_in_place_has_the_map_of_what_does_not(name, method):
    in_place, beside = map(Formula, FORMS[name])
    inputs, target, baseline = series(3), classes(3) % 2, series(3, seed=7)
    torch.testing.assert_close(in_place(inputs), beside(inputs), rtol=1e-13, atol=1e-13)
    explained = METHODS[method](in_place, inputs, target, baseline)
    expected = METHODS[method](beside, inputs, target, baseline)
    torch.testing.assert_close(explained, expected, rtol=1e-12, atol=1e-12)
    assert torch.equal(inputs, series(3))


@pytest.mark.parametrize("name", sorted(FORMS.keys() - {"copy_-other-type"}))  # that rounds
def test_what_writes_in_place_is_complete(name):
    model, inputs, baseline, target = Formula(FORMS[name][0]), series(3), series(3, seed=7), classes(3) % 2
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-12, atol=1e-11)


STATEMENTS = {
    "row": lambda y, x, step: y[:, step].mul_(x[:, step].sigmoid()),
    "column": lambda y, x, step: y[..., step % FEATURES].add_(x[..., 0]),
    "flat": lambda y, x, step: y.view(len(y), -1)[:, step::3].tanh_(),
    "turned": lambda y, x, step: y.mT[:, step % FEATURES].copy_(x[..., step % FEATURES]),
    "mask": lambda y, x, step: y.__setitem__(MASK.expand(y.shape), step),
    "places": lambda y, x, step: y.__setitem__((slice(None), torch.tensor([step, 0])), x[:, :2]),
    "whole": lambda y, x, step: y.__imul__(1 + step / 3),
    "constant": lambda y, x, step: y[:, step].fill_(0.5),
}


@settings(deadline=None, max_examples=40, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(sorted(STATEMENTS)), st.integers(0, TIME - 1)), max_size=6))
def test_any_series_of_statements_through_any_views_is_complete(statements):
    def run(x):
        y = x * OTHER
        views = [y[:, 1:], y.transpose(1, 2), y.reshape(len(y), -1)]
        for name, step in statements:
            STATEMENTS[name](y, x, step)
        return torch.cat([y.flatten(1), *(view.flatten(1) for view in views)], 1)

    model, inputs, baseline, target = Formula(run), series(2), series(2, seed=7), classes(2) % 2
    explained = deeplift(model, inputs, target, baseline)
    change = output_change(model, inputs, baseline, target)
    torch.testing.assert_close(explained.sum((1, 2)), change, rtol=1e-11, atol=1e-11)


class InPlaceBlock(nn.Module):
    """Convolutions with activations in place and a sum in place, as in many published residual networks."""

    def __init__(self, in_place):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.first = nn.Conv1d(FEATURES, FEATURES, 3, padding=1, bias=False)
            self.second = nn.Conv1d(FEATURES, FEATURES, 3, padding=1, bias=False)
            self.classifier = nn.Linear(FEATURES, 3, bias=False)
        self.activation = nn.ReLU(inplace=in_place)
        self.in_place = in_place

    def forward(self, x):
        x = x.transpose(1, 2)
        y = self.second(self.activation(self.first(x)))
        if self.in_place:
            y += x
        else:
            y = y + x
        return self.classifier(self.activation(y).mean(-1))


@pytest.mark.parametrize("method", [deeplift, lrp, lrp_half])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_residual_blocks_with_activations_in_place(method, dtype):
    inputs, target = series(4).to(dtype), classes(4)
    maps = [attribute(method, InPlaceBlock(in_place).to(dtype), inputs, target) for in_place in (True, False)]
    torch.testing.assert_close(*maps, rtol=1e-5 if dtype is torch.float32 else 1e-12, atol=1e-6)
    assert maps[1].abs().max() > 0.01


def test_many_writes_keep_only_what_is_read():
    def run(x):
        y = x.new_zeros(len(x), 300, FEATURES)
        for step in range(300):
            y[:, step] = x[:, step % TIME] * (step + 1)
        return y.mean(1)

    model, inputs, target = Formula(run), series(2), classes(2) % 2
    expected = Formula(lambda x: sum(x[:, step % TIME] * (step + 1) for step in range(300)) / 300)
    maps = [deeplift(form, inputs, target, torch.zeros_like(inputs)) for form in (model, expected)]
    torch.testing.assert_close(*maps, rtol=1e-10, atol=1e-10)


REFUSED = {
    "form": (lambda x: (2 * x).unsqueeze_(1), "unsqueeze_"),
    "random": (lambda x: x * (2 * x).normal_(), "normal_"),
    "diagonal": (lambda x: (2 * x)[0].fill_diagonal_(0.0), "fill_diagonal_"),
    "several": (
        lambda x: torch.sort(2 * x, out=(torch.empty(0).double(), torch.empty(0).long()))[0],
        "sort into several tensors",
    ),
}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_known_to_be_written_is_refused(name, method):
    formula, message = REFUSED[name]
    with pytest.raises(UnsupportedOperationError, match=f"has no rule for {message} "):
        METHODS[method](Formula(formula), series(2), torch.tensor([0, 1]), series(2, seed=7))


def test_memory_that_is_written_as_another_type_is_refused():
    def run(x):
        y = 2 * x
        whole = y.detach().view(torch.int64)
        y += 1
        return y * whole.double()

    with pytest.raises(UnsupportedOperationError, match=r"has no rule for \w+ "):
        deeplift(Formula(run), series(2), torch.tensor([0, 1]), series(2, seed=7))


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("method", [deeplift, lrp])
def test_checkpointed_activations_have_the_map_of_those_that_are_kept(method, reentrant):
    # Run again when the multipliers pass backward, they would have ordinary derivatives
    layer = nn.Linear(FEATURES, 2).double()

    def part(x):
        return torch.relu(layer(x)).sum(1)

    kept = attribute(method, Scores(part), series(3))
    again = Scores(lambda x: checkpoint(part, x.clone().requires_grad_(), use_reentrant=reentrant))
    torch.testing.assert_close(attribute(method, again, series(3)), kept, rtol=1e-12, atol=1e-13)


def test_other_hooks_on_saved_tensors_are_refused():
    def run(x):
        with torch.autograd.graph.saved_tensors_hooks(lambda kept: kept, lambda kept: kept):
            return torch.tanh(x).sum(1)

    with pytest.raises(UnsupportedOperationError, match=r"no rule for hooks on saved tensors"):
        deeplift(Scores(run), series(3), classes(3), torch.zeros_like(series(3)))
