"""The tables for readers: what is bold, what is marked as tied, and that hostile names stay text."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from boards import HOSTILE, board_folder, ties
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from saltbench.benchmark.formats.latex import latex_table
from saltbench.benchmark.formats.markdown import markdown_table, markdown_text
from saltbench.benchmark.formats.table_layout import Grid, TableEntry, lay_out
from saltbench.benchmark.formats.table_text import bounds
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder, narrow
from saltbench.benchmark.leaderboards.score_columns import score_columns
from saltbench.benchmark.style.numbers import number, one_line
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import ParameterError

REGISTRIES = load_registries()
REGISTRY = REGISTRIES.metrics
READER = MarkdownIt("commonmark").enable("table")


def grid_of(board: ResultsFolder, *metrics: str, across: str = "") -> Grid:
    return lay_out(board, score_columns(board.table, metrics, ("average_precision", "euclidean"), REGISTRY), across)


def entries_of(grid: Grid) -> dict[str, list[TableEntry]]:
    return {method: entries for group in grid.groups for method, entries in group.rows}


def rendered(text: str) -> list[list[str]]:
    """Return the plain text of each table row as a Markdown reader sees it."""
    rows: list[list[str]] = []
    for token in READER.parse(text):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and token.level == 4:
            assert all(child.type != "html_inline" for child in token.children or [])
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


def test_best_and_ties_follow_the_metrics_direction(tmp_path: Path) -> None:
    entries = entries_of(grid_of(ResultsFolder(ties(tmp_path / "suite"))))
    precision, distance = ({method: row[column] for method, row in entries.items()} for column in (1, 2))
    assert [method for method, entry in precision.items() if entry.best] == ["best"]
    assert [method for method, entry in precision.items() if entry.tied] == ["near"]
    assert [method for method, entry in distance.items() if entry.best] == ["far"]
    assert not any(entry.tied for entry in distance.values())


def test_references_and_the_only_method_of_a_block_are_not_ranked(tmp_path: Path) -> None:
    entries = entries_of(grid_of(ResultsFolder(ties(tmp_path / "suite"))))
    assert not any(entry.best or entry.tied for method in ("oracle", "lonely", "broken") for entry in entries[method])
    assert entries["lonely"][0].at_chance
    assert entries["broken"][1].status == "failed"


def test_equal_scores_are_both_the_best(tmp_path: Path) -> None:
    same = {"average_precision": np.full((1, 3), 0.5)}
    board = ResultsFolder(board_folder(tmp_path / "s", {("t", "a", "one"): same, ("t", "a", "two"): same}))
    assert all(row[1].best for row in entries_of(grid_of(board, "average_precision")).values())


def test_without_scores_the_best_stays_and_the_caption_says_what_is_left_out(tmp_path: Path) -> None:
    grid = grid_of(ResultsFolder(ties(tmp_path / "suite", alone=True)))
    assert entries_of(grid)["best"][1].best
    assert not any(entry.tied for entry in grid.entries)
    for text in (markdown_table(grid), latex_table(grid)):
        assert "Ties with the best are not marked: that needs the scores of every sample." in text


def test_ties_are_those_of_the_methods_shown(tmp_path: Path) -> None:
    board = narrow(ResultsFolder(ties(tmp_path / "suite")), registries=REGISTRIES, methods=["near", "far"])[0]
    entries = entries_of(grid_of(board))
    assert entries["near"][1].best
    assert not entries["far"][1].tied


def test_markdown_as_a_reader_sees_it(tmp_path: Path) -> None:
    text = markdown_table(grid_of(ResultsFolder(ties(tmp_path / "suite"))))
    rows = rendered(text)
    assert rows[0] == ["method", "accuracy", "average precision ↑", "euclidean ↓"]
    assert rows[1][0] == "task, reference methods"
    assert rows[4] == ["best", "0.900", "0.500 ± 0.010", "0.800 ± 0.010"]
    assert "| best | 0.900 | **0.500** ± 0.010 |" in text
    assert "| near | 0.900 | 0.500† ± 0.010 |" in text
    assert "| lonely | 0.900‡ |" in text
    assert "| broken | 0.900 | *failed* | *failed* |" in text
    caption = text.splitlines()[-1]
    assert caption.startswith("Leaderboard of suite, means over 40 samples of 2 seeds. Beside a score")
    assert "†: not significantly different from the best" in caption
    assert "‡: an accuracy that guessing explains." in caption


def test_a_network_that_does_not_need_the_truth_is_marked_unless_it_guesses(tmp_path: Path) -> None:
    asked = {"needless": ("false", "false"), "guessing": ("false", "true"), "needing": ("true", "false")}
    rows = {
        ("task", "net", method): {"needs_truth": needs, "at_chance": at_chance}
        for method, (needs, at_chance) in asked.items()
    }
    scores = {identity: {"average_precision": np.full((1, 3), 0.5)} for identity in rows}
    text = markdown_table(grid_of(ResultsFolder(board_folder(tmp_path / "suite", scores, rows=rows))))
    accuracies = {row[0]: row[1] for row in rendered(text) if row[0] in asked}
    assert accuracies == {"needless": "0.900§", "guessing": "0.900‡", "needing": "0.900"}
    assert "§: a network that does not need the truth, which cannot judge its maps." in text


def test_across_puts_names_into_columns(tmp_path: Path) -> None:
    values = itertools.count(1)
    scores = {
        (task, architecture, method): {"average_precision": np.full((1, 2), next(values) / 100)}
        for task in ("t1", "t2")
        for architecture, methods in (("", ["oracle"]), ("a1", ["m1", "m2"]), ("a2", ["m1", "m2"]))
        for method in methods
        if (task, architecture, method) != ("t2", "a2", "m2")
    }
    board = ResultsFolder(board_folder(tmp_path / "suite", scores))
    tasks = grid_of(board, "average_precision", across="tasks")
    assert tasks.headings == ["t1", "t2"]
    shown = [
        (group.title, method, [entry.value for entry in entries])
        for group in tasks.groups
        for method, entries in group.rows
    ]
    np.testing.assert_equal(
        shown,
        [
            ("a1", "m1", [0.02, 0.07]),
            ("a1", "m2", [0.03, 0.08]),
            ("a2", "m1", [0.04, 0.09]),
            ("a2", "m2", [0.05, np.nan]),
            ("reference methods", "oracle", [0.01, 0.06]),
        ],
    )
    assert [entry.best for _, entries in tasks.groups[1].rows for entry in entries] == [False, False, True, False]
    nets = grid_of(board, "average_precision", across="architectures")
    assert nets.headings == ["a1", "a2", "no network"]
    assert [group.title for group in nets.groups] == ["t1, reference methods", "t1", "t2, reference methods", "t2"]
    assert "average precision, higher is better" in nets.title


def test_across_needs_one_score_and_a_known_word(tmp_path: Path) -> None:
    board = ResultsFolder(ties(tmp_path / "suite"))
    with pytest.raises(ParameterError, match="--across must be tasks or architectures, got 'seeds'"):
        grid_of(board, across="seeds")
    message = r"--across shows one score, got 2 \(average_precision, euclidean\); choose one with --metrics"
    with pytest.raises(ParameterError, match=message):
        grid_of(board, across="tasks")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (TableEntry(0.5, 0.4896, 0.5104), ("0.010", "0.010")),
        (TableEntry(0.5, 0.4, 0.55), ("0.100", "0.050")),
        (TableEntry(0.5), ("", "")),
    ],
)
def test_bounds_are_distances(entry: TableEntry, expected: tuple[str, str]) -> None:
    assert bounds(entry) == expected


def test_numbers_have_three_digits() -> None:
    assert [number(value) for value in (0.12345, -2.0, -0.0004, np.nan)] == ["0.123", "-2.000", "0.000", ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_in_markdown(name: str) -> None:
    assert rendered(f"| {markdown_text(name)} |\n| --- |\n") == [[one_line(name)]]


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_is_text_in_markdown(name: str) -> None:
    if one_line(name):
        assert rendered(f"| x |\n| --- |\n| {markdown_text(name)} |\n")[1:] == [[one_line(name)]]


def test_addresses_do_not_become_links() -> None:
    # readers that make links of bare addresses look for these
    text = markdown_text("https://example.org www.example.org")
    assert "://" not in text
    assert "www." not in text
