"""What a suite can be called, and how many of a thing it can ask for."""

from pathlib import Path

import pytest
from tiny_suite import TINY

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.benchmark.suites.suite_name import suite_name
from saltbench.errors import ParameterError


@pytest.mark.parametrize("name", ["a", "my-suite", "v1.2", "größer", "a b", "it's", "a..b", "[red]", "x" * 255])
def test_names_of_suites(name):
    assert suite_name(Path("somewhere") / f"{name}.toml") == name


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "is empty"),
        (".", "begins with '\\.'"),
        ("..", "begins with '\\.'"),
        ("...", "begins with '\\.'"),
        (".hidden", "begins with '\\.'"),
        ("-rf", "begins with '-'"),
        (" a", "begins or ends with a space"),
        ("a ", "begins or ends with a space"),
        ("a\x1b[31m", "has characters that cannot be printed"),
        ("a\nb", "has characters that cannot be printed"),
        ("a\u202eb", "has characters that cannot be printed"),
        ("a\udcffb", "has characters that cannot be printed"),
        ("a\\b", "has a backslash"),
        ("x" * 256, "is too long"),
        ("ß" * 128, "is too long"),
    ],
)
def test_what_no_suite_is_called(tmp_path, name, fault):
    expected = rf"^a suite is named like a folder, at most 255 printable bytes .*, which {fault}; rename "
    with pytest.raises(ParameterError, match=expected):
        load_suite(f"{tmp_path}/{name}.toml", load_registries())


def load(tmp_path, text):
    path = tmp_path / "many.toml"
    path.write_text(text)
    return load_suite(str(path), load_registries())


@pytest.mark.parametrize(
    ("line", "changed", "expected"),
    [
        ("seeds = 2", "seeds = 1001", "line 6: seeds must be at most 1000, got 1001; take a smaller number"),
        (
            "seeds = 2",
            "seeds = 100_000_000",
            "line 6: seeds must be at most 1000, got 100000000; take a smaller number",
        ),
        ("samples = 6", "samples = 1_000_001", "line 7: samples must be at most 1000000, got 1000001; take a smaller"),
        ("samples = 6", f"samples = 1{'0' * 400}", r"line 7: samples must be at most 1000000, got 10{400}; take a"),
        ("epochs = 3", "epochs = 1_000_001", "line 10: training needs epochs <= 1000000, got 1000001"),
        ("epochs = 3", "batch = 1_000_001", "line 10: training needs batch <= 1000000, got 1000001"),
        ("epochs = 3", "patience = 1_000_001", "line 10: training needs patience <= 1000000, got 1000001"),
        ("seeds = 2", "seeds = {data = 1001}", "line 6: data must be at most 1000, got 1001; take a smaller number"),
        (
            "seeds = 2",
            "seeds = {data = 11, training = 10, attribution = 10}",
            "line 6: seeds must cross to at most 1000",
        ),
    ],
)
def test_counts_have_a_largest_value(tmp_path, line, changed, expected):
    assert line in TINY
    with pytest.raises(ParameterError, match=f"^suite .*many.toml, {expected}"):
        load(tmp_path, TINY.replace(line, changed))


def test_the_largest_counts_are_accepted(tmp_path):
    assert load(tmp_path, TINY.replace("seeds = 2", "seeds = 1000")).seeds == 1000
    crossed = load(tmp_path, TINY.replace("seeds = 2", "seeds = {data = 10, training = 10, attribution = 10}"))
    assert crossed.seeds == {"data": 10, "training": 10, "attribution": 10}


def test_the_command_line_has_the_same_limit(tmp_path):
    (tmp_path / "many.toml").write_text(TINY)
    with pytest.raises(ParameterError, match=r"--seeds: seeds must be at most 1000, got 1001; take a smaller number$"):
        load_suite(str(tmp_path / "many.toml"), load_registries(), {"seeds": 1001})


@pytest.mark.parametrize("workers", [0, -1, 1001, 10**30, 1.5])
def test_processes_have_a_largest_number(tmp_path, workers):
    suite = load(tmp_path, TINY)
    with pytest.raises(ParameterError, match=f"^workers must be a whole number from 1 to 1000, got {workers}$"):
        run_suite(suite, tmp_path, workers=workers)
    assert not (tmp_path / suite.name).exists()
