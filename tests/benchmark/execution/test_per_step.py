"""Tasks with a label at every step: what fits them, how networks are trained on them, and what their maps explain."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from command_line import Said
from torch import Tensor, nn

import saltbench
from saltbench.benchmark.execution.entry_checks import check_task
from saltbench.benchmark.execution.explaining import Explained, Question, explain_samples
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.training import is_right, standing, train
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.benchmark.suites.training_recipe import Recipe
from saltbench.datasets.spec import Split, TaskData
from saltbench.errors import ContractError, ParameterError, ShapeError
from saltbench.methods.architectures.gru_per_step import gru_per_step
from saltbench.methods.architectures.recurrent import lstm
from saltbench.methods.attributions.checks.completeness import TOLERANCE

REGISTRIES = load_registries()
SIZES = "time = 12\ntrain = 20\nvalidation = 10\ntest = 10\n"
SUITE = f"""
tasks = ["state"]
architectures = ["lstm", "gru-per-step"]
methods = ["saliency", "integrated-gradients", "deeplift"]
metrics = ["aup:tint", "average_precision", "completeness_residual", "comprehensiveness"]
seeds = 1
samples = 4

[training]
epochs = 2

[parameters.state]
{SIZES}
"""


class Echo(nn.Module):
    """z_(t, 1) = x_(t, 0) + 2 x_(t−1, 0) − x_(t, 1)², and z_(t, 0) = 3 x_(t, 1)."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = nn.Parameter(torch.ones(()))

    def forward(self, inputs: Tensor) -> Tensor:
        first, second = inputs.unbind(2)
        before = nn.functional.pad(first, (1, 0))[:, :-1]
        return self.unit * torch.stack((3 * second, first + 2 * before - second**2), dim=2)


def data(samples: int = 5, steps: int = 6) -> TaskData:
    rng = np.random.default_rng(1)
    shape = (samples, steps, 2)
    split = Split(
        rng.standard_normal(shape).astype(np.float32),
        rng.integers(0, 2, shape[:2]),
        rng.integers(0, 2, shape).astype(np.float32),
    )
    return TaskData(split, split, split, classes=2)


def maps_of(network: nn.Module, target: str, output: str = "logit", method: str = "saliency") -> Tensor:
    explained = Explained.of(data(), 5, "cpu")
    question = Question.about(network, explained, target, output)
    assert question.target.tolist() == [0] * 5
    spec = REGISTRIES.methods.get(method)
    return explain_samples(spec, spec.parameters, question, explained, 0)


@pytest.mark.parametrize("target", ["true", "predicted"])
def test_a_map_explains_the_sum_over_steps_of_each_ones_class(target: str) -> None:
    given = data().test
    inputs = given.inputs
    classes = given.labels if target == "true" else Echo()(torch.from_numpy(inputs)).argmax(2).numpy()
    ones = (classes == 1).astype(np.float32)
    later = np.pad(ones[:, 1:], ((0, 0), (0, 1)))
    expected = np.stack((ones + 2 * later, 3 * (1 - ones) - 2 * inputs[:, :, 1] * ones), axis=2)
    np.testing.assert_allclose(maps_of(Echo(), target), np.abs(expected), atol=1e-6)


def test_the_gradient_of_the_sum_is_the_sum_of_the_gradients_of_the_steps() -> None:
    torch.manual_seed(0)
    network = gru_per_step(features=2, classes=2, hidden=4).eval()
    given = data().test
    inputs = torch.from_numpy(given.inputs).requires_grad_()
    probabilities = network(inputs).softmax(2)
    total = torch.zeros_like(inputs)
    for step in range(6):
        chosen = probabilities[range(5), step, given.labels[:, step]]
        total += torch.autograd.grad(chosen.sum(), inputs, retain_graph=True)[0]
    found = maps_of(network, "true", "probability")
    torch.testing.assert_close(found, total.abs(), rtol=1e-4, atol=1e-7)


def test_loss_and_accuracy_are_means_over_all_steps() -> None:
    given = data().test
    inputs, labels = torch.from_numpy(given.inputs), torch.from_numpy(given.labels)
    logits = Echo()(inputs).detach().numpy().astype(np.float64)
    losses, right = [], []
    for sample, step in np.ndindex(5, 6):
        z, label = logits[sample, step], given.labels[sample, step]
        losses.append(np.log(np.exp(z).sum()) - z[label])
        right.append(z.argmax() == label)
    found = standing(Echo(), inputs, labels)
    assert (found.loss, found.accuracy) == pytest.approx((np.mean(losses), np.mean(right)))
    assert not is_right(Echo(), inputs, labels)
    assert is_right(Echo(), inputs, torch.from_numpy(logits.argmax(2)))


def test_a_network_of_one_answer_a_sample_is_not_trained_on_steps() -> None:
    expected = (
        r"returned a tensor \(5, 2\) for 5 samples .* expected \(5, 6, 2\); return logits \(batch, time, classes\)"
    )
    with pytest.raises(ShapeError, match=expected):
        train(lambda: lstm(features=2, classes=2), data(), Recipe(epochs=1), 0)


def test_tasks_go_to_the_architectures_that_fit() -> None:
    chosen = {
        "tasks": ["state", "digits/rows", "arma/rare-time"],
        "architectures": ["lstm", "gru-per-step"],
        "seeds": 1,
    }
    suite = load_suite("quick", REGISTRIES, chosen)
    found = [(job.task.name, job.architecture.name) for job in jobs(suite, "cpu") if job.architecture]
    assert found == [("state", "gru-per-step"), ("digits/rows", "lstm"), ("arma/rare-time", "white-box")]
    assert "per_step" not in suite.architectures[0].as_json()


@pytest.mark.parametrize(
    ("task", "architecture", "told"),
    [
        (
            "switch",
            "lstm",
            "task switch has its label at every step, where none of .* answers, got lstm; add gru-per-step",
        ),
        (
            "box/middle",
            "gru-per-step",
            "task box/middle has its label for the whole of a sample, .* got gru-per-step; add one",
        ),
    ],
)
def test_a_task_that_no_architecture_fits_is_refused(task: str, architecture: str, told: str) -> None:
    with pytest.raises(ParameterError, match=told):
        load_suite("quick", REGISTRIES, {"tasks": [task], "architectures": [architecture]})


def test_labels_must_be_what_the_entry_says() -> None:
    with pytest.raises(ContractError, match=r"task 'steps' must have labels \(batch,\), got \(5, 6\) in train"):
        check_task("steps", data())
    assert check_task("steps", data(), per_step=True).classes == 2


def test_a_network_of_ones_own_is_not_evaluated_on_steps() -> None:
    with pytest.raises(
        ParameterError, match="evaluate needs a task with one label a sample, got state, which has one at"
    ):
        saltbench.evaluate(lambda _features, _classes: Echo(), "state")


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "steps.toml"
    path.write_text(SUITE)
    return path


def test_a_run_scores_maps_of_the_sum(suite_file: Path, tmp_path: Path, said: Said) -> None:
    assert said("run", suite_file, "--workers", 1, "--results", tmp_path)[0] is None
    table = pd.read_csv(tmp_path / "steps" / "leaderboard.csv", keep_default_na=False)
    assert set(table.status) == {"ok"}
    asked = table[table.architecture != ""].set_index("method")
    assert set(asked.architecture) == {"gru-per-step"}
    assert set(asked.comprehensiveness) | set(asked.needs_truth) == {""}
    residuals = asked.completeness_residual[["deeplift", "integrated-gradients"]].astype(float)
    assert residuals.deeplift < 1e-4  # exact but for rounding
    assert residuals["integrated-gradients"] < TOLERANCE
    oracle = table[table.method == "oracle"]["aup:tint"].astype(float)
    assert oracle.tolist() == pytest.approx([2 / 3], abs=1e-4)  # (1 + π) / 2, a third being salient


@pytest.mark.slow  # starts processes
def test_two_workers_give_the_same_scores(suite_file: Path, tmp_path: Path, said: Said) -> None:
    scores = []
    for workers in (1, 2):
        results = tmp_path / str(workers)
        assert said("run", suite_file, "--workers", workers, "--results", results)[0] is None
        scores.append((results / "steps" / "scores.parquet").read_bytes())
    assert scores[0] == scores[1]
