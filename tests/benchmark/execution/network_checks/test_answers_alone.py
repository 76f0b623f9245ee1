"""Each sample by itself: networks that do so are explained whatever they make of other series, others are refused."""

import pytest
import torch
from mixing_networks import MIXING, Mixing, noise, waves
from torch import nn
from valid_networks import CLASSES, FEATURES, TIME, VALID, Encoder, Packed, padded

import saltbench
from saltbench.benchmark.execution.network_checks.neighbours import strangers
from saltbench.errors import ParameterError, ShapeError

OTHERS = "must answer each sample by itself, got other outputs for a sample in another batch"


def made(make, seed=0):
    torch.manual_seed(seed)
    return make()


def gradient(network, series, target):
    network.eval()
    rows = series.clone().requires_grad_()
    (found,) = torch.autograd.grad(network(rows)[:, target].sum(), rows)
    network.train()
    return found


@pytest.mark.filterwarnings("ignore:.*nested tensor:UserWarning")
@pytest.mark.parametrize("batch", [6, 2, 1])
@pytest.mark.parametrize("name", VALID)
def test_networks_that_answer_by_the_sample_are_explained(name, batch):
    make, series = VALID[name]
    network, inputs = made(make), series(batch)
    found = saltbench.explain(network, inputs, 1, method="saliency")
    torch.testing.assert_close(found, gradient(network, inputs, 1).abs(), rtol=1e-4, atol=1e-6)
    assert saltbench.explain(network, inputs, method="saliency").shape == inputs.shape


@pytest.mark.parametrize("name", ["lstm", "lengths-in-a-channel", "transformer", "guard", "inverse"])
def test_so_are_they_by_the_other_entries(name):
    make, series = VALID[name]
    network, inputs = made(make), series(8)
    check = saltbench.randomisation_check(network, inputs, method="saliency", orders=["independent"], scale=0.3)
    assert len(check)
    split = saltbench.Split(inputs.numpy(), torch.arange(8).remainder(CLASSES).numpy(), torch.ones_like(inputs).numpy())
    data = saltbench.TaskData(split, split, split, classes=CLASSES)
    table = saltbench.evaluate(network, data, ["saliency"], metrics=["roc_auc"], samples=8)
    assert table.status[0] == "ok"


@pytest.mark.parametrize("name", sorted(set(MIXING) - {"longest"}))
@pytest.mark.parametrize("series", [noise(), noise(1), noise(200), waves()], ids=["some", "one", "many", "waves"])
def test_networks_that_mix_samples_are_refused(name, series):
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.explain(made(MIXING[name], seed=3), series, 1, method="saliency")


def test_a_network_that_sees_the_longest_series_of_its_batch_is_refused_where_lengths_differ():
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.explain(made(MIXING["longest"]), padded(), 1, method="saliency")


@pytest.mark.parametrize("target", [1, None])
def test_mixing_is_refused_by_every_entry(target):
    network = made(MIXING["periods"])
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.randomisation_check(network, noise(), target, method="saliency")
    inputs = noise(8)
    split = saltbench.Split(inputs.numpy(), torch.arange(8).remainder(CLASSES).numpy(), torch.ones_like(inputs).numpy())
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.evaluate(network, saltbench.TaskData(split, split, split, classes=CLASSES), ["saliency"])


class Late(nn.Module):
    """Mixes only what the last of the user's samples has: a number that no other reaches."""

    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        return self.classifier(x.mean(1)) + (x > 50).any()


def test_a_sample_far_down_the_batch_is_looked_at():
    inputs = noise(40)
    inputs[-1, 3, 1] = 100
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.explain(Late(), inputs, 1, method="saliency")
    assert saltbench.explain(Late(), noise(40), 1, method="saliency").any()


def test_what_a_network_cannot_read_of_the_users_own_is_told():
    network = made(lambda: Packed(enforce_sorted=True))
    with pytest.raises(ShapeError, match=r"where it answers 3: RuntimeError: `lengths` array must be sorted"):
        saltbench.explain(network, padded().flip(0), 1, method="saliency")


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_precision_makes_no_difference(dtype):
    assert saltbench.explain(made(Encoder).to(dtype), padded().to(dtype), 1, method="saliency").any()
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.explain(made(MIXING["mean"]).to(dtype), noise().to(dtype), 1, method="saliency")


def test_outputs_far_from_zero_hide_no_mixing():
    network = made(lambda: Mixing(lambda x: x + 0.1 * x.mean(0)))
    with torch.no_grad():
        network.classifier.bias += 100
    with pytest.raises(ParameterError, match=OTHERS):
        saltbench.explain(network, noise(), 1, method="saliency")


class Batched(nn.Module):
    """Answers batches of some sizes only."""

    def __init__(self, allowed, answer=None):
        super().__init__()
        self.allowed, self.answer = allowed, answer
        self.classifier = nn.Linear(FEATURES, CLASSES)

    def forward(self, x):
        if len(x) not in self.allowed:
            if self.answer is None:
                raise RuntimeError("size of the batch")
            return self.answer(x)
        return self.classifier(x.mean(1))


@pytest.mark.parametrize(
    ("allowed", "answer", "message"),
    [
        ({6}, None, "an error for 3 where it answers 6: RuntimeError: size of the batch"),
        ({1}, None, "an error for 3 where it answers 1: RuntimeError: size of the batch"),
        ({3}, None, "an error for 6 where it answers 3: RuntimeError: size of the batch"),
        ({3}, lambda x: x[:, 0, 0], r"\(6,\) for 6 where it answers 3"),
        ({3}, lambda x: [x], "list for 6 where it answers 3"),
    ],
)
def test_networks_made_for_one_size_of_batch_are_told_so(allowed, answer, message):
    with pytest.raises(ShapeError, match=rf"must take any number of series at once, got {message}.*; let forward take"):
        saltbench.explain(Batched(allowed, answer), noise(), 1, method="saliency")


def test_strangers_keep_padding_and_whole_numbers_and_are_unlike_the_sample():
    sample = padded(2)[1]
    sample[:, 2] = 3.0
    for stranger in strangers(sample):
        assert stranger.shape == (TIME, FEATURES)
        assert not torch.equal(stranger, sample)
        assert torch.equal(stranger[-2:], sample[-2:])
        assert torch.equal(stranger[:, 2], sample[:, 2])


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_short_and_constant_series_have_strangers_too(steps):
    for sample in (torch.randn(steps, 2), torch.ones(steps, 2), torch.full((steps, 2), 0.5)):
        assert [stranger.shape for stranger in strangers(sample)] == [(steps, 2)] * 3
