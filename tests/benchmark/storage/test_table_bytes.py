"""Tables as bytes: what is written reads back, whatever text and numbers it holds."""

import csv
import json
import os
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from page_folders import SMALL, write_leaderboard, write_provenance
from tiny_suite import TINY

from saltbench.benchmark.formats.registry import LEADERBOARD
from saltbench.benchmark.formats.render import View, render
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.csv_tables import Layout, to_csv
from saltbench.benchmark.storage.store import address, canonical
from saltbench.benchmark.storage.table_bytes import lines_of
from saltbench.benchmark.storage.text_bytes import utf8
from saltbench.benchmark.suites.provenance import read_provenance
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import StoreError

LAYOUT = Layout(["name"], ["value"])
SURROGATE = os.fsdecode(b"m\xe9thod")  # what Python makes of a name that is no UTF-8
PLUGIN = r"""
from saltbench import MethodSpec
MINE = MethodSpec(name="m\udce9thod", version=1, description="", reference="", factory=lambda inputs: inputs)
"""


def read_back(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    path = folder / "table.csv"
    path.write_bytes(to_csv(table))
    return ResultsFolder(folder).read(path.name, LAYOUT)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tables")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_any_text_reads_back(place: Path, names: list[str]) -> None:
    assert list(read_back(place, pd.DataFrame({"name": names, "value": 1.5})).name) == names


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb", "\0", "a\0b", "NA", "nan", 'a"b', "a,b", " a ", "\x85"])
def test_text_that_csv_stumbles_over_reads_back(tmp_path: Path, text: str) -> None:
    assert list(read_back(tmp_path, pd.DataFrame({"name": [text, "b"], "value": 1})).name) == [text, "b"]


@given(st.lists(st.floats(-1e99, 1e99), min_size=1))
def test_any_number_reads_back_to_the_last_bit(place: Path, values: list[float]) -> None:
    assert [float(value) for value in read_back(place, pd.DataFrame({"name": "a", "value": values})).value] == values


def test_cells_may_be_long_and_the_limit_of_others_stays(tmp_path: Path) -> None:
    before, long = csv.field_size_limit(), "a" * 300_000
    assert list(read_back(tmp_path, pd.DataFrame({"name": [long], "value": 1})).name) == [long]
    assert csv.field_size_limit() == before


def test_a_byte_order_mark_is_no_part_of_a_name() -> None:
    assert lines_of(b"\xef\xbb\xbfname,value\n\na,1\n") == [["name", "value"], ["a", "1"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is not a CSV table: it is empty; restore"),
        (b'name,value\n"a,1\n', r"is not a CSV table: unexpected end of data"),
        ("name,value\na,1\n".encode("utf-16"), r"is not a CSV table: 'utf-8' codec can't decode"),
        (b"name,value,value\na,1,2\n", r"has two columns 'value'"),
        (b"name,value\na,1\nb\n", r"needs 2 cells in each row, got 1 in row 2"),
        (b"name,value\na,1\nb,1,2\n", r"needs 2 cells in each row, got 3 in row 2"),
        (b"name,value\na,1\nb,1_0\n", r"needs numbers in value, got '1_0' in row 2"),
        (b"name,value\na,inf\n", r"needs numbers in value, got 'inf' in row 1"),
        (b"name,value\na,1e999\n", r"needs numbers in value, got '1e999' in row 1"),
        ("name,value\na,\u0661\n".encode(), "needs numbers in value, got '\u0661' in row 1"),
        (b"name,value\na," + b"x" * 500 + b"\n", r"got 'x{60}…' in row 1"),
    ],
)
def test_what_is_wrong_is_named_with_its_column_and_row(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "table.csv").write_bytes(content)
    with pytest.raises(StoreError, match=message) as caught:
        ResultsFolder(tmp_path).read("table.csv", LAYOUT)
    assert "\n" not in str(caught.value)
    assert f"{tmp_path / 'table.csv'} " in str(caught.value)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    for name in ("pipe", "folder", "circle", "a" * 300):
        with pytest.raises(
            StoreError, match=r"cannot read .*: (it is a pipe|Is a directory|Too many|File name too long)"
        ):
            ResultsFolder(tmp_path).read(f"{name}.csv", LAYOUT)


def test_what_is_no_utf_8_is_written_as_an_escape() -> None:
    assert to_csv(pd.DataFrame({"name": pd.Series([SURROGATE], dtype=object)})) == b"name\nm\\udce9thod\n"
    assert json.loads(canonical({"name": SURROGATE})) == {"name": SURROGATE}
    assert address({"name": SURROGATE}) != address({"name": utf8(SURROGATE).decode()})


def test_a_provenance_of_a_file_that_is_no_utf_8_is_shown(tmp_path: Path) -> None:
    write_provenance(write_leaderboard(tmp_path / "small", SMALL), description=f"a {SURROGATE}")
    for form in LEADERBOARD:
        assert render(ResultsFolder(tmp_path / "small"), form, View(), load_registries())
    assert "A m\ufffdthod".encode() in render(ResultsFolder(tmp_path / "small"), "html", View(), load_registries())


def test_a_plugin_and_a_method_whose_names_are_no_utf_8_have_their_tables(tmp_path: Path) -> None:
    plugin = tmp_path / f"{SURROGATE}.py"
    plugin.write_text(PLUGIN)
    (tmp_path / "tiny.toml").write_text(TINY)
    chosen = {"tasks": ["box/latter"], "architectures": ["lstm"], "methods": [SURROGATE], "seeds": 1}
    suite = load_suite(str(tmp_path / "tiny.toml"), load_registries([plugin]), chosen)
    result = run_suite(suite, tmp_path, plugins=[plugin])
    assert not result.failures
    record = read_provenance(result.folder)
    assert record is not None
    assert record.suite.methods[0].source.startswith(f"{SURROGATE}.py sha256:")
    board = ResultsFolder(result.folder)
    assert "m\\udce9thod" in set(board.table.method)
    assert board.scores is not None
    assert all(render(board, form, View(), load_registries()) for form in LEADERBOARD)
