"""Entries of third parties that misbehave: their cells fail with the reason, the others finish."""

from pathlib import Path

import pytest
from plugin_runs import place, row, tiny_run

pytestmark = pytest.mark.usefixtures("undrawn")

TASKS = """
import dataclasses
import numpy as np
from saltbench import Split, TaskData, TaskSpec

def split(how):
    inputs = np.zeros((20, 10, 12), np.float32)
    labels = np.arange(20) %% 2
    truth = np.ones((20, 10, 12), np.float32)
    match how:
        case "truth":
            truth = truth[:, :, :3]
        case "labels":
            labels = labels + 1
        case "negative":
            labels = -labels
        case "nan":
            inputs[3, 4, 5] = np.nan
        case "float64":
            inputs = inputs.astype(float)
        case "list":
            inputs = inputs.tolist()
        case "integers":
            labels = labels.astype(np.int32)
        case "range":
            truth = truth * 2
        case "empty":
            inputs, labels, truth = inputs[:0], labels[:0], truth[:0]
        case "length":
            inputs, truth = inputs[:, :5], truth[:, :5]
    return Split(inputs, labels, truth)

def misbehave(seed, *, how):
    if how == "dictionary":
        return {"train": None}
    return TaskData(split("sound"), split("sound"), split(how), classes=2)

for number, how in enumerate(%s):
    globals()[f"task_{number}"] = TaskSpec(
        name=how, version=1, description="d", reference="r", factory=misbehave, parameters={"how": how},
    )
"""
TASK_REASONS = {
    "truth": "inputs (20, 10, 12) and truth (20, 10, 3)",
    "labels": "task 'labels' must have labels of 0 … 1 for its 2 classes, got 1 … 2 in test",
    "negative": "must have labels of 0 … 1 for its 2 classes, got -1 … 0 in test",
    "nan": "a split's inputs must be finite, got NaN or infinity",
    "float64": "a split's inputs must be an array of float32, got float64; convert it",
    "list": "a split's inputs must be an array of float32, got list; convert it",
    "integers": "a split's labels must be an array of int64, got int32; convert it",
    "range": "a split's truth must lie in [0, 1]",
    "empty": "got (10, 12) in train and 0 of (10, 12) in test",
    "length": "got (10, 12) in train and 20 of (5, 12) in test",
    "dictionary": "task 'dictionary' must return TaskData, got dict",
}


def test_a_task_fails_with_its_reason(tmp_path: Path) -> None:
    result = tiny_run(tmp_path, TASKS % list(TASK_REASONS), tasks=[*TASK_REASONS, "box/latter"])
    for task, reason in TASK_REASONS.items():
        for architecture, method in (("lstm", "saliency"), ("", "oracle")):
            found = row(result, method, architecture, task)
            assert found.status == "failed"
            assert reason in found.reason
            assert "\n" not in found.reason
    assert (result.table[result.table.task == "box/latter"].status == "ok").all()


ARCHITECTURES = """
import torch
from saltbench import ArchitectureSpec

class Network(torch.nn.Module):
    def __init__(self, features, classes, how):
        super().__init__()
        self.linear = torch.nn.Linear(features, classes)
        self.how = how

    def forward(self, inputs):
        logits = self.linear(inputs)
        match self.how:
            case "steps":
                return logits
            case "tuple":
                return logits.mean(dim=1), logits
            case "nan":
                return logits.mean(dim=1) * torch.nan
            case "nan-later":
                return logits.mean(dim=1) * (1 if self.training else torch.nan)
            case "raise":
                raise KeyError("absent")
            case "mixes":
                return (logits - logits.mean(dim=0)).mean(dim=1)
            case "draws":
                return torch.nn.functional.dropout(logits).mean(dim=1)
            case "keeps":
                self.kept = getattr(self, "kept", 0) + logits.detach().mean(dim=(0, 1))
                return logits.mean(dim=1) + self.kept
        return logits.mean(dim=1)

def misbehave(*, features, classes, how):
    match how:
        case "none":
            return None
        case "empty":
            return torch.nn.Flatten()
        case "exit":
            raise SystemExit("enough")
    return Network(features, classes, how)

for number, how in enumerate(%s):
    globals()[f"architecture_{number}"] = ArchitectureSpec(
        name=how, version=1, description="d", reference="r", factory=misbehave, parameters={"how": how},
    )
"""
ARCHITECTURE_REASONS = {
    "steps": "Network returned a tensor (50, 10, 2) for 50 samples of 2 classes, expected (50, 2); return logits",
    "tuple": "Network returned a tuple for 50 samples of 2 classes, expected (50, 2)",
    "nan": "the training loss became nan in epoch 1",
    "nan-later": "the validation loss became nan in epoch 1",
    "raise": f"KeyError: 'absent' {place(ARCHITECTURES, 'raise KeyError')}",
    "mixes": "must answer each sample by itself, got other outputs for a sample in another batch",
    "draws": "it draws random numbers from PyTorch's generator on cpu in evaluation mode",
    "keeps": "it keeps `kept` from call to call; reset it in forward",
    "none": "architecture 'none' must return a torch.nn.Module, got NoneType",
    "empty": "architecture 'empty' must have parameters to train, got none that requires a gradient",
    "exit": f"SystemExit: enough {place(ARCHITECTURES, 'raise SystemExit')}",
}


def test_an_architecture_fails_with_its_reason(tmp_path: Path) -> None:
    architectures = [*ARCHITECTURE_REASONS, "lstm"]
    result = tiny_run(tmp_path, ARCHITECTURES % list(ARCHITECTURE_REASONS), architectures=architectures)
    for architecture, reason in ARCHITECTURE_REASONS.items():
        found = row(result, "saliency", architecture)
        assert found.status == "failed"
        assert reason in found.reason
    assert (result.table[result.table.architecture.isin(["lstm", ""])].status == "ok").all()


METRIC = """
import numpy as np
from saltbench import MetricSpec

def chance(truth):
    return {chance}

def misbehave(maps):
    return {scores}

METRIC = MetricSpec(
    name="mine", version=1, description="d", reference="r", factory=misbehave, chance=chance,
    higher_is_better=True, low=0.0, high=1.0,
)
"""
SOUND = "np.ones(len(truth))"


@pytest.mark.parametrize(
    ("scores", "chance", "reason"),
    [
        ("0.5", SOUND, "metric 'mine' must return 6 numbers, one a sample, got float"),
        ("np.float64(0.5)", SOUND, "metric 'mine' must return 6 numbers, one a sample, got float64"),
        ("np.ones(5)", SOUND, "metric 'mine' must return 6 numbers, one a sample, got shape (5,)"),
        ("np.ones((6, 1))", SOUND, "got shape (6, 1)"),
        ("np.array(['a'] * 6)", SOUND, "metric 'mine' must return 6 numbers, one a sample, got <U1"),
        ("np.full(6, 1.5)", SOUND, "must score within its stated 0 to 1 and finite, got 1.5; correct the metric"),
        ("-maps.magnitude.max(axis=(1, 2))", SOUND, "must score within its stated 0 to 1 and finite, got -1"),
        ("np.full(6, np.inf)", SOUND, "must score within its stated 0 to 1 and finite, got inf"),
        ("1 / 0", SOUND, "ZeroDivisionError: division by zero (methods.py:9)"),
        ("maps.attributions.fill(0)", SOUND, "ValueError: assignment destination is read-only (methods.py:9)"),
        ("maps.magnitude.fill(0)", SOUND, "ValueError: assignment destination is read-only (methods.py:9)"),
        ("np.ones(6)", "0.5", "metric 'mine' must return 6 numbers, one a sample, got float"),
        ("np.ones(6)", "2 * np.ones(6)", "must score within its stated 0 to 1 and finite, got 2"),
    ],
)
def test_a_metric_fails_with_its_reason(tmp_path: Path, scores: str, chance: str, reason: str) -> None:
    plugin = METRIC.format(scores=scores, chance=chance)
    result = tiny_run(tmp_path, plugin, metrics=["euclidean", "mine"])
    assert set(result.table.status) == {"failed"}
    assert result.table.reason.str.contains(reason, regex=False).all()
    assert not list((tmp_path / "results" / "tiny").glob("models/*"))  # found before the training


def test_a_metric_may_leave_a_sample_undefined(tmp_path: Path) -> None:
    plugin = METRIC.format(scores="np.where(np.arange(6) < 2, np.nan, 0.25)", chance=SOUND)
    result = tiny_run(tmp_path, plugin, metrics=["euclidean", "mine"])
    assert set(result.table.status) == {"ok"}
    assert set(result.table.mine) == {0.25}
