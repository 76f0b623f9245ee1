"""Entries of third parties that misbehave: their cells fail with the reason, the others finish."""

from pathlib import Path

import pandas as pd
import pytest
from tiny_suite import TINY

from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

METHODS = """
import random
import numpy as np
import torch
from saltbench import MethodSpec

def misbehave(model, inputs, target, baseline, background, *, how):
    gradient = torch.ones_like(inputs)
    match how:
        case "tuple":
            return gradient, gradient
        case "none":
            return None
        case "integers":
            return gradient.long()
        case "complex":
            return gradient * 1j
        case "meta":
            return gradient.to("meta")
        case "infinite":
            return gradient / 0
        case "too-large":
            return gradient.double() * 1e300
        case "inputs":
            inputs.mul_(0)
        case "inputs-in-numpy":
            inputs.numpy()[:, 0] = 0
        case "target":
            target.zero_()
        case "baseline":
            baseline.add_(1)
        case "background":
            background.add_(1)
        case "weights":
            with torch.no_grad():
                next(model.parameters()).zero_()
        case "layer":
            model.classifier = torch.nn.Identity()
        case "raise-and-damage":
            inputs.mul_(0)
            with torch.no_grad():
                next(model.parameters()).zero_()
            model.forward = None
            raise RuntimeError
        case "mode":
            model.train()
        case "hook":
            model.register_forward_hook(lambda *_: None)
        case "requires-grad":
            next(model.parameters()).requires_grad_(True)
        case "random":
            return torch.rand_like(inputs)
        case "random-numpy":
            return gradient * np.random.normal()
        case "random-python":
            return gradient * random.random()
        case "random-unseeded":
            return gradient * float(np.random.default_rng().random())
        case "settings":
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float64)
            torch.set_num_threads(3)
        case "deep":
            torch.zeros(2).reshape(3)
        case "interrupt":
            class Stop(BaseException):
                pass
            raise Stop("at\\nonce")
        case "no-text":
            class Mute(Exception):
                def __str__(self):
                    raise KeyError(self)
            raise Mute
    return gradient

WRONG = {wrong}
for number, how in enumerate(WRONG):
    globals()[f"method_{{number}}"] = MethodSpec(
        name=how, version=1, description="d", reference="r", factory=misbehave, parameters={{"how": how}},
    )
"""


def place(plugin: str, code: str) -> str:
    """The file and line of some code, as reasons write them."""
    (number,) = [number for number, line in enumerate(plugin.splitlines(), start=1) if code in line]
    return f"(methods.py:{number})"


CHANGED = "in place; let it work on a copy"
RANDOM = (
    "the method gave two maps of the same samples under other global random numbers; let it take the argument seeds,"
)
REASONS = {
    "tuple": "the method must return attributions of the inputs' shape (2, 10, 12), got tuple",
    "none": "got NoneType",
    "integers": "must return floating-point attributions on cpu, got torch.int64 on cpu; convert them with .to(inputs)",
    "complex": "must return floating-point attributions on cpu, got torch.complex64 on cpu",
    "meta": "must return floating-point attributions on cpu, got torch.float32 on meta",
    "infinite": "attributions must be finite, got NaN or infinity",
    "too-large": "attributions must be finite, got NaN or infinity",
    "inputs": f"the method changed its inputs {CHANGED}, inputs.clone()",
    "inputs-in-numpy": f"the method changed its inputs {CHANGED}, inputs.clone()",
    "target": f"the method changed its target {CHANGED}, target.clone()",
    "baseline": f"the method changed its baseline {CHANGED}, baseline.clone()",
    "background": f"the method changed its background {CHANGED}, background.clone()",
    "weights": f"the method changed recurrent.weight_ih_l0 of the model {CHANGED}, copy.deepcopy(model)",
    "layer": "the method changed the layer 'classifier' of the model; let it undo what it does to the model",
    "raise-and-damage": f"RuntimeError {place(METHODS, 'raise RuntimeError')}",
    "mode": "the method changed the mode (train or eval) of the model; let it undo what it does to the model",
    "hook": "the method changed the hooks of the model; let it undo what it does to the model",
    "requires-grad": "the method changed requires_grad of ",
    **dict.fromkeys(("random", "random-numpy", "random-python", "random-unseeded"), RANDOM),
    "deep": f"RuntimeError: shape '[3]' is invalid for input of size 2 {place(METHODS, 'reshape(3)')}",
    "interrupt": f"Stop: at once {place(METHODS, 'raise Stop')}",
    "no-text": f"Mute: its text cannot be read, that raises KeyError {place(METHODS, 'raise Mute')}",
}


SOUND_METHODS = ("saliency", "smoothgrad", "integrated-gradients", "tsr-saliency")  # the last wraps another method


def tiny_run(folder: Path, plugin: str, **overrides: object) -> Result:
    (folder / "tiny.toml").write_text(TINY)
    path = folder / "methods.py"
    path.write_text(plugin)
    given = {"tasks": ["box/latter"], "architectures": ["lstm"], "methods": ["saliency"], "seeds": 1, **overrides}
    registries = load_registries([path])
    return run_suite(load_suite(str(folder / "tiny.toml"), registries, given), folder / "results", plugins=[path])


def row(result: Result, method: str, architecture: str = "lstm", task: str = "box/latter") -> "pd.Series[object]":
    return result.table.set_index(["task", "architecture", "method"]).loc[(task, architecture, method)]


@pytest.fixture(scope="module")
def misbehaved(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("methods")
    wrong = [*REASONS, "settings"]
    # each is followed by a sound method's cells, which must not notice
    methods = [SOUND_METHODS[0], *wrong, *SOUND_METHODS[1:]]
    return tiny_run(folder, METHODS.format(wrong=wrong), methods=methods)


@pytest.mark.parametrize("how", REASONS)
def test_a_method_fails_with_its_reason(misbehaved: Result, how: str) -> None:
    found = row(misbehaved, how)
    assert found.status == "failed"
    assert found.reason.startswith("seed 0: ")
    assert REASONS[how] in found.reason
    assert "\n" not in found.reason
    assert pd.isna(found.weighted_jaccard)


def test_others_do_not_notice(misbehaved: Result, tmp_path: Path) -> None:
    alone = tiny_run(tmp_path, METHODS.format(wrong=["settings"]), methods=list(SOUND_METHODS))
    for method in SOUND_METHODS:
        pd.testing.assert_series_equal(row(misbehaved, method), row(alone, method))
    references = misbehaved.table[misbehaved.table.architecture == ""]
    pd.testing.assert_frame_equal(references, alone.table[alone.table.architecture == ""])
    assert row(misbehaved, "settings").status == "ok"
    assert len(misbehaved.failures) == len(REASONS)


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
