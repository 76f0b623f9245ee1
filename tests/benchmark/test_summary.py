"""The table at the end of a run, as wide as the terminal allows."""

import io

import pandas as pd
import pytest
from rich.console import Console

from saltbench.benchmark.runs.console import indented_summary, summary
from saltbench.benchmark.storage.output import fitting

METHODS = ("random-uniform", "random-normal")
LONGEST = "integrated-gradients-smoothgrad"


def board() -> pd.DataFrame:
    """Two tasks, each with reference methods that look at no network, and a network without a score for its method."""
    rows = []
    for task in ("box/earlier", "digits/rows"):
        rows += [{"task": task, "architecture": "", "method": name, "average_precision": 0.25} for name in METHODS]
        rows.append({"task": task, "architecture": "lstm-self-attention", "method": LONGEST, "accuracy": 0.5})
    return pd.DataFrame(rows)


def printed(width: int) -> list[str]:
    sink = io.StringIO()
    console = Console(file=sink, width=width)
    console.print(fitting(console, summary(board()), indented_summary(board())))
    return [line.rstrip() for line in sink.getvalue().splitlines()]


def test_a_wide_terminal_shows_a_line_a_row() -> None:
    lines = printed(140)
    assert len(lines) == 1 + len(board())
    assert lines[1].split() == ["box/earlier", "random-uniform", "0.250"]
    assert lines[3].split() == ["box/earlier", "lstm-self-attention", LONGEST, "0.500"]


def test_a_narrow_terminal_shows_names_once_and_in_full() -> None:
    lines = printed(85)
    named = [line.split()[0] for line in lines[2:]]
    assert named == [
        *("box/earlier", *METHODS, "lstm-self-attention", LONGEST),
        *("digits/rows", *METHODS, "lstm-self-attention", LONGEST),
    ]
    assert [len(line) - len(line.lstrip()) for line in lines[2:7]] == [0, 2, 2, 2, 4]
    assert lines[3].split() == ["random-uniform", "0.250"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_no_name_is_cut_at_any_width(width: int) -> None:
    lines = printed(width)
    letters = "".join("".join(lines).split())
    assert "…" not in letters
    assert max(map(len, lines)) <= width
    for name in METHODS:
        assert letters.count(name) == 2
