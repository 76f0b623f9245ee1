"""Tasks that bring their own function are explained by it, whatever architectures the suite has."""

import json
from pathlib import Path

import pandas as pd
import pytest
from command_line import Said

import saltbench
from saltbench.benchmark.execution.explaining import Explained, Question
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.datasets.arma.functions import sum_of_squares
from saltbench.errors import ParameterError, UnsupportedOperationError
from saltbench.methods.architectures.white_box import WhiteBox

SUITE = """
tasks = ["arma/rare-time", "arma/rare-feature-groups"]
architectures = ["lstm"]
methods = ["saliency", "input-x-gradient", "integrated-gradients", "deeplift"]
metrics = ["average_precision", "completeness_residual", "comprehensiveness"]
seeds = 1
samples = 6

[parameters."arma/rare-time"]
time = 12
features = 9

[parameters."arma/rare-feature-groups"]
time = 12
features = 9
salient = 3
"""


@pytest.fixture
def suite_file(tmp_path: Path) -> Path:
    path = tmp_path / "rare.toml"
    path.write_text(SUITE)
    return path


def test_a_run_gives_a_leaderboard_without_training(suite_file: Path, tmp_path: Path, said: Said) -> None:
    assert said("run", suite_file, "--workers", 1, "--results", tmp_path)[0] is None
    table = pd.read_csv(tmp_path / "rare" / "leaderboard.csv", keep_default_na=False)
    assert set(table.status) == {"ok"}
    asked = table[table.architecture != ""].set_index(["task", "method"])
    assert set(asked.architecture) == {"white-box"}
    assert set(asked.accuracy) | set(asked.at_chance) | set(asked.comprehensiveness) == {""}
    # the function looks at the salient entries alone: whatever a map made of its gradient finds there is right
    assert set(asked.average_precision.astype(float)) == {1.0}
    complete = asked.loc[(slice(None), ["integrated-gradients", "deeplift"]), "completeness_residual"]
    assert complete.astype(float).max() < 1e-4
    record = json.loads((tmp_path / "rare" / "provenance.json").read_text())
    assert [task["brings"] for task in record["suite"]["tasks"]] == ["white-box", "white-box"]
    assert "brings" not in record["suite"]["metrics"][0]


def test_only_tasks_with_a_function_bring_it(suite_file: Path) -> None:
    suite = load_suite(str(suite_file), load_registries(), {"tasks": ["arma/rare-time", "digits/rows"]})
    found = [(job.task.name, job.architecture.name) for job in jobs(suite, "cpu") if job.architecture]
    assert found == [("arma/rare-time", "white-box"), ("digits/rows", "lstm")]


@pytest.mark.parametrize(("target", "output"), [("predicted", "logit"), ("true", "probability")])
def test_a_white_box_has_no_other_output(target: str, output: str) -> None:
    data = load_registries().tasks.get("arma/rare-time")
    explained = Explained.of(data.load()(1, **data.parameters), 2, "cpu")
    expected = f"has neither classes nor probabilities, got target {target} and output {output}; explain its output"
    with pytest.raises(UnsupportedOperationError, match=expected):  # a cell is skipped for it
        Question.about(WhiteBox(sum_of_squares), explained, target, output)


def test_a_network_is_not_evaluated_on_a_white_box() -> None:
    expected = r"evaluate needs a task with classes for the network to tell apart, got arma/rare-time, which is a func"
    with pytest.raises(ParameterError, match=expected):
        saltbench.evaluate(lambda _features, _classes: None, "arma/rare-time")  # type: ignore[arg-type,return-value]
