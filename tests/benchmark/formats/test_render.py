"""`saltbench leaderboard` in every format, from a whole folder and from a CSV file alone."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from boards import not_verified, ties
from command_line import ended

from saltbench.benchmark.formats.registry import LEADERBOARD
from saltbench.benchmark.formats.render import View, render
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.storage import output
from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import ParameterError, UnknownNameError

REGISTRIES = load_registries()


def call(*arguments: str | Path) -> object:
    """Run main in this process and return its exit code or message."""
    return ended("leaderboard", *arguments)


def shown(folder: Path, form: str, **view: object) -> bytes:
    return render(ResultsFolder(folder), form, View(**view), REGISTRIES)


def test_csv_is_the_file_itself(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    assert shown(folder, "csv") == (folder / "leaderboard.csv").read_bytes()


def test_csv_narrowed_reads_back_as_a_leaderboard(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_bytes(shown(ties(tmp_path / "suite"), "csv", metrics=["euclidean"], methods=["*a*"]))
    table = ResultsFolder(tmp_path / "some.csv").table
    assert list(table.method) == ["oracle", "near", "far"]
    assert list(table.columns[9:]) == ["euclidean", "euclidean_low", "euclidean_high"]


def test_parquet_has_the_numbers_of_the_csv(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(shown(folder, "parquet"))), ResultsFolder(folder).table)


def test_parquet_goes_to_a_file_or_pipe_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    folder = ties(tmp_path / "suite")
    assert call(folder, "--format", "parquet") is None
    piped = capfdbinary.readouterr().out
    assert len(pd.read_parquet(io.BytesIO(piped))) == 6
    assert call(folder, "--format", "parquet", "--output", tmp_path / "out.parquet") is None
    assert (tmp_path / "out.parquet").read_bytes() == piped
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    message = call(folder, "--format", "parquet")
    assert message == "saltbench: this format is not text, got a terminal to write it to; give --output FILE or a pipe"


def test_text_may_go_to_a_terminal(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    output.write("±\n".encode(), None)
    assert capfdbinary.readouterr().out == "±\n".encode()


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_what_is_left_out_is_one_line_on_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    folder = ties(tmp_path / "suite")
    table = folder / "leaderboard.csv"
    assert call(folder, "--format", form, "--output", tmp_path / "with") is None
    assert capsys.readouterr().err == not_verified(table, folder / "scores.parquet")
    assert call(table, "--format", form, "--output", tmp_path / "without") is None
    error = capsys.readouterr().err
    assert error.startswith(f"{not_verified(table)}saltbench: ties with the best are not marked: ")
    assert error.count("\n") == 2
    assert "not significantly different" in (tmp_path / "with").read_text("utf-8")
    assert "Ties with the best are not marked" in (tmp_path / "without").read_text("utf-8")


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_formats_without_marks_need_no_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    folder = ties(tmp_path / "suite", alone=True)
    assert call(folder, "--format", form, "--output", tmp_path / "out") is None
    assert capsys.readouterr().err == not_verified(folder / "leaderboard.csv")


def test_options_reach_the_table(tmp_path: Path) -> None:
    folder, path = ties(tmp_path / "suite"), tmp_path / "out"
    options = ("--metrics", "euclidean", "average_precision", "--tasks", "task", "--architectures", "net")
    assert call(folder, "--format", "markdown", "--output", path, *options, "--methods", "near", "far") is None
    lines = path.read_text("utf-8").splitlines()
    assert lines[0] == "| method | accuracy | euclidean ↓ | average precision ↑ |"
    assert [line.split(" | ")[0] for line in lines[2:5]] == ["| *task, net*", "| near", "| far"]
    assert call(folder, "--format", "latex", "--output", path, "--standalone", "--across", "tasks") is None
    document = path.read_text("ascii")
    assert document.startswith(r"\documentclass")
    assert "Method & task" in document


def test_across_shows_average_precision_where_no_metric_is_named(tmp_path: Path) -> None:
    assert b"average precision, higher is better" in shown(ties(tmp_path / "suite"), "markdown", across="tasks")


def test_options_that_a_format_does_not_know_are_mistakes(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite")
    with pytest.raises(ParameterError, match="--standalone is for the formats latex, got markdown; leave it out"):
        shown(folder, "markdown", standalone=True)
    with pytest.raises(ParameterError, match="--across is for the formats table, markdown, latex, got csv"):
        shown(folder, "csv", across="tasks")
    with pytest.raises(ParameterError, match=r"--methods is for the formats csv, table, .* got html"):
        shown(folder, "html", methods=["far"])


def test_unknown_format_names_the_known(tmp_path: Path) -> None:
    assert list(LEADERBOARD) == ["csv", "table", "markdown", "latex", "html", "parquet"]
    with pytest.raises(UnknownNameError, match="unknown format 'markdwon'; did you mean 'markdown'"):
        shown(ties(tmp_path / "suite"), "markdwon")


def test_a_plugin_says_the_direction_of_its_metric(tmp_path: Path) -> None:
    folder = ties(tmp_path / "suite", alone=True)
    table = pd.read_csv(folder / "leaderboard.csv", keep_default_na=False)
    names = {f"euclidean{end}": f"mine{end}" for end in ("", "_low", "_high")}
    table.rename(columns=names).to_csv(folder / "leaderboard.csv", index=False)
    plugin = tmp_path / "plugin.py"
    plugin.write_text(
        "from saltbench import MetricSpec\n"
        "MINE = MetricSpec(name='mine', version=1, description='', reference='', factory=len, low=0.0, high=1.0,\n"
        "                  higher_is_better=False)\n"
    )
    arguments = (folder, "--format", "markdown", "--metrics", "mine", "--output", tmp_path / "out")
    message = call(*arguments)
    assert message == (
        "saltbench: no entry says whether a higher 'mine' is better; give --plugin FILE with its MetricSpec, "
        "or choose others with --metrics"
    )
    assert call(*arguments, "--plugin", plugin) is None
    assert "| mine ↓ |" in (tmp_path / "out").read_text("utf-8")
