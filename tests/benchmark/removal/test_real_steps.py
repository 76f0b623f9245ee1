"""Removal beside padding: each sample as if it were alone, without the steps that are none."""

import numpy as np
import pytest
import torch
from torch import nn

from saltbench.benchmark.execution.explaining import Explained
from saltbench.benchmark.metrics.faithfulness.masking import removal_order
from saltbench.benchmark.metrics.faithfulness.removal import SHARES, answer_after_removal, draw_replacement
from saltbench.benchmark.metrics.maps import Maps
from saltbench.benchmark.metrics.truth.on_task import reported_on_task
from saltbench.benchmark.removal.curves import Samples
from saltbench.benchmark.removal.real_steps import answer_by_length, rank_real_steps, report_on_task
from saltbench.datasets.spec import Split, TaskData
from saltbench.errors import ParameterError

TIME, FEATURES, PADDING = 9, 2, 50.0
LENGTHS = np.array([9, 4, 7, 4, 9, 6])
SEEDS = range(len(LENGTHS))


def split(seed, lengths=LENGTHS):
    rng = np.random.default_rng(seed)
    real = np.arange(TIME)[:, None] < lengths[:, None, None]
    inputs = np.where(real, rng.normal(size=(len(lengths), TIME, FEATURES)), PADDING).astype(np.float32)
    truth = (real & (rng.random(inputs.shape) > 0.7)).astype(np.float32)
    return Split(inputs, np.arange(len(lengths)) % 2, truth, lengths)


class Sum(nn.Module):
    """Scores by the sum of what is no padding, and refuses padding that was changed."""

    def forward(self, inputs):
        padding = inputs == PADDING
        assert bool((padding == padding[:1]).all())
        assert TIME - int(padding[0].all(1).sum()) in LENGTHS
        total = inputs.masked_fill(padding, 0).sum((1, 2))
        return torch.stack([total, -total], 1)


class Alone(nn.Module):
    """The same of series that have none."""

    def forward(self, inputs):
        total = inputs.sum((1, 2))
        return torch.stack([total, -total], 1)


def samples(test):
    data = TaskData(split(0), split(1), test, 2)
    return Samples(data, Explained.of(data, len(test), "cpu"), SEEDS)


def maps(test, seed=3):
    # padding would come first in every ranking
    found = np.random.default_rng(seed).normal(size=test.inputs.shape)
    return Maps(np.where(test.inputs == PADDING, 99.0, found), test.truth)


@pytest.mark.parametrize("replacement", ["zero", "mean", "sampled"])
def test_answers_are_those_of_each_sample_alone(replacement):
    test = split(2)
    given, made = samples(test), maps(test)
    ranked = [*rank_real_steps(given.explained, made, SEEDS)]
    found = answer_by_length(given.ask(Sum()), ranked, given.data.train, replacement, SHARES)
    for row, length in enumerate(LENGTHS):
        own = Split(test.inputs[[row], :length], test.labels[[row]], test.truth[[row], :length])
        model = Samples(given.data, Explained.of(TaskData(own, own, own, 2), 1, "cpu"), [row]).ask(Alone())
        training = given.data.train.inputs[given.data.train.lengths >= length, :length]
        filling = draw_replacement(replacement, model.inputs, training, [row])
        order = removal_order(made.magnitude[[row], :length], [row])
        assert found[:, row].tolist() == answer_after_removal(model, order, filling, SHARES)[:, 0].tolist()
    assert len(set(map(tuple, found.T))) > 1


def test_what_is_reported_is_that_of_each_sample_alone():
    test = split(2)
    made = maps(test)
    found = report_on_task(samples(test).explained, made, [0.2, 0.5])
    for row, length in enumerate(LENGTHS):
        alone = Maps(made.attributions[[row], :length], test.truth[[row], :length])
        np.testing.assert_array_equal(found[:, [row]], reported_on_task(alone, [0.2, 0.5]))


def test_training_has_to_be_as_long():
    test = split(2)
    given = samples(test)
    ranked = [*rank_real_steps(given.explained, maps(test), SEEDS)]
    short = split(0, np.minimum(LENGTHS, 8))
    with pytest.raises(ParameterError, match="removal needs training samples as long as those that are explained, 9 "):
        answer_by_length(given.ask(Sum()), ranked, short, "mean", SHARES)
