"""How wide tables are that go to a pipe, and that a list of names cuts none of them."""

import pytest
from rich.table import Table

from saltbench.benchmark.formats.console_table import printed
from saltbench.benchmark.formats.listing import table_of

NAMES = ["short", "a-name/" + "of-many-words-" * 7]


@pytest.mark.parametrize(("columns", "expected"), [("60", 60), ("wide", 100), (None, 100)])
def test_columns_says_how_wide_a_table_is_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, expected: int
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)
    table = Table("text", box=None)
    table.add_row("word " * 100)
    assert expected - 6 < max(map(len, printed(table, width=100).decode().splitlines())) <= expected


@pytest.mark.parametrize("columns", ["20", "80"])
def test_a_list_cuts_no_name(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    rows = [{"name": name, "version": 1, "description": "some words on it"} for name in NAMES]
    lines = table_of(rows).decode().splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [[name, "1"] for name in NAMES]
    assert all(line.rstrip().endswith("some words on it") for line in lines[1:])
