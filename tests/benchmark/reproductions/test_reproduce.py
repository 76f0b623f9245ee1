"""The published Table 1 as it stands in the package, and the verdicts on it."""

import dataclasses
import math
import tomllib
from pathlib import Path

import pandas as pd
import pytest

from saltbench.benchmark.commands.reproduce import REPRODUCTIONS
from saltbench.benchmark.comparisons.published import compare, report
from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.reproductions.table1 import PUBLISHED_TABLE1, compare_table1
from saltbench.benchmark.statistics.intervals import mean_interval, prediction_interval
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

SUITE = load_suite("table1", load_registries())


def collection(seeds: int, **overrides: float) -> Collection:
    """Scores equal to one number a seed in every cell of the suite."""
    scores, cells = [], []
    for task in SUITE.tasks:
        for architecture in SUITE.architectures:
            for seed in range(seeds):
                identity = {"task": task.name, "architecture": architecture.name, "method": "saliency", "seed": seed}
                values = {"weighted_jaccard": 0.1, "euclidean": 0.9, "accuracy": 0.5} | overrides
                jitter = 0.001 * seed
                cells.append({**identity, "status": "ok", "accuracy": values["accuracy"] + jitter})
                scores += [
                    {
                        **identity,
                        "weighted_jaccard": values["weighted_jaccard"] + jitter,
                        "euclidean": values["euclidean"],
                    }
                ] * 3
    return Collection(pd.DataFrame(scores), pd.DataFrame(cells), pd.DataFrame(), [])


def test_the_suite_is_the_table() -> None:
    published = pd.read_csv(Path(__file__).parents[3] / "benchmark" / "comparisons" / "published" / "table1.csv")
    assert len(published) == 24
    assert set(published.task) == {task.name for task in SUITE.tasks}
    assert set(published.architecture) == {architecture.name for architecture in SUITE.architectures}
    assert SUITE.seeds == 5
    assert SUITE.output == "probability"
    # three sums over the table as printed in the paper, added up by hand
    assert published.weighted_jaccard.sum() == pytest.approx(0.019 + 0.013 + 0.301 + 0.655)
    assert published.accuracy.sum() == pytest.approx(405.1 + 358.0 + 599.9 + 577.6)
    assert published.euclidean.sum() == pytest.approx(6.004 + 6.006 - 0.001 + 5.786 + 5.428, abs=0.0011)


def test_every_number_gets_a_verdict_and_every_no_a_reason() -> None:
    table = compare(collection(5), PUBLISHED_TABLE1)
    assert len(table) == 72
    assert set(table.agrees) <= {"yes", "no"}
    assert (table[table.agrees == "no"].reason != "").all()
    assert (table[table.agrees == "yes"].reason == "").all()
    row = table[(table.task == "box/latter") & (table.architecture == "lstm") & (table.quantity == "accuracy")].iloc[0]
    per_seed = [0.5, 0.501, 0.502, 0.503, 0.504]
    assert (row.measured, row.low, row.high) == pytest.approx(mean_interval(per_seed))
    assert (row.run_low, row.run_high) == pytest.approx(prediction_interval(per_seed)[1:])
    assert row.published == 1.0
    assert row.agrees == "no"


def test_agreement_allows_for_rounding_and_no_more() -> None:
    for value, agrees in ((0.1035, "yes"), (0.1036, "no")):
        same = collection(2)
        scores = same.scores.assign(weighted_jaccard=value)
        table = compare(dataclasses.replace(same, scores=scores), PUBLISHED_TABLE1)
        table = table.set_index(["task", "architecture", "quantity"])
        assert table.loc[("box/earlier", "input-cell-lstm", "weighted_jaccard"), "agrees"] == agrees


def test_one_seed_decides_nothing() -> None:
    table = compare(collection(1), PUBLISHED_TABLE1)
    assert set(table.agrees) == {"unknown"}
    assert all(math.isnan(value) for value in table.run_low)


def test_the_lines_and_the_file(tmp_path: Path) -> None:
    lines = list(report(compare(collection(5), PUBLISHED_TABLE1), PUBLISHED_TABLE1, tmp_path))
    written = pd.read_csv(tmp_path / "published_vs_measured.csv")
    assert len(written) == 72
    disagreements = int((written.agrees != "yes").sum())
    assert len(lines) == 1 + 72 + disagreements + 2
    assert lines[-2].startswith(f"{72 - disagreements} of 72 published numbers agree")
    assert REPRODUCTIONS["table1"].present is compare_table1


def test_the_committed_table_is_explained_and_quoted_rightly() -> None:
    root = Path(__file__).parents[3]
    committed = pd.read_csv(root / "results" / "table1" / "published_vs_measured.csv")
    disagreeing = committed[committed.agrees == "no"]
    explained = tomllib.loads((root / "benchmark" / "comparisons" / "published" / "table1.toml").read_text("utf-8"))
    on_record = {
        (task, architecture, quantity): reason
        for task, architectures in explained.items()
        for architecture, reasons in architectures.items()
        for quantity, reason in reasons.items()
    }
    rows = {(row.task, row.architecture, row.quantity): row.reason for row in disagreeing.itertuples()}
    assert rows == on_record
    quoted = f"{len(committed) - len(disagreeing)} of {len(committed)} published numbers agree"
    assert quoted in (root / "docs" / "reproducing.md").read_text("utf-8")
