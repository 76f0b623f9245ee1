"""Bars of progress: where one can be drawn, and what it says."""

import importlib.util
import io

import pytest
from rich.console import Console

from saltbench.benchmark.style.progress_bar import is_live, progress_bar


@pytest.mark.parametrize(
    ("kind", "has_widgets", "live"),
    [
        ({"force_terminal": True}, False, True),
        ({"force_terminal": False}, True, False),
        ({"force_jupyter": True}, True, True),
        ({"force_jupyter": True}, False, False),  # rich would warn at every step
    ],
)
def test_a_bar_is_drawn_on_a_terminal_and_in_a_notebook_with_widgets(kind, has_widgets, live, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object() if has_widgets else None)
    assert is_live(Console(file=io.StringIO(), **kind)) is live


@pytest.mark.parametrize("redirects", [True, False])
def test_what_is_printed_meanwhile_stays_in_its_stream_if_asked(redirects, capsys):
    screen = io.StringIO()
    with progress_bar(Console(file=screen, force_terminal=True, width=100), "at first", redirects=redirects) as report:
        print("said")  # noqa: T201
        report("done\nthis", 2, 7)
    assert "2/7" in screen.getvalue()
    assert r"done\nthis" in screen.getvalue()
    assert ("said" in screen.getvalue()) is redirects
    assert ("said" in capsys.readouterr().out) is not redirects
