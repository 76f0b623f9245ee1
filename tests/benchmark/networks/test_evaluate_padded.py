"""Tasks whose samples have padding: it is not explained, and counts in no metric."""

import numpy as np
import pytest
import torch
from torch import nn

import saltbench
from saltbench import Split, TaskData
from saltbench.benchmark.execution.scoring import yardsticks
from saltbench.errors import ParameterError, ShapeError

TIME, FEATURES, SAMPLES, PADDING = 12, 3, 8, 9.0
LENGTHS = np.array([12, 7, 9, 7, 12, 5, 9, 7])
METHODS = ["saliency", "integrated-gradients", "occlusion", "kernel-shap"]
METRICS = ["average_precision", "weighted_jaccard", "positional_bias", "completeness_residual"]


def split(seed, padding=PADDING, lengths=LENGTHS):
    rng = np.random.default_rng(seed)
    real = np.arange(TIME) < lengths[:, None]
    truth = np.where(real[..., None], rng.random((SAMPLES, TIME, FEATURES)) > 0.7, padding != PADDING)
    inputs = np.where(real[..., None], rng.normal(size=truth.shape), padding)
    return Split(inputs.astype(np.float32), np.arange(SAMPLES) % 2, truth.astype(np.float32), lengths)


def data(**options):
    return TaskData(split(0), split(1), split(2, **options), 2)


class Network(nn.Module):
    """The mean of what is no padding."""

    def __init__(self):
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.recurrent, self.output = nn.GRU(FEATURES, 6, batch_first=True), nn.Linear(6, 2)

    def forward(self, inputs):
        real = (inputs != PADDING).all(2, keepdim=True)
        hidden = self.recurrent(torch.where(real, inputs, 0))[0] * real
        return self.output(hidden.sum(1) / real.sum(1).clamp_min(1))


def evaluated(given, methods=METHODS, metrics=METRICS):
    options = {"kernel-shap": {"coalitions": 60}, "integrated-gradients": {"steps": 20}}
    chosen = {name: options[name] for name in methods if name in options}
    return saltbench.evaluate(Network(), given, methods, samples=SAMPLES, metrics=metrics, parameters=chosen)


def test_scores_are_the_mean_of_those_of_each_sample_without_its_padding():
    table = evaluated(data()).set_index("method")
    assert (table.status == "ok").all()
    whole = data().test
    for method in ("saliency", "oracle", "abs-input"):
        scores = []
        for sample, length in enumerate(LENGTHS):
            maps = {
                "saliency": lambda one: saltbench.explain(
                    Network(), one.inputs, one.labels, method="saliency", lengths=one.lengths
                ),
                "oracle": lambda one: one.truth,
                "abs-input": lambda one: np.abs(one.inputs),
            }[method]
            this = slice(sample, sample + 1)
            one = Split(whole.inputs[this], whole.labels[this], whole.truth[this], whole.lengths[this])
            cut = saltbench.Maps(np.asarray(maps(one))[:, :length], one.truth[:, :length])
            scores.append(float(saltbench.load_registries().metrics.get("average_precision").load()(cut)[0]))
        assert table.average_precision[method] == pytest.approx(np.mean(scores))


def test_what_padding_holds_changes_nothing():
    table = evaluated(data())
    truth_there = evaluated(TaskData(split(0), split(1), marked(split(2)), 2))
    assert table.equals(truth_there)


def marked(given):
    """The same split, whose truth marks padding."""
    real = np.arange(TIME) < LENGTHS[:, None]
    return Split(given.inputs, given.labels, np.where(real[..., None], given.truth, 1).astype(np.float32), LENGTHS)


def test_complete_methods_sum_to_the_change_of_what_is_real():
    table = evaluated(data()).set_index("method")
    assert table.completeness_residual["kernel-shap"] < 1e-3
    assert table.completeness_residual["integrated-gradients"] < 1e-2


def test_what_asks_the_network_is_undefined_beside_padding():
    table = evaluated(data(), ["saliency"], ["average_precision", "comprehensiveness"]).set_index("method")
    assert np.isnan(table.comprehensiveness["saliency"])
    full = TaskData(split(0), split(1), split(2, lengths=np.full(SAMPLES, TIME)), 2)
    assert evaluated(full, ["saliency"], ["average_precision"]).average_precision.notna().all()


def test_chance_is_that_of_the_truth_without_padding():
    metric = saltbench.load_registries().metrics.get("average_precision")
    truth = data().test.truth
    found = yardsticks(truth, [(metric, {})], LENGTHS)
    for sample, length in enumerate(LENGTHS):
        alone = yardsticks(truth[sample : sample + 1, :length], [(metric, {})])
        for name, values in alone.items():
            assert found[name][sample] == pytest.approx(values[0], abs=1e-12)


def test_chance_of_a_pooled_metric_counts_entries_and_not_samples():
    metric = saltbench.load_registries().metrics.get("auprc:tint")
    truth = np.zeros((2, 10, 1), np.float32)
    truth[:, :1] = 1  # of 2 and of 10 steps: 2 entries of 12 are salient
    found = yardsticks(truth, [(metric, {})], np.array([2, 10]))
    assert found["auprc:tint_chance"] == pytest.approx([2 / 12] * 2)


@pytest.mark.parametrize(
    ("lengths", "error", "message"),
    [
        (LENGTHS[:3], ShapeError, r"8 samples of 12 steps needs as many lengths, in 1 … 12, got \(3,\) from 7 to 12"),
        (LENGTHS + 1, ShapeError, r"needs as many lengths, in 1 … 12, got \(8,\) from 6 to 13"),
        (0 * LENGTHS, ShapeError, r"in 1 … 12, got \(8,\) from 0 to 0"),
        (LENGTHS.astype(np.float32), ParameterError, "a split's lengths must be an array of int64, got float32"),
    ],
)
def test_lengths_are_steps(lengths, error, message):
    given = split(0)
    with pytest.raises(error, match=message):
        Split(given.inputs, given.labels, given.truth, lengths)
