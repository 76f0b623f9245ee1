"""What is read from a results folder, and which of its rows and scores are shown."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from boards import ties

from saltbench.benchmark.leaderboards.results_folder import ResultsFolder, narrow
from saltbench.benchmark.leaderboards.score_columns import score_columns, score_names, with_scores_of
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import StoreError, UnknownNameError

REGISTRIES = load_registries()
REGISTRY = REGISTRIES.metrics


def test_a_folder_has_scores_and_a_file_has_not(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    board = ResultsFolder(folder)
    assert board.scores is not None
    assert len(board.scores) == 5 * 40
    alone = ResultsFolder(folder / "leaderboard.csv")
    assert alone.scores is None
    assert "is a CSV file alone" in alone.without_scores
    assert alone.name == board.name == "suite"


def test_a_folder_without_scores_says_so(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite", alone=True))
    assert board.scores is None
    assert board.without_scores == f"{tmp_path / 'suite'} holds no scores.parquet"


def test_scores_of_another_run_are_not_taken(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    scores = pd.read_parquet(folder / "scores.parquet")
    scores.loc[scores.method == "near", "euclidean"] += 1e-3
    scores.to_parquet(folder / "scores.parquet")
    board = ResultsFolder(folder)
    assert board.scores is None
    assert "is of another run than leaderboard.csv (first seen at task net near)" in board.without_scores


def test_scores_that_lack_a_row_are_not_taken(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    scores = pd.read_parquet(folder / "scores.parquet")
    scores[scores.method != "far"].to_parquet(folder / "scores.parquet")
    assert "task net far" in ResultsFolder(folder).without_scores


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no parquet", r"cannot read .*scores\.parquet: .*; remove it or run the suite again"),
        (None, r"scores\.parquet lacks the columns seed, sample, label"),
    ],
)
def test_damaged_scores_are_one_line(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = ties(tmp_path / "suite") / "scores.parquet"
    if content is None:
        pd.DataFrame({"task": [], "architecture": [], "method": []}).to_parquet(path)
    else:
        path.write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        ResultsFolder(path.parent).scores
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("score", [1e151, -1e151, float("inf")])
def test_a_score_whose_square_is_no_number_is_refused(tmp_path: Path, score: float) -> None:
    path = ties(tmp_path / "suite") / "scores.parquet"
    scores = pd.read_parquet(path)
    scores.loc[0, "average_precision"] = score
    scores.to_parquet(path)
    with pytest.raises(StoreError, match=r"needs numbers of at most 1e\+150 in average_precision; remove it or run"):
        ResultsFolder(path.parent).scores


def test_a_row_that_stands_twice_is_an_error(tmp_path: Path) -> None:
    path = ties(tmp_path / "suite") / "leaderboard.csv"
    path.write_text(path.read_text() + path.read_text().splitlines()[-1] + "\n")
    with pytest.raises(StoreError, match=r"has two rows of task other broken; remove one"):
        ResultsFolder(path.parent).scores


def test_patterns_narrow_table_and_scores(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite"))
    some = narrow(board, registries=REGISTRIES, tasks=["ta*"], architectures=["net"], methods=["?ear", "oracle"])[0]
    assert list(some.table.method) == ["oracle", "near"]
    assert some.scores is not None
    assert set(some.scores.method) == {"oracle", "near"}
    assert list(narrow(board, registries=REGISTRIES, architectures=["net"])[0].table.method) == [
        "oracle",
        "best",
        "near",
        "far",
    ]
    assert narrow(board, registries=REGISTRIES)[0].table.equals(board.table)


def test_patterns_that_match_nothing_are_mistakes(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite"))
    with pytest.raises(UnknownNameError, match="unknown method 'bets'; did you mean 'best'"):
        narrow(board, registries=REGISTRIES, methods=["bets"])[0]
    with pytest.raises(UnknownNameError, match=r"no row of .* matches all of the patterns together"):
        narrow(board, registries=REGISTRIES, architectures=["other"], methods=["far"])[0]


def test_scores_are_chosen_in_the_patterns_order(tmp_path: Path) -> None:
    table = ResultsFolder(ties(tmp_path / "suite")).table.assign(euclidean_chance_corrected=0.5)
    assert score_names(table) == ["average_precision", "euclidean", "euclidean_chance_corrected"]
    columns = score_columns(table, ["euclid*", "average_precision"], (), REGISTRY)
    assert [(column.name, column.metric.name, column.higher_is_better) for column in columns] == [
        ("euclidean", "euclidean", False),
        ("euclidean_chance_corrected", "euclidean", True),
        ("average_precision", "average_precision", True),
    ]
    assert [column.name for column in score_columns(table, (), ["euclidean", "roc_auc"], REGISTRY)] == ["euclidean"]
    assert list(with_scores_of(table, ["euclidean"], REGISTRY).columns[-4:]) == [
        "at_chance",
        "euclidean",
        "euclidean_low",
        "euclidean_high",
    ]


def test_a_metric_that_no_entry_defines_has_no_direction(tmp_path: Path) -> None:
    table = ResultsFolder(ties(tmp_path / "suite")).table.assign(mine=0.5, mine_low=0.4, mine_high=0.6)
    with pytest.raises(UnknownNameError, match="no entry says whether a higher 'mine' is better; give --plugin FILE"):
        score_columns(table, ["mine"], (), REGISTRY)
    with pytest.raises(UnknownNameError, match="unknown metric 'eucliden'; did you mean 'euclidean'"):
        score_columns(table, ["eucliden"], (), REGISTRY)


def test_a_copied_folder_is_read_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ties(tmp_path / "suite"), tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    assert ResultsFolder(Path()).name == "copy"
