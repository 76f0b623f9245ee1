"""What the inputs of a network may be, in what they come back, and mistakes told in one line."""

import numpy as np
import pytest
import torch
from explained_alone import (
    BACKGROUND,
    CLASSES,
    FEATURES,
    FIXED,
    SAMPLES,
    SERIES,
    STATIC,
    TIME,
    Closed,
    Noting,
    Patient,
    explained,
    random,
    score,
)
from torch import nn

import saltbench
from saltbench.errors import ParameterError, ShapeError, UnsupportedOperationError


class Packed(Noting):
    """Series of unequal length, as packed sequences."""

    def __init__(self):
        super().__init__()
        self.recurrent, self.output = nn.LSTM(FEATURES, 5, batch_first=True), nn.Linear(5, 2)
        self.double()

    def forward(self, x, lengths, *, codes=None):
        self.note((lengths, codes))
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.output(self.recurrent(packed)[1][0][-1])


LENGTHS = torch.tensor([8, 3, 5, 6])


def test_lengths_are_held_and_padding_gets_nothing():
    maps, lengths = saltbench.explain(Packed(), (SERIES, LENGTHS), 1, hold=("lengths",), method="saliency")
    assert (lengths.shape, lengths.dtype) == ((SAMPLES,), SERIES.dtype)
    assert not lengths.any()
    inside = torch.arange(TIME) < LENGTHS[:, None]
    assert torch.equal(maps.any(2), inside)


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8, torch.bool])
def test_held_numbers_reach_the_network_exactly_as_they_are(dtype):
    model = Packed()
    codes = torch.tensor([2**40 + 1, 2**24 + 1, 0, 7]).to(dtype)
    found = saltbench.explain(
        model, {"x": SERIES, "lengths": LENGTHS, "codes": codes}, 1, hold=["lengths", "codes"], steps=3
    )
    assert list(found) == ["x", "lengths", "codes"]
    pairs = {(int(lengths[0]), int(code[0])) for lengths, code in model.seen}
    assert {code.dtype for _, code in model.seen} == {dtype}
    assert pairs == set(zip(LENGTHS.tolist(), codes.long().tolist(), strict=True))


class Sum(nn.Module):
    """One number of a long series, another series and a number each."""

    def forward(self, long, other, age):
        return ((long.mean(2) * other[..., 0]).sum(1) + age * other.sum((1, 2))).unsqueeze(1)


INPUTS = {"long": SERIES, "other": random(SAMPLES, TIME, 2, seed=6), "age": random(SAMPLES, seed=7)}


@pytest.mark.parametrize("kind", [tuple, list, dict])
@pytest.mark.parametrize(
    ("hold", "held"),
    [
        (None, []),
        ("age", [2]),
        (("age", "other"), [1, 2]),
        ([0], [0]),
        ((-1,), [2]),
        ({"age": True}, [2]),
        ({"age": [0]}, [2]),
        ({"other": [True, True]}, [1]),
        ({"long": [0, 1]}, []),
    ],
)
def test_inputs_of_every_shape_come_back_in_kind(kind, hold, held):
    inputs = INPUTS if kind is dict else kind(INPUTS.values())
    model = saltbench.adapted(Sum(), output="value")
    found = saltbench.explain(model, inputs, method="input-x-gradient", hold=hold)
    assert type(found) is kind
    maps = list(found.values() if kind is dict else found)
    cells = [values.clone().requires_grad_() for values in INPUTS.values()]
    gradients = torch.autograd.grad(Sum()(*cells).sum(), cells)
    for number, (part, gradient, values) in enumerate(zip(maps, gradients, INPUTS.values(), strict=True)):
        expected = gradient * values
        if number in held:
            expected = torch.zeros_like(expected)
        if hold == {"long": [0, 1]} and not number:
            expected[..., :2] = 0
        torch.testing.assert_close(part, expected)


def test_arrays_are_inputs_too_and_get_the_networks_type():
    arrays = (SERIES.numpy(), FIXED.float().numpy())
    found = saltbench.explain(Patient(), arrays, CLASSES, method="saliency")
    assert [part.dtype for part in found] == [np.float64] * 2


def test_nested_lists_stay_one_series():
    values = SERIES.tolist()
    expected = saltbench.explain(Closed(FIXED[:1]), SERIES, 1, method="saliency")
    assert torch.equal(saltbench.explain(Closed(FIXED[:1]), values, 1, method="saliency"), expected)
    assert torch.equal(saltbench.explain(Closed(FIXED[:1]), list(SERIES.numpy()), 1, method="saliency"), expected)


def test_baselines_have_the_structure_of_the_inputs():
    baseline = (random(TIME, FEATURES, seed=8), random(STATIC, seed=9))
    maps = explained("deeplift", Patient(), baseline=baseline)
    change = score(SERIES, FIXED) - score(baseline[0].expand_as(SERIES), baseline[1].expand_as(FIXED))
    torch.testing.assert_close(maps[0].sum((1, 2)) + maps[1].sum(1), change)
    named = explained(
        "deeplift",
        Patient(),
        inputs={"series": SERIES, "static": FIXED},
        baseline={"static": baseline[1]},
        background=None,
    )
    change = score(SERIES, FIXED) - score(0 * SERIES, baseline[1].expand_as(FIXED))
    torch.testing.assert_close(named["series"].sum((1, 2)) + named["static"].sum(1), change)


def test_backgrounds_are_drawn_row_by_row():
    model = Patient()
    explained("deeplift-shap", model, background=(BACKGROUND[0], BACKGROUND[1]), baseline_samples=6)
    pairs = [(series, static) for batch in model.seen for series, static in zip(*batch, strict=True)]
    for series, static in pairs:
        own = [number for number in range(6) if torch.equal(series, BACKGROUND[0][number])]
        assert all(torch.equal(static, BACKGROUND[1][number]) for number in own)


class TimeFirst(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = Patient()

    def forward(self, series, static):
        return {"logits": self.model(series.transpose(0, 1), static)}


def test_adapted_networks_take_several_inputs():
    model = saltbench.adapted(TimeFirst(), time_first=True, item="logits")
    for found, expected in zip(explained("deeplift", model), explained("deeplift", Patient()), strict=True):
        torch.testing.assert_close(found, expected)
    one = saltbench.explain(model, (SERIES, FIXED), 1, method="saliency", output="probability", hold=(1,))
    cells = SERIES.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(torch.softmax(Patient()(cells, FIXED), 1)[:, 1].sum(), cells)
    torch.testing.assert_close(one[0], gradient.abs())


class Centred(Patient):
    """Static features less their mean over the batch."""

    def forward(self, series, static):
        return super().forward(series, static - static.mean(0))


def test_a_network_that_mixes_what_is_held_of_samples_is_refused():
    with pytest.raises(
        ParameterError, match="must answer each sample by itself, got other outputs for a sample in ano"
    ):
        explained("saliency", Centred(), hold=("static",))


def test_the_network_is_left_as_it_was():
    model = Patient().train()
    explained("integrated-gradients", model, hold=("static",))
    assert model.training
    assert all(parameter.requires_grad for parameter in model.parameters())


def test_a_plain_call_says_how_to_pass_several_inputs():
    message = r"its forward takes 2 inputs: pass them together, saltbench.explain\(model, \(series, static\), …\)"
    with pytest.raises(ShapeError, match=message) as caught:
        saltbench.explain(Patient(), SERIES, 1)
    assert "hold=('static',)" in str(caught.value)
    with pytest.raises(ShapeError, match=r"belongs to each sample, such as static features, is passed with the series"):
        saltbench.explain(Closed(FIXED[:, :1]), SERIES, 1)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"inputs": (SERIES, LENGTHS)},
            UnsupportedOperationError,
            r"floating point, got static of torch.int64; hold it, hold=",
        ),
        (
            {"inputs": (SERIES, FIXED[:3])},
            ShapeError,
            "as many rows, one a sample, got series of 4, static of 3",
        ),
        (
            {"inputs": (SERIES, FIXED), "hold": ("age",)},
            ParameterError,
            "name inputs, series, static, or .* got 'age'",
        ),
        ({"inputs": (SERIES, None)}, ParameterError, "must be tensors or arrays, got None for static; leave it out"),
        (
            {"inputs": {"series": SERIES, 1: FIXED}},
            ParameterError,
            "as forward calls them, got 1; name them by str",
        ),
        ({"inputs": (SERIES, FIXED), "hold": 3.5}, ParameterError, "or their positions from 0, got 3.5"),
        ({"inputs": (SERIES, FIXED), "hold": (2,)}, ParameterError, "or their positions from 0, got 2"),
        ({"inputs": (SERIES, FIXED), "hold": (0, 1)}, ParameterError, "hold must leave something to explain"),
        (
            {"inputs": (SERIES, FIXED), "hold": {"static": [5]}},
            ParameterError,
            "must give features of static in 0 … 1",
        ),
        ({"inputs": {"series": FIXED, "static": FIXED}}, ShapeError, "one of the inputs must be series"),
        (
            {"inputs": (SERIES, SERIES[:, :3])},
            ShapeError,
            "that are explained must have as many steps, got 3 and 8",
        ),
        ({"inputs": (SERIES, SERIES[None].movedim(0, 1))}, ShapeError, r"got static of \(4, 1, 8, 4\); hold it, hold="),
        (
            {"inputs": (SERIES, FIXED), "baseline": SERIES},
            ParameterError,
            "a tuple of 2, for series, static, .* got Tensor; give",
        ),
        (
            {"inputs": (SERIES, FIXED), "baseline": (SERIES,)},
            ParameterError,
            "got tuple of 1; give None for what",
        ),
        (
            {"inputs": (SERIES, FIXED), "baseline": (None, FIXED[:, :1])},
            ShapeError,
            r"baseline of static must have the inputs' shape \(4, 2\), got \(4, 1\)",
        ),
        (
            {"inputs": (SERIES, FIXED), "background": (BACKGROUND[0], BACKGROUND[1][:4]), "method": "gradient-shap"},
            ShapeError,
            "the backgrounds of all inputs must have as many rows, .* got 4 and 6",
        ),
        (
            {"inputs": (SERIES, FIXED), "background": (BACKGROUND[0], None), "method": "gradient-shap"},
            ParameterError,
            "background must have rows of every input that is explained, got None for static",
        ),
        (
            {"inputs": (SERIES, FIXED, FIXED)},
            ShapeError,
            r"an error for series \(4, 8, 4\), static \(4, 2\), in",
        ),
    ],
)
def test_mistakes_are_told_in_one_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        saltbench.explain(Patient(), target=1, **arguments)
    assert "\n" not in str(caught.value)


def test_one_sample_and_none():
    (series, static) = saltbench.explain(Patient(), (SERIES[:1], FIXED[:1]), 1, hold=("static",))
    assert (series.shape, static.shape) == ((1, TIME, FEATURES), (1, STATIC))
    (series, static) = saltbench.explain(Patient(), (SERIES[:0], FIXED[:0]), 1, hold=("static",))
    assert (len(series), len(static)) == (0, 0)
    assert np.prod(static.shape) == 0


class OfDictionary(nn.Module):
    def forward(self, batch):
        return batch["x"].mean(1) + batch["static"]


class ByName(nn.Module):
    def forward(self, *, x, static):
        return x.mean(1) + static


@pytest.mark.parametrize(
    ("model", "inputs", "message"),
    [
        (
            OfDictionary(),
            {"x": torch.zeros(3, 4, 2), "static": torch.zeros(3, 2)},
            "its forward takes batch: give these",
        ),
        (
            ByName(),
            (torch.zeros(3, 4, 2), torch.zeros(3, 2)),
            "takes x, static: give these by these names, as a dictiona",
        ),
    ],
)
def test_what_a_forward_takes_is_told_where_several_inputs_do_not_fit(model, inputs, message):
    with pytest.raises(ShapeError, match=message + ".*, or wrap it in a module whose forward takes the inputs"):
        saltbench.explain(model, inputs, 1, method="saliency")


def test_a_dictionary_is_taken_by_a_forward_that_is_called_by_names():
    x, static = torch.rand(3, 4, 2), torch.rand(3, 2)
    found = saltbench.explain(ByName(), {"x": x, "static": static}, 1, method="input-x-gradient")
    assert torch.allclose(found["static"], static * torch.tensor([0.0, 1.0]))
