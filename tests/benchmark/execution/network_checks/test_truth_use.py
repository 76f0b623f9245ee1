"""What the accuracies without and by the truth say of networks whose rule is known."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from saltbench.benchmark.execution.network_checks.truth_use import truth_use
from saltbench.benchmark.execution.stored.truth_use import DRAWS, TruthUse
from saltbench.benchmark.leaderboards.truth_use import truth_use_of
from saltbench.datasets.spec import Split, TaskData

TRUTH, OUTSIDE = (1, 0), (3, 1)  # a step and a feature


class Looks(nn.Module):
    """Answers by the sign of one entry."""

    def __init__(self, step: int, feature: int) -> None:
        super().__init__()
        self.place = step, feature

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, 2)."""
        seen = inputs[:, self.place[0], self.place[1]]
        return torch.stack([-seen, seen], dim=1)


class Guesses(nn.Module):
    """Answers the first class."""

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits (batch, 2)."""
        return torch.tensor([1.0, 0.0]).expand(len(inputs), 2)


def split(seed: int, samples: int = 60, lengths: np.ndarray | None = None) -> Split:
    """Return samples whose class stands at both entries, of which one is the truth."""
    generator = np.random.default_rng(seed)
    labels = np.arange(samples) % 2
    inputs = generator.standard_normal((samples, 5, 2)).astype(np.float32)
    truth = np.zeros_like(inputs)
    for step, feature in (TRUTH, OUTSIDE):
        inputs[:, step, feature] = 2.0 * labels - 1
    truth[:, TRUTH[0], TRUTH[1]] = 0.5  # a graded truth is one
    return Split(inputs, labels.astype(np.int64), truth, lengths)


def task(**changes: Split) -> TaskData:
    """Return splits of the samples, some of them others."""
    return TaskData(**{"train": split(1), "validation": split(2), "test": split(3), **changes}, classes=2)


def row(use: TruthUse) -> str:
    """Return what a leaderboard says of networks that use it so."""
    return str(truth_use_of([use.as_facts()])["needs_truth"])


def test_a_network_that_looks_only_at_the_truth_needs_it() -> None:
    use = truth_use(Looks(*TRUTH), task(), 7, "cpu")
    assert use.sufficiency == 1.0
    assert use.necessity == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(60 * DRAWS))  # half of the donors are of its class
    assert (use.counted, use.counted_accuracy, use.counted_majority) == (60, 1.0, 0.5)
    assert row(use) == "true"


def test_a_network_that_looks_outside_needs_it_not() -> None:
    use = truth_use(Looks(*OUTSIDE), task(), 7, "cpu")
    assert use.necessity == 1.0
    assert use.sufficiency == pytest.approx(0.5, abs=4 * 0.5 / np.sqrt(60 * DRAWS))
    assert row(use) == "false"


def test_a_network_that_guesses_needs_it_not() -> None:
    use = truth_use(Guesses(), task(), 7, "cpu")
    assert (use.sufficiency, use.necessity, row(use)) == (0.5, 0.5, "false")


def test_the_accuracies_are_those_of_the_donors_one_by_one() -> None:
    """Each draw replaces by one training sample as a whole."""
    data, model = task(), Looks(*TRUTH)
    donors = np.random.default_rng([7, 6]).integers(0, 60, size=(DRAWS, 60))
    right = [
        data.train.labels[donors[draw, sample]] == data.test.labels[sample]
        for draw in range(DRAWS)
        for sample in range(60)
    ]
    assert truth_use(model, data, 7, "cpu").necessity == pytest.approx(np.mean(right), abs=1e-12)
    assert truth_use(model, data, 7, "cpu") == truth_use(model, data, 7, "cpu")
    assert truth_use(model, data, 8, "cpu").necessity != truth_use(model, data, 7, "cpu").necessity


def test_samples_without_a_truth_are_left_out() -> None:
    test = split(3)
    test.truth[:20] = 0
    use = truth_use(Looks(*TRUTH), task(test=test), 7, "cpu")
    assert (use.counted, use.sufficiency) == (40, 1.0)
    test.truth[test.labels == 0] = 0  # one class alone has a truth: nothing can be told
    assert truth_use(Looks(*TRUTH), task(test=test), 7, "cpu") == TruthUse()
    assert row(TruthUse()) == ""


def test_padding_is_neither_replaced_nor_drawn() -> None:
    """The network reads the third step, padding in the short samples, whose value there tells the class."""
    lengths = np.where(np.arange(60) % 4 < 2, 2, 4).astype(np.int64)
    test = split(3, lengths=lengths)
    train = split(1, lengths=np.r_[[4] * 10, [1] * 50].astype(np.int64))
    use = truth_use(Looks(*OUTSIDE), task(test=test, train=train), 7, "cpu")
    assert use.counted == 60
    assert 0.5 < (use.sufficiency or 0) < 0.9  # right about the short ones, and about half of the others
    donors = np.random.default_rng([7, 6]).integers(0, 10, size=(DRAWS, 60))  # all ten are as long, no other is
    of_class = train.labels[donors] == test.labels
    assert use.sufficiency == pytest.approx(np.where(lengths == 2, 1, of_class.mean(axis=0)).mean(), abs=1e-12)
    too_long = task(test=split(3, lengths=np.full(60, 5)), train=train)
    assert truth_use(Looks(*OUTSIDE), too_long, 7, "cpu") == TruthUse()


@pytest.mark.parametrize(("necessity", "needs"), [(0.5, "true"), (0.7, "true"), (0.71, "false"), (0.9, "false")])
def test_half_of_the_accuracy_above_chance_may_be_kept_without_the_truth(necessity: float, needs: str) -> None:
    facts = TruthUse(0.9, necessity, 20, 0.9, 0.5).as_facts()
    assert truth_use_of([facts]) == {"truth_sufficiency": 0.9, "truth_necessity": necessity, "needs_truth": needs}


def test_answers_of_all_seeds_count_together() -> None:
    facts = TruthUse(0.6, 0.5, 20, 0.9, 0.5).as_facts()  # 12 of 20 are no more than chance, 120 of 200 are
    assert truth_use_of([facts])["needs_truth"] == "false"
    assert truth_use_of([facts] * 10)["needs_truth"] == "true"
