"""A pooled metric from its maps to the leaderboard and all its formats, chosen in the suite or on the command line."""

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from command_line import Said, ended
from tiny_suite import SMALLER

from saltbench import Maps, evaluate
from saltbench.benchmark.execution.entry_checks import checked_pool
from saltbench.benchmark.execution.evaluator import Evaluator
from saltbench.benchmark.execution.explaining import Explained, as_array
from saltbench.benchmark.execution.stored.columns import POOLED_FILE
from saltbench.benchmark.execution.stored.parts import parts_of
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.leaderboards.leaderboard import leaderboard
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.metrics.pooling import RESAMPLES, Pool
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.statistics.pooled_bootstrap import pooled_interval
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.benchmark.testing.assertions import EvaluationResult
from saltbench.errors import ContractError, ParameterError

pytestmark = pytest.mark.usefixtures("undrawn")

REGISTRIES = load_registries()
CELLS = 2 * (2 + 7)
METRICS = 'metrics = ["roc_auc", "aup:tint", "auroc:tint", "aup:timex"]\n'
SUITE = METRICS + SMALLER.replace("seeds = 1", "seeds = 2") + '\n[parameters."aup:tint"]\nsign = "absolute"\n'


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Result:
    folder = tmp_path_factory.mktemp("pooled")
    (folder / "small.toml").write_text(SUITE)
    return run_suite(load_suite(str(folder / "small.toml"), REGISTRIES), folder / "results")


def test_the_score_is_the_mean_over_seeds_of_all_samples_together(whole: Result) -> None:
    run, metric = whole.stored, REGISTRIES.metrics.get("aup:tint")
    table = whole.table.set_index("method")
    expected: dict[str, list[float]] = {"saliency": [], "oracle": []}
    evaluator = Evaluator(REGISTRIES, Store(whole.folder))
    for repetition in run.repetitions():
        for job in (repetition.references, *repetition.trained):
            truth = as_array(Explained.of(evaluator._data(job), run.suite.samples, "cpu").truth)
            for method in job.methods:
                if method.name in expected and (made := run.map(job, method)) is not None:
                    score = metric.load()([Maps(made.attributions, truth)], sign="absolute").score
                    expected[method.name].append(score)
    for method, scores in expected.items():
        assert len(scores) == 2
        row = table.loc[method]
        assert row["aup:tint"] == pytest.approx(np.mean(scores), abs=1e-12)
        assert row["aup:tint_low"] <= row["aup:tint"] <= row["aup:tint_high"]
    assert table.loc["oracle", "aup:tint_chance_corrected"] == pytest.approx(1)
    assert table.loc["saliency", "aup:tint_low"] < table.loc["saliency", "aup:tint_high"]


def test_no_sample_has_a_score_and_every_cell_has_resamples(whole: Result) -> None:
    scores = pd.read_parquet(whole.folder / "scores.parquet")
    assert scores["aup:tint"].isna().all()
    assert scores["aup:timex"].notna().any()
    pooled = whole.collection.pooled
    assert len(pooled) == CELLS
    assert {len(values) for columns in pooled.values() for values in columns.values()} == {1 + RESAMPLES}
    assert {name for columns in pooled.values() for name in columns} == {"aup:tint", "auroc:tint"}
    saliency = [columns["aup:tint"] for cell, columns in pooled.items() if cell[2] == "saliency"]
    row = whole.table.set_index("method").loc["saliency"]
    assert (row["aup:tint_low"], row["aup:tint_high"]) == pytest.approx(
        pooled_interval(saliency).within(0, 1)[1:], abs=1e-12
    )


def test_nothing_is_computed_again_and_a_damaged_result_is(whole: Result, tmp_path: Path) -> None:
    shutil.copytree(whole.folder, tmp_path / "small")
    victim = sorted((tmp_path / "small" / "scores").glob(f"*/*/{POOLED_FILE}"))[3]
    sound, stamp = victim.read_bytes(), victim.stat().st_mtime_ns
    run_suite(whole.suite, tmp_path)
    assert victim.stat().st_mtime_ns == stamp
    victim.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    again = run_suite(whole.suite, tmp_path)
    pd.testing.assert_frame_equal(again.table, whole.table)
    assert victim.read_bytes() == sound


def test_what_is_copied_to_another_store_holds_the_pooled_scores(whole: Result, tmp_path: Path) -> None:
    other = Store(tmp_path / "other")
    for job in whole.stored.jobs():
        for part in parts_of(job, job.methods, Store(whole.folder)):
            other.put(part.kind, part.artifact)
    run = type(whole.stored)(whole.suite, other, "cpu")
    job = next(iter(run.jobs()))
    found = run.scores(job, job.methods[0])
    assert found is not None
    assert len(found.columns["aup:tint@pooled"]) == 1 + RESAMPLES


def test_methods_are_ranked_by_the_paired_bootstrap(whole: Result) -> None:
    ranks = pd.read_csv(whole.folder / "ranks.csv")
    rows = ranks[ranks.metric == "aup:tint"].set_index("method")
    table = whole.table.set_index("method")
    assert sorted(rows["rank"]) == [1, 2]
    for method in rows.index:
        assert rows.score[method] == pytest.approx(table.loc[method, "aup:tint"], abs=1e-12)
    best = rows["rank"].idxmin()
    assert rows.tied_with_best[best]
    (other,) = rows.index.drop(best)
    assert 0 < rows.p_best[other] <= 1
    assert rows.tied_with_best[other] == (rows.p_best[other] >= 0.05)
    overall = pd.read_csv(whole.folder / "overall.csv")
    assert overall[overall.metric == "aup:tint"]["mean"].notna().all()


def test_repetitions_with_the_same_data_are_averaged(whole: Result) -> None:
    metrics = [REGISTRIES.metrics.get("aup:tint")]
    crossed = leaderboard(whole.collection, metrics, {"data": 1, "training": 2, "attribution": 1})
    row = crossed.set_index("method").loc["saliency"]
    cells = [columns["aup:tint"] for cell, columns in whole.collection.pooled.items() if cell[2] == "saliency"]
    assert len(cells) == 2
    assert row["aup:tint"] == pytest.approx(np.mean([values[0] for values in cells]), abs=1e-12)
    expected = pooled_interval([np.mean(cells, axis=0)]).within(0, 1)
    assert (row["aup:tint_low"], row["aup:tint_high"]) == pytest.approx(expected[1:], abs=1e-12)


def test_the_folder_is_read_again_whole(whole: Result) -> None:
    results = ResultsFolder(whole.folder)
    assert results.without_scores == ""
    assert results.ranks is not None


FORMATS = {
    "csv": "aup:tint,aup:tint_low,aup:tint_high",
    "markdown": "aup:tint ↑",
    "latex": r"aup:tint $\uparrow$",
    "table": "aup:tint",
    "html": "aup:tint",
}


@pytest.mark.parametrize("form", FORMATS)
def test_a_name_with_a_colon_in_every_format(whole: Result, said: Said, form: str) -> None:
    chosen = ("--metrics", "aup:t*") if form != "html" else ()
    status, text = said("leaderboard", whole.folder, "--format", form, *chosen)
    assert status in (None, 0), text
    assert FORMATS[form] in text
    if form == "csv":
        assert [name for name in text.splitlines()[0].split(",") if name.startswith(("roc", "auroc"))] == []


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("aup:tin", "quick, --metrics: unknown metric 'aup:tin'; did you mean 'aup:tint'"),
        ("tag:pooledd", "quick, --metrics: unknown metric tag 'pooledd'; did you mean 'pooled'"),
    ],
)
def test_a_name_that_is_none(pattern: str, message: str) -> None:
    assert message in str(ended("run", "quick", "--metrics", pattern, "--dry-run"))


def test_metrics_are_chosen_on_the_command_line(whole: Result, tmp_path: Path, said: Said) -> None:
    shutil.copytree(whole.folder, tmp_path / "small")
    (tmp_path / "small.toml").write_text(SUITE)
    narrow = ("--metrics", "aup:dynamask-st*", "average_precision", "--seeds", 1, "--results", tmp_path)
    status, out = said("run", tmp_path / "small.toml", *narrow)
    assert status in (None, 0)
    assert "average" in out
    assert "dynamask" in out  # what is named is shown beside what is shown of every suite
    table = pd.read_csv(tmp_path / "small" / "leaderboard.csv")
    assert table["aup:dynamask-state"].notna().any()
    assert [name for name in table.columns if name.endswith("_low")] == [
        "aup:dynamask-state_low",
        "average_precision_low",
    ]


def test_evaluate_gives_pooled_scores_of_a_network_in_hand() -> None:
    import torch

    class Total(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(12, 2)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            out: torch.Tensor = self.linear(inputs.sum(dim=1))
            return out

    box = {"layouts": [[[6, 10, 2, 8]]], "time": 10, "features": 12, "train": 40, "validation": 10, "test": 20}
    table = evaluate(
        Total(), "box/latter", ["saliency"], metrics=["aup:tint", "roc_auc"], samples=8, parameters={"box/latter": box}
    )
    row = table[table.method == "oracle"].iloc[0]
    assert row["aup:tint"] == pytest.approx(0.6, abs=1e-4)
    assert table[["aup:tint_low", "aup:tint_high"]].notna().all(axis=None)


def test_a_leaderboard_without_pooled_scores_is_as_before(whole: Result) -> None:
    metrics = [REGISTRIES.metrics.get("roc_auc")]
    table = leaderboard(whole.collection, metrics, 2)
    pd.testing.assert_series_equal(table.roc_auc, whole.table.roc_auc)


@pytest.mark.parametrize("changes", [{"needs": ("map",)}, {"needs": ("map", "truth", "model")}])
def test_a_pooled_metric_sees_map_and_truth_alone(changes: dict[str, tuple[str, ...]]) -> None:
    pooled = dataclasses.replace(REGISTRIES.metrics.get("aup:tint"), chance=None)
    with pytest.raises(ParameterError, match="'aup:tint' must need map and truth alone to be pooled, got needs map"):
        dataclasses.replace(pooled, **changes)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (0.5, "pooled metric 'aup:tint' must return a Pool, got float"),
        (Pool(1.5, lambda counts: counts[:, 0]), r"must score within its stated 0 to 1 and finite, got 1\.5"),
    ],
)
def test_what_is_no_pool_is_named(returned: object, message: str) -> None:
    broken = dataclasses.replace(REGISTRIES.metrics.get("aup:tint"), factory=lambda parts: returned, parameters={})
    with pytest.raises(ContractError, match=message):
        checked_pool(broken, lambda: returned)


def test_methods_are_not_compared_in_pairs_of_samples_by_a_pooled_metric(whole: Result) -> None:
    message = "samples are compared in pairs, got aup:tint, one score of all of them; choose another metric"
    assert message in str(ended("versus", "saliency", "smoothgrad", whole.folder, "--metrics", "aup:tint"))
    metrics = [REGISTRIES.metrics.get("aup:tint")]
    result = EvaluationResult(whole.table, whole.collection.scores, metrics, "saliency")
    with pytest.raises(ParameterError, match=message):
        result.assert_better_than("smoothgrad", metric="aup:tint")


def test_two_runs_are_compared_by_the_bounds_of_pooled_scores(whole: Result, said: Said) -> None:
    status, text = said("compare", whole.folder, whole.folder, "--metrics", "aup:tint", "--format", "csv")
    assert status in (None, 0)
    assert "aup:tint" in text
