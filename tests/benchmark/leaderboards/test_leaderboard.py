"""The leaderboard's numbers against slow arithmetic, its columns against the contract, its files against damage."""

import dataclasses
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.leaderboards.leaderboard import leaderboard
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.statistics.bootstrap import hierarchical_interval
from saltbench.benchmark.storage.csv_tables import to_csv
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import ParameterError, StoreError

METRICS = [load_registries().metrics.get(name) for name in ("weighted_jaccard", "euclidean", "completeness_residual")]
SAMPLES = 4


def collection(seeds: int = 3, failed: str = "") -> Collection:
    """Two methods and a reference on one task, with scores that are known numbers."""
    scores, cells, yardsticks = [], [], []
    for seed in range(seeds):
        for position, (architecture, method) in enumerate([("lstm", "good"), ("lstm", "bad"), ("", "oracle")]):
            identity = {"task": "t", "architecture": architecture, "method": method, "seed": seed}
            ok = f"{method}{seed}" != failed
            standing = {"status": "ok" if ok else "failed", "reason": "" if ok else "NaN in the map"}
            trained = {"accuracy": 0.5 + 0.1 * seed, "majority": 0.5, "tested": 100} if architecture and ok else {}
            cells.append({**identity, **standing, **trained})
            if ok:
                scores += [
                    {
                        **identity,
                        "sample": sample,
                        "weighted_jaccard": (1 + position + seed + sample) / 20,
                        "euclidean": 1.0,
                        "completeness_residual": math.nan,
                    }
                    for sample in range(SAMPLES)
                ]
        yardsticks += [
            {
                "task": "t",
                "seed": seed,
                "sample": sample,
                "weighted_jaccard_chance": 0.1,
                "weighted_jaccard_oracle": 0.9,
                "euclidean_chance": 1.2,
                "euclidean_oracle": 0.0,
            }
            for sample in range(SAMPLES)
        ]
    return Collection(pd.DataFrame(scores), pd.DataFrame(cells), pd.DataFrame(yardsticks), [])


def test_columns_are_the_contract() -> None:
    columns = list(leaderboard(collection(), METRICS).columns)
    identity = ["task", "architecture", "method", "status", "reason", "seeds", "samples", "accuracy", "at_chance"]
    identity += ["truth_sufficiency", "truth_necessity", "needs_truth"]
    metrics = [f"{m.name}{suffix}" for m in METRICS for suffix in ("", "_low", "_high")]
    assert columns == identity + metrics + ["weighted_jaccard_chance_corrected", "euclidean_chance_corrected"]


def test_numbers_against_slow_arithmetic() -> None:
    table = leaderboard(collection(), METRICS).set_index("method")
    row = table.loc["bad"]
    means = [sum((2 + seed + sample) / 20 for sample in range(4)) / 4 for seed in range(3)]
    mean = sum(means) / 3
    samples = [np.array([(2 + seed + sample) / 20 for sample in range(4)]) for seed in range(3)]
    bounds = hierarchical_interval(samples)
    assert row.weighted_jaccard == pytest.approx(mean, abs=1e-14)
    assert (row.weighted_jaccard_low, row.weighted_jaccard_high) == pytest.approx((bounds.low, bounds.high), abs=1e-14)
    assert row.weighted_jaccard_chance_corrected == pytest.approx((mean - 0.1) / 0.8)
    assert row.euclidean_chance_corrected == pytest.approx((1.0 - 1.2) / (0.0 - 1.2))
    assert (row.seeds, row.samples) == (3, 12)
    assert row.accuracy == pytest.approx(0.6)
    assert math.isnan(row.completeness_residual)


def test_reference_rows_have_no_architecture_and_no_accuracy() -> None:
    row = leaderboard(collection(), METRICS).set_index("method").loc["oracle"]
    assert row.architecture == ""
    assert row.accuracy is None or math.isnan(row.accuracy)


def test_a_missing_cell_empties_the_row_and_only_that() -> None:
    table = leaderboard(collection(failed="bad1"), METRICS).set_index("method")
    assert table.loc["bad"].status == "failed"
    assert table.loc["bad"].reason == "seed 1: NaN in the map"
    assert math.isnan(table.loc["bad"].weighted_jaccard)
    assert table.loc["good"].status == "ok"
    assert len(table) == 3


def test_at_chance_marks_but_keeps_the_model() -> None:
    one = collection(seeds=1)
    assert leaderboard(one, METRICS).set_index("method").loc["good"].at_chance == "true"
    assert leaderboard(collection(seeds=3), METRICS).set_index("method").loc["good"].at_chance == "false"


def test_bounds_of_one_seed_are_those_of_its_samples() -> None:
    row = leaderboard(collection(seeds=1), METRICS).set_index("method").loc["good"]
    bounds = hierarchical_interval([np.array([1, 2, 3, 4]) / 20])
    assert (row.weighted_jaccard_low, row.weighted_jaccard_high) == pytest.approx((bounds.low, bounds.high), abs=1e-14)


def test_bounds_stay_within_what_is_possible() -> None:
    gathered = collection()
    scores = gathered.scores.assign(weighted_jaccard=(gathered.scores.seed > 0).astype(float))
    row = leaderboard(dataclasses.replace(gathered, scores=scores), METRICS).set_index("method").loc["good"]
    assert (row.weighted_jaccard_low, row.weighted_jaccard_high) == (0, 1)


def test_bounds_of_a_crossed_suite_count_shared_samples_once() -> None:
    # repetitions 0, 1 and 2 share data: they are one seed, whose samples are means over three trainings
    crossed = {"data": 1, "training": 3, "attribution": 1}
    table = leaderboard(collection(), METRICS, crossed).set_index("method")
    bounds = hierarchical_interval([np.array([2, 3, 4, 5]) / 20])
    row = table.loc["good"]
    assert (row.weighted_jaccard_low, row.weighted_jaccard_high) == pytest.approx((bounds.low, bounds.high), abs=1e-14)
    assert row.weighted_jaccard == leaderboard(collection(), METRICS).set_index("method").loc["good"].weighted_jaccard


def test_no_bit_depends_on_the_order_of_rows_and_other_rows_change_rounding_alone() -> None:
    gathered = collection()
    first = leaderboard(gathered, METRICS).set_index(["architecture", "method"])
    shuffled = gathered.cells.sample(frac=1, random_state=1)
    again = leaderboard(dataclasses.replace(gathered, cells=shuffled), METRICS).set_index(["architecture", "method"])
    pd.testing.assert_frame_equal(first, again.loc[first.index], check_exact=True)
    alone = dataclasses.replace(
        gathered, cells=gathered.cells.query("method == 'bad'"), scores=gathered.scores.query("method == 'bad'")
    )
    row = leaderboard(alone, METRICS).set_index(["architecture", "method"])
    pd.testing.assert_frame_equal(first.loc[row.index], row, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("level", [0.895, 1.0])
def test_no_correction_where_the_oracle_is_no_better_than_chance(level: float) -> None:
    gathered = collection()
    yardsticks = gathered.yardsticks.assign(weighted_jaccard_chance=level, euclidean_chance=-level)
    table = leaderboard(dataclasses.replace(gathered, yardsticks=yardsticks), METRICS)
    assert np.isnan(table.weighted_jaccard_chance_corrected).all()
    assert np.isnan(table.euclidean_chance_corrected).all()


def test_csv_reads_back_exactly(tmp_path: Path) -> None:
    table = leaderboard(collection(failed="bad1"), METRICS)
    (tmp_path / "leaderboard.csv").write_bytes(to_csv(table))
    again = ResultsFolder(tmp_path).table
    assert to_csv(again) == to_csv(table)
    assert again.weighted_jaccard[0] == table.weighted_jaccard[0]
    assert to_csv(ResultsFolder(tmp_path / "leaderboard.csv").table) == to_csv(table)


HEADER = b"task,architecture,method,status,reason,seeds,samples,accuracy,at_chance,roc_auc\n"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read .*leaderboard.csv: No such file"),
        (b"", "is not a CSV table"),
        (b"\xff\xfe\x00", "is not a CSV table"),
        (b'a,b\n1,2,3\n"', "is not a CSV table|is not a leaderboard"),
        (b"task,architecture\n1,2\n", "lacks the columns method, status"),
        (HEADER, "has no row below its header; restore or recompute it"),
        (HEADER + b"a,,b,ok,,1,1,,,1\na,,c,ok,,1,1,,,0.3.1\n", "needs numbers in roc_auc, got '0.3.1' in row 2; "),
        (HEADER + b"a,,b,ok,,1,1,yes,,1\n", "needs numbers in accuracy, got 'yes' in row 1; restore"),
    ],
)
def test_damaged_leaderboards_are_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "leaderboard.csv").write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        ResultsFolder(tmp_path).table
    assert "\n" not in str(caught.value)


def test_a_newer_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leaderboard.csv").write_bytes(to_csv(leaderboard(collection(), METRICS)))
    (tmp_path / "provenance.json").write_text('{"format": 99}')
    with pytest.raises(StoreError, match="was written by a newer saltbench"):
        ResultsFolder(tmp_path).table


def test_a_metric_cannot_take_the_name_of_a_column() -> None:
    with pytest.raises(ParameterError, match="a metric cannot be called 'sample', a column has that name"):
        dataclasses.replace(METRICS[0], name="sample")
