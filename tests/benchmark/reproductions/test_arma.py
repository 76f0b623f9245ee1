"""`reproduce arma`: the published means, the verdicts on them, and the committed run."""

import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltbench.benchmark.comparisons.published import compare, report
from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.reproductions.arma import PUBLISHED_ARMA
from saltbench.benchmark.statistics.intervals import prediction_interval
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

ROOT = Path(__file__).parents[3]
PUBLISHED = pd.read_csv(ROOT / "benchmark" / "comparisons" / "published" / "arma.csv")
QUANTITIES = ["aup:tint", "aur:tint", "information:tint", "entropy:tint"]
SUITE = load_suite("arma", load_registries())
STEPS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])  # of five seeds, whose mean is what is published


def collection(shift: float) -> Collection:
    """Pooled scores of five seeds around each published number, moved by so many of its errors; the rest is noise."""
    pooled = {}
    for row in PUBLISHED.to_dict("records"):
        for seed, step in enumerate(STEPS):
            moved = {name: row[name] + (shift + step) * PUBLISHED_ARMA.error_of(name) for name in QUANTITIES}
            pooled[row["task"], row["architecture"], row["method"], seed] = {
                name: np.array([value, 0.5, -0.5]) for name, value in moved.items()
            }
    return Collection(pd.DataFrame(), pd.DataFrame(), pd.DataFrame(), [], pooled=pooled)


def test_the_suite_is_the_table() -> None:
    methods = {method.name for method in SUITE.methods}
    assert set(PUBLISHED.task) == {task.name for task in SUITE.tasks}
    assert set(PUBLISHED.method) == methods - {"saliency", "input-x-gradient"}
    assert not PUBLISHED.duplicated(["task", "method"]).any()
    assert (SUITE.seeds, SUITE.samples) == (5, 10)
    pooled = {metric.name: metric.parameters for metric in SUITE.metrics if metric.name in QUANTITIES}
    assert [pooled[name]["sign"] for name in QUANTITIES] == ["absolute"] * 4
    # means over the four rows of each task, of the source's own file
    means = PUBLISHED.groupby("task")[QUANTITIES].mean()
    assert means.loc["arma/rare-feature-shared"].tolist() == pytest.approx([1, 0.14110, 482.125, 513.10], abs=0.06)
    assert means.loc["arma/rare-time-shared"].tolist() == pytest.approx([1, 0.13035, 455.725, 485.25], abs=0.06)


def test_a_published_mean_of_five_is_compared_with_a_mean_of_five() -> None:
    table = compare(collection(0), PUBLISHED_ARMA)
    assert len(table) == 32
    assert list(table.columns[:4]) == ["task", "architecture", "method", "quantity"]
    row = table[(table.quantity == "entropy:tint") & (table.method == "occlusion")].iloc[0]
    # t(4) = 2.776, s = √2.5 errors of .05 around the published 489.6, and √(1/5 + 1/5)
    half = 2.776445 * np.sqrt(2.5) * 0.05 * np.sqrt(0.4)
    assert (row.run_low, row.run_high) == pytest.approx((489.6 - half, 489.6 + half), abs=1e-6)
    one, five = (prediction_interval(STEPS.tolist(), runs) for runs in (1, 5))
    assert (five.high / one.high) == pytest.approx(np.sqrt(0.4 / 1.2))


@pytest.mark.parametrize(("shift", "agrees"), [(0.0, "yes"), (-3.7, "yes"), (-3.9, "no")])
def test_agreement_allows_for_rounding_and_no_more(shift: float, agrees: str) -> None:
    # half of the interval is 2.776 √2.5 √.4 = 2.78 errors wide, the rounding another
    assert set(compare(collection(shift), PUBLISHED_ARMA).agrees) == {agrees}


def test_the_lines_name_the_methods(tmp_path: Path) -> None:
    lines = list(report(compare(collection(0), PUBLISHED_ARMA), PUBLISHED_ARMA, tmp_path))
    assert lines[0].split()[:5] == ["task", "architecture", "method", "quantity", "published"]
    assert "95 % for 5 runs" in lines[0]
    assert lines[-2] == "32 of 32 published numbers agree; 32 lie even in the 95 % interval of our mean"
    assert len({line[:72] for line in lines[1:-2]}) == 32  # no two rows have the same names


def test_the_committed_run_is_explained_and_quoted_rightly() -> None:
    committed = pd.read_csv(ROOT / "results" / "arma" / "published_vs_measured.csv", keep_default_na=False)
    explained = tomllib.loads((ROOT / "benchmark" / "comparisons" / "published" / "arma.toml").read_text("utf-8"))
    on_record = {
        (task, architecture, method, quantity): reason
        for task, architectures in explained.items()
        for architecture, methods in architectures.items()
        for method, reasons in methods.items()
        for quantity, reason in reasons.items()
    }
    names = ["task", "architecture", "method", "quantity"]
    disagreeing = committed[committed.agrees == "no"].set_index(names).reason.to_dict()
    assert disagreeing == on_record
    quoted = f"{(committed.agrees == 'yes').sum()} of {len(committed)} published numbers agree"
    assert quoted in (ROOT / "docs" / "reproducing.md").read_text("utf-8")


def test_occlusion_and_shapley_values_of_a_sum_over_entries_are_the_same() -> None:
    """The function adds up over entries, so that both, and integrated gradients, are x² − x′² for one baseline x′."""
    board = pd.read_csv(ROOT / "results" / "arma" / "leaderboard.csv", keep_default_na=False)
    for _task, rows in board[board.architecture == "white-box"].groupby("task"):
        scores = rows.set_index("method")[QUANTITIES].astype(float)
        for other in ("shapley-sampling", "integrated-gradients"):
            assert scores.loc[other].tolist() == pytest.approx(scores.loc["occlusion"].tolist(), rel=1e-4)
