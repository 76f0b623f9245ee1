"""The table at the end of a run, and `leaderboard --format table`: nothing in it is cut at any width."""

from pathlib import Path

import numpy as np
import pytest
from boards import HOSTILE, board_folder, ties

from saltbench.benchmark.formats import terminal
from saltbench.benchmark.formats.render import View
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries

LONGEST = "integrated-gradients-smoothgrad"


def lines(folder: Path, width: int, monkeypatch: pytest.MonkeyPatch, **view: object) -> list[str]:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(terminal, "WIDTH", width)
    shown = terminal.table_of(ResultsFolder(folder), View(**view), load_registries()).decode()
    return [line.rstrip() for line in shown.splitlines()]


def row(table: list[str], method: str) -> str:
    (found,) = (line for line in table if line.startswith(f"  {method} "))
    return " ".join(found.split())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return ties(tmp_path / "results")


def test_best_ties_chance_and_failures_are_marked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lines(folder, 140, monkeypatch)
    assert " ".join(table[:2]).split() == ["average", "accuracy", "precision", "↑", "euclidean", "↓"]
    assert row(table, "best") == "best 0.900 0.500* ± 0.010 0.800 ± 0.010"
    assert row(table, "near") == "near 0.900 0.500† ± 0.010 0.700 ± 0.010"
    assert row(table, "far") == "far 0.900 0.300 ± 0.010 0.500* ± 0.010"
    assert row(table, "lonely").startswith("lonely 0.900‡ ")
    assert row(table, "broken").endswith("failed failed")
    text = " ".join(table)
    for sentence in (
        "Beside a score are its 95 % confidence bounds.",
        "*: the best score of a method on a task and architecture.",
        "†: not significantly different from the best",
        "‡: an accuracy that guessing explains.",
    ):
        assert sentence in text


def test_methods_stand_below_their_task_and_architecture(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [line.strip() for line in lines(folder, 140, monkeypatch) if line.startswith("task")]
    assert names == ["task, reference methods", "task, net", "task, other"]


@pytest.mark.parametrize(("width", "headings"), [(60, 2), (75, 3), (140, 3)])
def test_columns_are_left_out_and_named_where_there_is_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int, headings: int
) -> None:
    scores = np.array([[0.1, 0.2, 0.9]])
    named = ("task", "net", LONGEST)
    folder = board_folder(tmp_path / "results", {named: {"average_precision": scores, "euclidean": scores}})
    table = lines(folder, width, monkeypatch)
    assert LONGEST in row(table, LONGEST)
    assert row(table, LONGEST).split()[1:] == ["0.900", *["0.400", "±", "0.010"] * (headings - 1)]
    assert ("No room for euclidean: see leaderboard.csv" in " ".join(table)) == (headings < 3)
    assert max(map(len, table)) <= width


@pytest.mark.parametrize("width", [20, 45, 60, 80, 100, 140])
def test_no_name_and_no_number_is_cut_at_any_width(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    scores = np.array([[0.1, 0.2, 0.9]])
    named = ("box/earlier", "lstm-self-attention", LONGEST)
    folder = board_folder(tmp_path / "results", {named: {"average_precision": scores, "euclidean": scores}})
    table = lines(folder, width, monkeypatch)
    letters = "".join("".join(table).split())
    assert "…" not in letters
    assert (LONGEST in letters) == (width >= 60)  # below, it is broken in two lines
    assert max(map(len, table)) <= width


def test_names_are_shown_as_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scores = {("task", "net", name): {"average_precision": np.array([[0.5, 0.6]])} for name in ("[bold]x[/]", *HOSTILE)}
    folder = board_folder(tmp_path / "results", scores)
    monkeypatch.setattr(terminal, "WIDTH", 140)
    shown = terminal.table_of(ResultsFolder(folder), View(), load_registries()).decode()
    assert "[bold]x[/]" in shown
    assert not {"\x1b", "\x07", "\r"} & set(shown)


def test_a_table_across_tasks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = lines(folder, 140, monkeypatch, across="architectures", metrics=("euclidean",))
    assert " ".join(table[:2]).split() == ["no", "net", "other", "network"]
