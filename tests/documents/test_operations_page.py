"""The table of operations says of every function what the rules do, in words that the page explains."""

import sys
from pathlib import Path

import pytest
import torch

from saltbench.methods.attributions.deeplift.rules import rule_table as deeplift
from saltbench.methods.attributions.lrp import rule_table as lrp

HOOKS = Path(__file__).parents[2] / "docs" / "hooks"


@pytest.fixture(scope="module")
def operations_page():
    sys.path.insert(0, str(HOOKS))
    try:
        import operations_page

        yield operations_page
    finally:
        sys.path.remove(str(HOOKS))


def test_every_function_with_a_rule_has_a_row(operations_page):
    names = set(operations_page.table())
    for table in (deeplift, lrp):
        assert set(operations_page._names(table.RULES)) <= names
        assert set().union(*table.KINDS.values()) == set(table.RULES)
    assert len(names) > 300


def test_every_word_of_the_table_is_explained(operations_page):
    words = {cell for cells in operations_page.table().values() for cell in cells} - {operations_page.REFUSED}
    for word in words - {"size ¹"}:
        assert f"\n| {word} | " in operations_page.HEADING, word
    assert "`size ¹`" in operations_page.HEADING


def test_rows_are_those_of_the_rules(operations_page):
    table = operations_page.table()
    assert table["sigmoid"] == ("rescale", *["activation"] * 3)
    assert table["mul"] == ("split", "signal", "1/N", "size")
    assert table["conv1d"] == ("split", "signal", "1/N", "size ¹")
    assert table["gt"] == ("rescale", *["constant"] * 3)
    assert table["atan2"] == ("along the way", *["activation"] * 3)
    assert "rrelu" not in table
    assert torch.rrelu not in deeplift.RULES
    assert "| `rfft` | linear | sum | sum | sum |" in operations_page.page()
