import dataclasses
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from saltbench.benchmark.execution import training
from saltbench.benchmark.execution.training import (
    EVALUATION_BATCH,
    Standing,
    adam,
    as_tensors,
    is_right,
    predict,
    standing,
    train,
)
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.datasets.spec import Split, TaskData
from saltbench.errors import NonFiniteError, ShapeError
from saltbench.methods.architectures.recurrent import lstm

FAST = Recipe(learning_rate=0.05, batch=10, epochs=60)


@pytest.fixture(autouse=True)
def one_thread():
    """As the runner trains: the order of sums, and with it the last bit, depends on the number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


class Untouchable:
    """A test split that fails whoever looks at it."""

    def __getattribute__(self, name):
        raise AssertionError(f"training looked at the test split's {name}")


def toy_split(rng, samples, shift):
    labels = np.arange(samples) % 2
    inputs = rng.standard_normal((samples, 3, 2)).astype(np.float32)
    inputs[:, 1, 0] += shift * (2 * labels - 1)
    return Split(inputs, labels, np.zeros_like(inputs))


def toy(shift, samples=40, seed=1):
    """The class shifts one cell: separable at shift 6, not at shift 0.5."""
    rng = np.random.default_rng(seed)
    return TaskData(toy_split(rng, samples, shift), toy_split(rng, 20, shift), Untouchable(), classes=2)


def linear():
    return nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(6, 2))


def weights(model):
    return b"".join(value.numpy().tobytes() for value in model.state_dict().values())


@pytest.mark.parametrize("build", [linear, lambda: lstm(features=2, classes=2)], ids=["linear", "lstm"])
def test_a_separable_task_is_learnt_and_training_ends_early(build):
    data = toy(6.0)
    model, record = train(build, data, FAST, seed=1)
    assert record.ended == "every training sample is right"
    assert record.epochs < FAST.epochs
    assert record.train.accuracy == record.validation.accuracy == 1.0
    predicted = predict(model, torch.from_numpy(data.train.inputs)).argmax(dim=1)
    assert predicted.tolist() == data.train.labels.tolist()


def test_the_model_comes_back_in_evaluation_mode():
    model, _ = train(linear, toy(6.0), FAST, seed=1)
    assert not any(module.training for module in model.modules())


def slow_fit(build, data, recipe, seed):
    """The recipe from its description: every epoch's weights, standings and mean loss, by a loop of its own."""
    torch.manual_seed(seed)
    model = build()
    adam = torch.optim.Adam(model.parameters(), lr=recipe.learning_rate, fused=True)
    order = torch.Generator().manual_seed(seed)
    epochs = []
    for _ in range(recipe.epochs):
        model.train()
        permutation = torch.randperm(len(data.train.labels), generator=order).tolist()
        losses = []
        for start in range(0, len(permutation), recipe.batch):
            batch = permutation[start : start + recipe.batch]
            logits = model(torch.from_numpy(data.train.inputs[batch]))
            picked = logits.log_softmax(dim=1)[range(len(batch)), data.train.labels[batch].tolist()]
            adam.zero_grad()
            (-picked.mean()).backward()
            adam.step()
            losses += (-picked).tolist()
        standings = slow_standing(model, data.train), slow_standing(model, data.validation)
        epochs.append((weights(model), *standings, math.fsum(losses) / len(losses)))
    return epochs


def slow_standing(model, split):
    """(loss, accuracy) by plain Python."""
    model.eval()
    with torch.no_grad():
        logits = model(torch.from_numpy(split.inputs)).double().tolist()
    pairs = list(zip(logits, split.labels.tolist(), strict=True))
    losses = [math.log(math.fsum(map(math.exp, row))) - row[label] for row, label in pairs]
    right = sum(row.index(max(row)) == label for row, label in pairs)
    return math.fsum(losses) / len(pairs), right / len(pairs)


def slow_end(epochs, recipe):
    """The number of epochs run and why training ended."""
    improved_at, lowest, best = 0, math.inf, (-1, 0)
    for epoch, (_, (_, right), (on_validation, accuracy), loss) in enumerate(epochs, start=1):
        if right == 1:
            return epoch, "every training sample is right"
        if loss < lowest - recipe.tolerance * lowest or epoch == 1:
            improved_at, lowest = epoch, loss
        if (accuracy, -on_validation) > best:
            improved_at, best = epoch, (accuracy, -on_validation)
        if epoch - improved_at == recipe.patience:
            return epoch, "the loss stopped improving"
    return len(epochs), "epochs"


@pytest.mark.parametrize(
    ("shift", "recipe", "ended"),
    [
        (0.3, dataclasses.replace(FAST, epochs=12), "epochs"),
        (0.3, dataclasses.replace(FAST, patience=3, tolerance=0.01), "the loss stopped improving"),
        (0.3, dataclasses.replace(FAST, patience=1), "the loss stopped improving"),
        (6.0, FAST, "every training sample is right"),
        (6.0, dataclasses.replace(FAST, batch=7, learning_rate=0.01), "every training sample is right"),
    ],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_against_a_slow_rerun(shift, recipe, ended, seed):
    data = toy(shift, seed=seed)
    epochs = slow_fit(linear, data, recipe, seed)
    run, why = slow_end(epochs, recipe)
    assert why == ended
    model, record = train(linear, data, recipe, seed)
    assert (record.epochs, record.ended) == (run, why)
    # the epoch of the highest validation accuracy, the lowest validation loss among equals
    best = max(range(run), key=lambda epoch: (epochs[epoch][2][1], -epochs[epoch][2][0]))
    assert record.kept_epoch == best + 1
    assert weights(model) == epochs[best][0]
    for found, (loss, accuracy) in ((record.train, epochs[best][1]), (record.validation, epochs[best][2])):
        assert found.accuracy == accuracy
        assert found.loss == pytest.approx(loss, rel=1e-5)


def test_the_kept_epoch_is_not_always_the_last():
    kept = [train(linear, toy(0.3, seed=seed), FAST, seed)[1] for seed in (1, 2, 3)]
    assert any(record.kept_epoch < record.epochs for record in kept)


class Undecided(nn.Module):
    """Says the same of every series, so that no rounding makes one epoch's loss lower than another's."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(2))

    def forward(self, inputs):
        return self.weight * inputs.new_zeros(len(inputs), 1)


def test_patience_counts_epochs_without_improvement():
    _, record = train(Undecided, toy(0.3), dataclasses.replace(FAST, patience=4), seed=1)
    assert (record.epochs, record.ended) == (5, "the loss stopped improving")


@pytest.mark.parametrize(
    ("losses", "validation", "epochs", "kept"),
    [
        # the training loss, and loss and accuracy on validation samples, an epoch; at a patience of 3
        ([0.7] * 9, [(0.7, 0.5), *[(0.6, 0.4)] * 8], 4, 1),
        # a network that learns late: for long it memorises, while validation says that it gets worse
        ([0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1], [(0.7, 0.5), *[(0.9, 0.4)] * 6, *[(0.6, 0.4)] * 3], 10, 1),
        ([0.7] * 10, [(0.7, 0.5), (0.9, 0.4), (0.9, 0.5), (0.9, 0.6), (0.9, 0.5), (0.5, 0.7), *[(0.5, 0.7)] * 4], 9, 6),
        ([0.7, 0.6999, 0.6998, 0.6997, 0.6996], [(0.7, 0.5), *[(0.8, 0.4)] * 4], 4, 1),
        ([0.7, 0.6999, 0.6998, 0.6992, 0.6991, 0.6990, 0.6989], [(0.7, 0.5), *[(0.8, 0.4)] * 6], 7, 1),
    ],
    ids=["nothing", "training loss", "better epochs", "within tolerance", "tolerance adds up"],
)
def test_training_ends_when_neither_the_loss_nor_the_best_epoch_improves(monkeypatch, losses, validation, epochs, kept):
    standings = iter([*(Standing(*pair) for pair in validation[:epochs]), Standing(0.5, 0.5)])
    means = iter(losses)
    monkeypatch.setattr(training, "run_epoch", lambda *_: next(means))
    monkeypatch.setattr(training, "standing", lambda *_: next(standings))
    monkeypatch.setattr(training, "is_right", lambda *_: False)
    _, record = train(linear, toy(0.3), dataclasses.replace(FAST, patience=3), seed=1)
    assert (record.epochs, record.kept_epoch, record.ended) == (epochs, kept, "the loss stopped improving")
    assert record.validation == Standing(*validation[kept - 1])


class Scaled(nn.Module):
    """A linear model with a complex factor, which fused optimisers refuse."""

    def __init__(self):
        super().__init__()
        self.inner, self.factor = linear(), nn.Parameter(torch.tensor(1 + 1j))

    def forward(self, inputs):
        return self.inner(inputs) * self.factor.abs()


def test_adam_is_fused_where_it_can_be():
    assert adam(linear(), 0.1).defaults["fused"]
    _, record = train(Scaled, toy(6.0), FAST, seed=1)
    assert record.ended == "every training sample is right"


@pytest.mark.parametrize("wrong", [None, 0, EVALUATION_BATCH - 1, EVALUATION_BATCH, 2 * EVALUATION_BATCH + 2])
def test_all_right_looks_no_further_than_the_first_part_that_is_not(wrong):
    seen = []
    model = Returns(lambda logits: seen.append(len(logits)) or logits)
    inputs = torch.randn(2 * EVALUATION_BATCH + 3, 3, 2, generator=torch.Generator().manual_seed(1))
    labels = model.inner(inputs).argmax(dim=1)
    if wrong is not None:
        labels[wrong] = 1 - labels[wrong]
    assert is_right(model.train(), inputs, labels) == (wrong is None)
    assert len(seen) == (3 if wrong is None else wrong // EVALUATION_BATCH + 1)
    assert not model.training
    assert (standing(model, inputs, labels).accuracy == 1) == (wrong is None)


@pytest.mark.parametrize("build", [linear, lambda: lstm(features=2, classes=2)], ids=["linear", "lstm"])
def test_the_seed_determines_every_weight(build):
    recipe = dataclasses.replace(FAST, epochs=3)
    once, again, other = (weights(train(build, toy(0.5), recipe, seed)[0]) for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_the_global_generator_is_neither_read_nor_moved():
    recipe = dataclasses.replace(FAST, epochs=2)
    found = []
    for state in (5, 6):
        torch.manual_seed(state)
        before = torch.random.get_rng_state()
        found.append(weights(train(linear, toy(0.5), recipe, seed=1)[0]))
        assert torch.equal(torch.random.get_rng_state(), before)
    assert found[0] == found[1]


def test_the_validation_split_selects_but_does_not_train():
    data, recipe = toy(0.3), dataclasses.replace(FAST, epochs=1)
    other = dataclasses.replace(data, validation=toy(0.3, seed=9).validation)
    assert weights(train(linear, data, recipe, 1)[0]) == weights(train(linear, other, recipe, 1)[0])


def test_the_record_as_json():
    _, record = train(linear, toy(6.0), dataclasses.replace(FAST, epochs=1), seed=1)
    found = record.as_json()
    assert set(found) == {"epochs", "kept_epoch", "ended", "train", "validation"}
    assert found["validation"] == {"loss": record.validation.loss, "accuracy": record.validation.accuracy}
    assert found["epochs"] == found["kept_epoch"] == 1


class Returns(nn.Module):
    """A model whose output is a function of its true logits."""

    def __init__(self, change):
        super().__init__()
        self.inner, self.change = nn.Sequential(nn.Flatten(), nn.Linear(6, 2)), change

    def forward(self, inputs):
        return self.change(self.inner(inputs))


@pytest.mark.parametrize(
    ("change", "loss"),
    [
        (lambda logits: logits * math.nan, "nan"),
        (lambda logits: logits + torch.tensor([0.0, -math.inf]), "inf"),
    ],
)
def test_a_loss_that_is_no_number(change, loss):
    with pytest.raises(NonFiniteError, match=f"^the training loss became {loss} in epoch 1; lower the learning rate$"):
        train(lambda: Returns(change), toy(6.0), FAST, seed=1)


@pytest.mark.parametrize(
    ("change", "returned"),
    [
        (lambda logits: logits[:, :1], r"a tensor \(10, 1\)"),
        (lambda logits: logits[:, 0], r"a tensor \(10,\)"),
        (lambda logits: logits.T, r"a tensor \(2, 10\)"),
        (lambda logits: logits[:, None], r"a tensor \(10, 1, 2\)"),
        (lambda logits: torch.cat([logits, logits], dim=1), r"a tensor \(10, 4\)"),
        (lambda logits: (logits, logits), "a tuple"),
        (lambda logits: None, "a NoneType"),
    ],
)
def test_an_output_that_is_not_logits(change, returned):
    expected = rf"^Returns returned {returned} for 10 samples of 2 classes, expected \(10, 2\); return logits"
    with pytest.raises(ShapeError, match=expected):
        train(lambda: Returns(change), toy(6.0), FAST, seed=1)


@settings(max_examples=40)
@given(*(st.tuples(st.floats(0, 9), st.sampled_from([0.0, 0.5, 1.0])) for _ in range(2)))
def test_better_is_more_accurate_then_lower_in_loss(one, other):
    better = one[1] > other[1] or (one[1] == other[1] and one[0] < other[0])
    assert Standing(*one).better_than(Standing(*other)) == better


def test_standing_by_hand():
    # logits (0, ln 3): probabilities 1/4 and 3/4; labels 0, 1, 1: losses ln 4, ln 4/3, ln 4/3; two of three right
    model = nn.Flatten()
    inputs = torch.tensor([[[0.0, math.log(3)]]] * 3)
    found = standing(model, inputs, torch.tensor([0, 1, 1]))
    assert found.loss == pytest.approx((math.log(4) + 2 * math.log(4 / 3)) / 3)
    assert found.accuracy == pytest.approx(2 / 3)


@pytest.mark.parametrize("samples", [1, EVALUATION_BATCH, EVALUATION_BATCH + 1, 2 * EVALUATION_BATCH + 3])
def test_predict_in_bounded_parts_without_gradients(samples):
    sizes = []

    def record(logits):
        sizes.append(len(logits))
        return logits

    model = Returns(record).train()
    inputs = torch.randn(samples, 3, 2, generator=torch.Generator().manual_seed(1))
    found = predict(model, inputs)
    assert not model.training
    assert not found.requires_grad
    assert sum(sizes) == samples
    assert max(sizes) <= EVALUATION_BATCH
    torch.testing.assert_close(found, model.inner(inputs).detach())


def test_as_tensors_keeps_values_and_types():
    split = toy(1.0).train
    inputs, labels = as_tensors(split, "cpu")
    assert (inputs.dtype, labels.dtype) == (torch.float32, torch.int64)
    np.testing.assert_array_equal(inputs.numpy(), split.inputs)
    np.testing.assert_array_equal(labels.numpy(), split.labels)
