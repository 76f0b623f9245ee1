"""What counts as a change: against scipy, Holm's correction by hand, and cases one can see."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from boards import HOSTILE, board_folder, not_verified
from command_line import ended
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from saltbench.benchmark.comparisons.compare import changes, compared_metrics
from saltbench.benchmark.formats.changes import summary
from saltbench.benchmark.formats.registry import CHANGES, format_named
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import UnknownNameError

REGISTRY = load_registries().metrics
RNG = np.random.default_rng(5)
BASE = RNG.uniform(0.3, 0.6, size=(3, 30))
M = ("task", "net", "m")


def compared(before: Path, after: Path, tolerance: float = 0.01) -> pd.DataFrame:
    boards = ResultsFolder(before), ResultsFolder(after)
    return changes(*boards, compared_metrics(*boards, (), REGISTRY), tolerance)


def of_one(tmp_path: Path, before: Mapping[str, Any], after: Mapping[str, Any], **options: Any) -> pd.DataFrame:
    """Compare two boards of one method; returns the rows of its scores by metric."""
    first = board_folder(tmp_path / "before", {M: before}, **options)
    second = board_folder(tmp_path / "after", {M: after}, **options)
    return compared(first, second).set_index("metric")


def test_the_same_leaderboard_has_no_change(tmp_path: Path) -> None:
    rows = of_one(
        tmp_path, {"average_precision": BASE, "euclidean": BASE}, {"average_precision": BASE, "euclidean": BASE}
    )
    assert set(rows.verdict) == {"same"}
    assert rows.p.isna().all()
    assert list(rows.index) == ["accuracy", "average_precision", "euclidean"]


def test_rounding_is_no_change(tmp_path: Path) -> None:
    rows = of_one(tmp_path, {"average_precision": BASE}, {"average_precision": BASE + 1e-7})
    assert rows.verdict["average_precision"] == "same"


def test_worse_and_better_follow_the_metrics_direction(tmp_path: Path) -> None:
    lower = BASE - 0.05 - RNG.uniform(0, 0.01, BASE.shape)
    rows = of_one(
        tmp_path, {"average_precision": BASE, "euclidean": BASE}, {"average_precision": lower, "euclidean": lower}
    )
    assert rows.verdict["average_precision"] == "worse"
    assert rows.verdict["euclidean"] == "better"
    row = rows.loc["average_precision"]
    assert row.rule == "paired"
    assert row.pairs == 90
    assert row.difference == pytest.approx((lower - BASE).mean())
    assert row.low < row.difference < row.high < 0


def test_p_is_wilcoxons_corrected_by_holm(tmp_path: Path) -> None:
    shifts = [0.0, 0.02, 0.05, 0.004]
    pairs = {
        ("task", "net", f"m{number}"): (BASE, BASE + shift + RNG.normal(size=BASE.shape) / 50)
        for number, shift in enumerate(shifts)
    }
    folders = [
        board_folder(tmp_path / name, {key: {"average_precision": both[side]} for key, both in pairs.items()})
        for side, name in enumerate(("before", "after"))
    ]
    rows = compared(*folders).query("metric == 'average_precision'")
    raw = [stats.wilcoxon((after - before).ravel(), zero_method="zsplit").pvalue for before, after in pairs.values()]
    order, highest, expected = np.argsort(raw), 0.0, np.empty(4)
    for step, index in enumerate(order):
        highest = max(highest, min(1.0, (4 - step) * raw[index]))
        expected[index] = highest
    np.testing.assert_allclose(rows.p, expected)
    assert list(rows.verdict) == ["within noise", "better", "better", "within noise"]


def test_what_did_not_change_does_not_make_the_correction_stricter(tmp_path: Path) -> None:
    changed = {"average_precision": BASE + RNG.normal(0.01, 0.02, BASE.shape)}
    same = {("task", "net", f"same{number}"): {"average_precision": BASE} for number in range(50)}
    alone = of_one(tmp_path, {"average_precision": BASE}, changed).p["average_precision"]
    first = board_folder(tmp_path / "many-before", {M: {"average_precision": BASE}, **same})
    second = board_folder(tmp_path / "many-after", {M: changed, **same})
    assert compared(first, second).p.dropna().tolist() == [alone]


def test_seeds_that_disagree_are_noise(tmp_path: Path) -> None:
    """Wilcoxon's test over samples finds each network different; over seeds nothing is known."""
    after = BASE + np.array([[-0.3], [0.1], [0.1]]) + RNG.normal(size=BASE.shape) / 1000
    row = of_one(tmp_path, {"average_precision": BASE}, {"average_precision": after[[0, 0, 1]]}).loc[
        "average_precision"
    ]
    assert row.verdict == "within noise"
    two = BASE[:2], BASE[:2] + np.array([[-0.3], [0.1]])
    folder = tmp_path / "two"
    folder.mkdir()
    row = of_one(folder, {"average_precision": two[0]}, {"average_precision": two[1]}).loc["average_precision"]
    assert row.p < 0.05
    assert row.low < 0 < row.high
    assert row.verdict == "within noise"


def test_bounds_alone_are_no_change(tmp_path: Path) -> None:
    """Four samples cannot be significant, however clear their difference."""
    before = BASE[:1, :4]
    row = of_one(tmp_path, {"average_precision": before}, {"average_precision": before - 0.2}).loc["average_precision"]
    assert row.high < 0
    assert row.p == pytest.approx(0.125)  # 2 / 2⁴
    assert row.verdict == "within noise"


def test_samples_without_a_score_are_no_pairs(tmp_path: Path) -> None:
    before, after = BASE.copy(), BASE - 0.1
    before[0, :5], after[2, 7] = np.nan, np.nan
    row = of_one(tmp_path, {"average_precision": before}, {"average_precision": after}).loc["average_precision"]
    assert row.pairs == 90 - 6
    assert row.verdict == "worse"


def test_other_labels_are_other_samples(tmp_path: Path) -> None:
    first = board_folder(tmp_path / "before", {M: {"average_precision": BASE}})
    second = board_folder(tmp_path / "after", {M: {"average_precision": BASE - 0.1}}, labels=1)
    row = compared(first, second).set_index("metric").loc["average_precision"]
    assert (row.rule, row.pairs, row.verdict) == ("intervals", 0, "worse")


@pytest.mark.parametrize(
    ("shift", "half", "rule", "verdict"),
    [
        (-0.021, 0.01, "intervals", "worse"),
        (-0.019, 0.01, "intervals", "within noise"),
        (+0.021, 0.01, "intervals", "better"),
        (-0.021, np.nan, "tolerance", "worse"),
        (+0.021, np.nan, "tolerance", "better"),
        (-0.019, np.nan, "tolerance", "within noise"),
        (1e-8, 0.0, "intervals", "same"),
    ],
)
def test_without_samples_bounds_or_the_tolerance_decide(
    tmp_path: Path, shift: float, half: float, rule: str, verdict: str
) -> None:
    first = board_folder(tmp_path / "before", {M: {"average_precision": BASE}}, half=half, alone=True)
    second = board_folder(tmp_path / "after", {M: {"average_precision": BASE + shift}}, half=half, alone=True)
    row = compared(first, second, tolerance=0.02).set_index("metric").loc["average_precision"]
    assert (row.rule, row.verdict) == (rule, verdict)
    assert row.difference == pytest.approx(shift)


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("ok", "failed", "worse"),
        ("missing", "ok", "better"),
        ("missing", "skipped", "other"),
        ("ok", "skipped", "worse"),
    ],
)
def test_another_status(tmp_path: Path, before: str, after: str, verdict: str) -> None:
    folders = [
        board_folder(tmp_path / f"{number}", {M: {"average_precision": BASE}}, rows={M: {"status": status}}, alone=True)
        for number, status in enumerate((before, after))
    ]
    rows = compared(*folders)
    (row,) = rows[rows.metric == "status"].to_dict("records")
    assert (row["before"], row["after"], row["verdict"]) == (before, after, verdict)
    assert "average_precision" not in set(rows.metric)


def test_a_lost_score_is_worse_and_a_new_one_is_not(tmp_path: Path) -> None:
    both = {"average_precision": BASE, "euclidean": BASE}
    (tmp_path / "lost").mkdir()
    assert of_one(tmp_path / "lost", both, {"average_precision": BASE}).verdict["euclidean"] == "worse"
    assert of_one(tmp_path, {"average_precision": BASE}, both).verdict["euclidean"] == "added"


def test_rows_and_metrics_of_one_side(tmp_path: Path) -> None:
    scores = {"average_precision": BASE}
    first = board_folder(tmp_path / "before", {M: scores, ("task", "net", "old"): scores})
    second = board_folder(tmp_path / "after", {M: scores, ("task", "net", "new"): scores})
    table = pd.read_csv(second / "leaderboard.csv").rename(columns=lambda name: name.replace("euclidean", "roc_auc"))
    table.to_csv(second / "leaderboard.csv", index=False)
    rows = compared(first, second)
    told = rows[rows.rule == "presence"][["method", "metric", "verdict"]].to_numpy().tolist()
    assert told == [
        ["old", "", "removed"],
        ["new", "", "added"],
        ["", "euclidean", "removed"],
        ["", "roc_auc", "added"],
    ]


def test_accuracy_by_fishers_exact_test(tmp_path: Path) -> None:
    """All of 10 right, then 5 of 10: p = 2·C(10, 5) / C(20, 5) = 0.0325."""
    scores = {"average_precision": BASE[:1, :10]}
    first = board_folder(tmp_path / "before", {M: scores, ("task", "", "ones"): scores}, rows={M: {"accuracy": 1.0}})
    second = board_folder(tmp_path / "after", {M: scores, ("task", "", "ones"): scores}, rows={M: {"accuracy": 0.5}})
    (row,) = compared(first, second).query("metric == 'accuracy'").to_dict("records")
    assert row["p"] == pytest.approx(2 * 252 / 15504)
    assert (row["task"], row["architecture"], row["method"], row["rule"]) == ("task", "net", "", "answers")
    assert row["verdict"] == "worse"
    third = board_folder(tmp_path / "third", {M: scores, ("task", "", "ones"): scores}, rows={M: {"accuracy": 0.8}})
    assert compared(first, third).set_index("metric").verdict["accuracy"] == "within noise"


@settings(max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=4, max_size=20), st.lists(st.floats(0, 1), min_size=4, max_size=20))
def test_to_and_fro_are_opposite(tmp_path_factory: pytest.TempPathFactory, one: list[float], two: list[float]) -> None:
    size, folder = min(len(one), len(two)) // 2, tmp_path_factory.mktemp("boards")
    boards = [
        board_folder(folder / name, {M: {"average_precision": np.reshape(values[: 2 * size], (2, size))}})
        for name, values in (("one", one), ("two", two))
    ]
    there, back = (compared(*pair).set_index("metric").loc["average_precision"] for pair in (boards, boards[::-1]))
    opposite = {"worse": "better", "better": "worse"}
    assert back.verdict == opposite.get(there.verdict, there.verdict)
    assert back.difference == pytest.approx(-there.difference)


def text(table: pd.DataFrame, form: str) -> str:
    return CHANGES[form].write(table).decode()


def test_reports(tmp_path: Path) -> None:
    names = [("task", "net", name) for name in HOSTILE]
    first = board_folder(tmp_path / "before", {name: {"average_precision": BASE} for name in [*names, M]})
    second = board_folder(tmp_path / "after", {M: {"average_precision": BASE - 0.1}})
    table = compared(first, second)
    assert summary(table) == f"{len(HOSTILE) + 3 - 1} compared: 1 worse, {len(HOSTILE)} removed, 1 same"
    shown = text(table, "table")
    means = [f"{BASE.mean():.3f}", f"{BASE.mean() - 0.1:.3f}"]
    assert shown.splitlines()[1].split()[:7] == ["worse", "task", "net", "m", "average_precision", *means]
    assert "[link](javascript:alert(1)) **bold**" in shown
    assert "paired: scores of the same samples differ by Wilcoxon" in shown
    markdown = text(table, "markdown")
    assert "<script>" not in markdown
    assert markdown.count("\n| ") == 1 + 1 + len(HOSTILE)
    back = pd.read_csv(io.StringIO(text(table, "csv")))
    assert len(back) == len(table)
    assert set(back.verdict) == {"worse", "removed", "same"}
    with pytest.raises(UnknownNameError, match="unknown format 'latex'; known: csv, markdown, table"):
        format_named("latex", CHANGES)


def test_nothing_in_common(tmp_path: Path) -> None:
    failed = board_folder(tmp_path / "one", {M: {"average_precision": BASE}}, alone=True)
    table = failed / "leaderboard.csv"
    table.write_text(table.read_text().replace(",ok,", ",failed,"))
    assert summary(compared(failed, failed)) == "nothing to compare"
    assert text(compared(failed, failed), "table") == "nothing to compare\n"


def test_exit_statuses_of_the_real_command(tmp_path: Path, run_python: Any) -> None:
    first = board_folder(tmp_path / "before", {M: {"average_precision": BASE}})
    second = board_folder(tmp_path / "after", {M: {"average_precision": BASE - 0.1}})
    compare = "from saltbench.benchmark.commands.cli import main; main()"
    by_hand = [folder / name for folder in (first, second) for name in ("leaderboard.csv", "scores.parquet")]
    worse = run_python(compare, "compare", first, second)
    assert worse.returncode == 2
    assert worse.stderr == f"{not_verified(*by_hand)}saltbench: 1 of 2 compared got worse from {first} to {second}\n"
    assert worse.stdout.splitlines()[1].split()[0] == "worse"
    better = run_python(compare, "compare", second, first, "--output", tmp_path / "out.csv", "--format", "csv")
    assert (better.returncode, better.stdout) == (0, "")
    assert better.stderr == not_verified(*by_hand[2:], *by_hand[:2])
    assert set(pd.read_csv(tmp_path / "out.csv").verdict) == {"better", "same"}
    mistake = run_python(compare, "compare", first, tmp_path / "absent")
    assert (mistake.returncode, mistake.stdout) == (1, "")
    assert mistake.stderr.startswith("saltbench: cannot read ")
    assert mistake.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--metrics", "euclid"], "unknown metric 'euclid'; did you mean 'euclidean'?"),
        (["--format", "json"], "unknown format 'json'; known: csv, markdown, table"),
        (["--tolerance", "-1"], "Invalid value for '--tolerance'"),
    ],
)
def test_mistakes_are_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    folder = board_folder(tmp_path / "board", {M: {"average_precision": BASE}})
    told = ended("compare", folder, folder, *arguments)
    assert isinstance(told, str)
    assert message in told
    assert "\n" not in told


def test_what_cannot_be_paired_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = board_folder(tmp_path / "board", {M: {"average_precision": BASE}})
    csv = str(folder / "leaderboard.csv")
    assert ended("compare", folder, csv, "--metrics", "average_precision") is None
    assert capsys.readouterr().err == (
        f"{not_verified(folder / 'leaderboard.csv', folder / 'scores.parquet')}"
        f"saltbench: samples are not compared in pairs: {csv} is a CSV file alone, "
        "per-sample scores are read from a folder\n"
    )
