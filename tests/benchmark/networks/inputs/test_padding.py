"""Padding is never changed, gets 0, and is in nobody's way: the map is that of the series without it."""

import numpy as np
import pytest
import torch
from explained_alone import BACKGROUND as BACKGROUNDS
from explained_alone import CLASSES, FEATURES, METHODS, SAMPLES, SERIES, STATIC, TIME, Patient, Recorder, random
from few_passes import FEWER
from torch import nn

import saltbench
from saltbench.errors import MissingPackageError, ParameterError, ShapeError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds

LENGTHS = torch.tensor([8, 6, 6, 5])
REAL = torch.arange(TIME) < LENGTHS[:, None]
PADDED = torch.where(
    REAL[..., None], SERIES, torch.tensor([-3.0, -4.0, -5.0, -6.0], dtype=torch.float64)[:, None, None]
)
BACKGROUND, BASELINE = BACKGROUNDS[0], random(TIME, FEATURES, seed=1)


class WithPadding(nn.Module):
    """A network of series without padding, to which that of one sample is put back, but for their first few steps."""

    def __init__(self, model, before, after):
        super().__init__()
        self.model, self.before, self.after = model, before, after

    def forward(self, rows):
        before, after = (part.expand(len(rows), -1, -1) for part in (self.before, self.after))
        is_whole = before.shape[1] + rows.shape[1] + after.shape[1] == TIME
        return self.model(torch.cat([before, rows, *([after] if is_whole else [])], 1))


def explained(method, model, inputs=PADDED, **others):
    options = {"background": BACKGROUND, "baseline": BASELINE, "seed": 5, **FEWER.get(method, {}), **others}
    try:
        return saltbench.explain(model, inputs, CLASSES, method=method, **options)
    except MissingPackageError as error:
        pytest.skip(str(error))


def alone(method, sample, start, stop, inputs=PADDED):
    this = slice(sample, sample + 1)
    own = inputs[this]
    return attribute(
        bind(METHODS[method], FEWER.get(method)),
        WithPadding(Recorder(), own[:, :start], own[:, stop:]),
        own[:, start:stop],
        CLASSES[this],
        baseline=BASELINE[None, start:stop],
        background=BACKGROUND[:, start:stop],
        seeds=sample_seeds(5, SAMPLES)[this],
    )


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention"}))
def test_the_map_is_that_of_the_series_without_padding(method):
    found = explained(method, Recorder(), lengths=LENGTHS)
    assert not found[~REAL].any()
    for sample, length in enumerate(LENGTHS.tolist()):
        expected = alone(method, sample, 0, length)
        torch.testing.assert_close(found[sample : sample + 1, :length], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", sorted(METHODS.keys() - {"attention", "fit"}))
def test_no_row_that_a_network_sees_has_other_padding(method):
    model = Recorder()
    explained(method, model, lengths=LENGTHS)
    for row in (row for batch in model.seen for row in batch):
        assert any(torch.equal(row[length:], own[length:]) for own, length in zip(PADDED, LENGTHS, strict=True))


def test_padding_may_stand_first():
    inputs, real = PADDED.flip(1), REAL.flip(1)
    for mask in (real, real.numpy(), real.long(), real.tolist()):
        found = explained("kernel-shap", Recorder(), inputs, mask=mask)
        expected = alone("kernel-shap", 3, TIME - 5, TIME, inputs)
        torch.testing.assert_close(found[3:, TIME - 5 :], expected, rtol=1e-6, atol=1e-9)
        assert not found[~real].any()


def test_a_mask_of_the_first_steps_is_their_number():
    for lengths in (LENGTHS, LENGTHS.numpy().astype(np.int32), LENGTHS.tolist()):
        found = explained("shapley-sampling", Recorder(), lengths=lengths)
        assert torch.equal(found, explained("shapley-sampling", Recorder(), mask=REAL))
    whole = explained("shapley-sampling", Recorder())
    torch.testing.assert_close(explained("shapley-sampling", Recorder(), lengths=[TIME] * SAMPLES), whole)


class Packed(nn.Module):
    """Series of unequal length as packed sequences, or the mean over what a mask says is real."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent, self.output = nn.LSTM(FEATURES, 5, batch_first=True), nn.Linear(5, 2)
        self.double()

    def forward(self, x, lengths):
        packed = nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        return self.output(self.recurrent(packed)[1][0][-1])


@pytest.mark.parametrize("method", ["saliency", "integrated-gradients", "kernel-shap", "smoothgrad", "occlusion"])
def test_lengths_that_the_network_takes_are_named(method):
    options = {"background": (BACKGROUND, None), "baseline": (BASELINE, None)}
    found, none = explained(method, Packed(), (PADDED, LENGTHS), lengths="lengths", **options)
    assert not none.any()
    assert not found[~REAL].any()

    class Short(nn.Module):
        def forward(self, x):
            return Packed()(x, torch.full((len(x),), x.shape[1]))

    for sample, length in enumerate(LENGTHS.tolist()):
        this = slice(sample, sample + 1)
        expected = attribute(
            bind(METHODS[method], FEWER.get(method)),
            Short(),
            PADDED[this, :length],
            CLASSES[this],
            baseline=BASELINE[None, :length],
            background=BACKGROUND[:, :length],
            seeds=sample_seeds(5, SAMPLES)[this],
        )
        torch.testing.assert_close(found[this, :length], expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("method", ["deeplift", "integrated-gradients", "shapley-sampling", "kernel-shap"])
def test_complete_maps_beside_padding_and_static_features(method):
    static = random(SAMPLES, STATIC, seed=1)
    steps = {"steps": 60} if method == "integrated-gradients" else {}
    options = {"background": BACKGROUNDS, "baseline": None, "lengths": LENGTHS, "hold": {"series": [2]}, **steps}
    series, fixed = explained(method, Patient(), (PADDED, static), **options)
    absent = torch.where(REAL[..., None], 0, PADDED)
    absent[..., 2] = PADDED[..., 2]
    change = (Patient()(PADDED, static) - Patient()(absent, 0 * static)).gather(1, CLASSES[:, None])[:, 0].detach()
    torch.testing.assert_close(series.sum((1, 2)) + fixed.sum(1), change, rtol=1e-6, atol=1e-8)
    assert not series[..., 2].any()
    assert float(series.residual.abs().max()) < 1e-6
    assert torch.equal(series.baseline[~REAL], PADDED[~REAL])


def test_a_sample_of_padding_alone_has_no_map():
    found = explained("integrated-gradients", Recorder(), lengths=[8, 0, 6, 0])
    assert not found[[1, 3]].any()
    assert found[[0, 2]].any()


def test_without_a_target_the_class_is_that_of_the_series_with_its_padding():
    model = Recorder()
    with torch.no_grad():
        model.classifier.bias -= model(PADDED).mean(0)
        predicted = model(PADDED).argmax(1)
    assert 0 < predicted.sum() < SAMPLES
    for method in ("saliency", "integrated-gradients"):
        found = saltbench.explain(model, PADDED, method=method, lengths=LENGTHS)
        assert torch.equal(found, saltbench.explain(model, PADDED, predicted, method=method, lengths=LENGTHS))


class Steps(Recorder):
    def forward(self, inputs):
        return self.classifier(self.recurrent(inputs)[0])


def test_each_step_and_one_step_of_padded_series():
    whole = saltbench.explain(Steps(), PADDED, ("each", 1), method="saliency")
    found = saltbench.explain(Steps(), PADDED, ("each", 1), method="saliency", lengths=LENGTHS)
    assert torch.equal(found, whole * REAL[..., None])
    last = saltbench.explain(Steps(), PADDED, (LENGTHS - 1, 1), method="saliency", lengths=LENGTHS)
    torch.testing.assert_close(last, saltbench.explain(Steps(), PADDED, (LENGTHS - 1, 1), method="saliency"))
    with pytest.raises(UnsupportedOperationError, match="got series that begin with padding; cut it off"):
        saltbench.explain(Steps(), PADDED, ("each", 1), method="saliency", mask=REAL.flip(1))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"lengths": LENGTHS, "mask": REAL}, ParameterError, "lengths and mask say the same, got both; leave one out"),
        ({"lengths": LENGTHS.double()}, ParameterError, "lengths must be whole numbers, got torch.float64"),
        ({"lengths": [8, 6]}, ShapeError, r"lengths must have shape \(4,\), one a sample, got \(2,\)"),
        ({"lengths": [8, 6, 9, 1]}, ParameterError, "lengths must lie in 0 … 8, the steps, got 1 … 9"),
        ({"lengths": [8, 6, -1, 1]}, ParameterError, "lengths must lie in 0 … 8, the steps, got -1 … 8"),
        ({"lengths": "sizes"}, ParameterError, "must be a tensor, an array or nested lists of numbers, got str"),
        ({"mask": REAL[:, :3]}, ShapeError, r"mask must have shape \(4, 8\) or \(4, 8, features\), got \(4, 3\)"),
        ({"mask": REAL * 2}, ParameterError, "mask must hold truth values, or 0 and 1 for padding and what is real"),
        ({"mask": torch.ones(4, 8, 3)}, ShapeError, "mask must have the features of inputs, 4, or none, got 3"),
    ],
)
def test_mistakes_are_told_in_one_line(options, error, message):
    with pytest.raises(error, match=message) as caught:
        explained("saliency", Recorder(), **options)
    assert "\n" not in str(caught.value)
