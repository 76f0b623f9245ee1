"""Calibrated strength: that of a known threshold, of the labels, or the plain word that it cannot be reached."""

import functools
import statistics

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench.errors import ContractError, DataError, ParameterError, ShapeError

SAMPLES, WINDOW = 3000, (1, 3, 0, 2)
NOISE = np.random.default_rng(0).standard_normal((SAMPLES, 4, 3))
AS_IT_IS = saltbench.Recipe(epochs=1, learning_rate=1e-9, batch=1500)
PLANTED = {"window": WINDOW, "test_share": 0.5, "training": AS_IT_IS}


class Summed(nn.Module):
    """The classifier that is right most often of all: the sign of the sum over the window."""

    def __init__(self, features, classes):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, inputs):
        total = self.scale * inputs[:, 1:3, :2].sum((1, 2))
        return torch.stack([-total, total], 1)


def accuracy_of(strength):
    """Φ(strength √n) of n = 4 entries of unit variance whose mean is ± strength."""
    return statistics.NormalDist().cdf(strength * 2)


@pytest.mark.parametrize("strength", [0.15, 0.5, 1.1])
def test_a_threshold_that_is_known_in_closed_form(strength):
    found = saltbench.calibrate_strength(Summed, NOISE, accuracy=accuracy_of(strength), **PLANTED)
    assert found.is_reached
    assert found.accuracy >= found.wanted == accuracy_of(strength)
    # three standard errors of an accuracy over 1500 samples, as strengths, and the 10 % of the search
    error = 3 * (0.25 / 1500) ** 0.5 / (2 * statistics.NormalDist().pdf(2 * strength))
    assert strength - error < found.strength < 1.11 * strength + error
    for tried, accuracy in found.tried:
        assert accuracy == pytest.approx(accuracy_of(tried), abs=3 * (0.25 / 1500) ** 0.5)


def test_the_accuracy_to_reach_is_the_one_on_the_labels():
    # the labels stand where the signal will, as strong as .6
    labels = np.arange(SAMPLES) % 2
    series = NOISE.copy()
    series[:, 1:3, :2] += (0.6 * (2 * labels - 1))[:, None, None]
    found = saltbench.calibrate_strength(Summed, series, np.where(labels, "up", "down"), **PLANTED)
    assert found.wanted == pytest.approx(accuracy_of(0.6), abs=0.03)
    # the label is noise to the new classes, four ± .6 that a window of 4 cannot tell from the signal
    assert found.is_reached
    assert found.strength > 0.6


def test_its_accuracies_are_those_of_evaluate():
    def task(strength, seed):
        return saltbench.planted(NOISE, seed=seed, strength=strength, window=WINDOW, test_share=0.5)

    found = saltbench.calibrate_strength(Summed, NOISE, accuracy=0.7, seeds=2, tries=3, **PLANTED)
    for strength, accuracy in found.tried:
        spec = saltbench.TaskSpec(
            name="own", version=1, description="", reference="", factory=functools.partial(task, strength)
        )
        table = saltbench.evaluate(
            Summed, spec, ["saliency"], seeds=2, samples=2, training=AS_IT_IS, metrics=["roc_auc"]
        )
        assert table.accuracy[0] == pytest.approx(accuracy, abs=1e-12)


def test_the_same_call_finds_the_same():
    once, again = (saltbench.calibrate_strength(Summed, NOISE, accuracy=0.8, tries=4, **PLANTED) for _ in range(2))
    assert once == again


def test_what_cannot_be_reached_is_said():
    class Blind(Summed):
        def forward(self, inputs):
            return super().forward(inputs * 0 + torch.linspace(-1, 1, 4)[:, None])

    found = saltbench.calibrate_strength(Blind, NOISE, accuracy=0.9, **PLANTED)
    assert not found.is_reached
    assert found.tried[-1][0] == 16
    assert repr(found) == f"Calibration: strength 2, accuracy {found.accuracy:.3f} below the 0.900 wanted"
    assert found.accuracy == pytest.approx(0.5, abs=0.01)


def test_it_prints_itself_in_a_line():
    found = saltbench.Calibration(1.41, 0.85, 0.84, True, ((2.0, 0.9), (1.41, 0.85)))
    assert repr(found) == "Calibration: strength 1.41, accuracy 0.850 of 0.840 wanted"


@pytest.mark.parametrize("labels", [None, np.arange(SAMPLES) % 2])
def test_lengths_are_respected(labels):
    lengths = np.full(SAMPLES, 4)
    lengths[::2] = 3
    found = saltbench.calibrate_strength(Summed, NOISE, labels, lengths, accuracy=0.8, tries=3, **PLANTED)
    assert len(found.tried) == 3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"network": Summed(3, 2)}, ParameterError, r"needs a function \(features, classes\) .* got a Summed"),
        ({"network": "lstm"}, ParameterError, r"needs a function \(features, classes\) .* got a str"),
        ({"network": lambda _features, _classes: 3}, ContractError, "must return a torch.nn.Module, got int"),
        ({"accuracy": None}, ParameterError, "needs labels, or the accuracy that is to be reached; give one of them"),
        (
            {"accuracy": 0.5},
            ParameterError,
            "accuracy must be above 0.500, which guessing reaches, and at most 1, got 0.5",
        ),
        ({"accuracy": 1.1}, ParameterError, r"at most 1, got 1\.1"),
        ({"accuracy": float("nan")}, ParameterError, "at most 1, got nan"),
        ({"accuracy": 0.25, "labels": np.arange(SAMPLES) % 4}, ParameterError, "must be above 0.250"),
        ({"seeds": 0}, ParameterError, "seeds must be a whole number from 1 to 1000, got 0"),
        ({"tries": 1.5}, ParameterError, r"tries must be a whole number from 1 to 100, got 1\.5"),
        ({"shape": "triangle"}, ParameterError, "shape must be one of box, ramp, bump, sine, got 'triangle'"),
        ({"series": NOISE[:, :, 0]}, ShapeError, r"series must be \(samples, time, features\)"),
        ({"series": NOISE[:8]}, DataError, "2 classes need at least 2 series in each split"),
        ({"device": "tpu"}, ParameterError, "device must be"),
    ],
)
def test_mistakes_are_told_in_a_line(arguments, error, message):
    with pytest.raises(error, match=message) as caught:
        saltbench.calibrate_strength(**{"network": Summed, "series": NOISE, "accuracy": 0.8, **PLANTED, **arguments})
    assert "\n" not in str(caught.value)


def test_labels_that_the_network_does_not_learn_are_no_measure():
    with pytest.raises(
        ParameterError, match=r"must learn the labels, got an accuracy of 0\.\d+ where guessing reaches 0\.5"
    ):
        saltbench.calibrate_strength(Summed, NOISE, np.arange(SAMPLES) % 2, **PLANTED)
