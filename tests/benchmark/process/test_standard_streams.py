"""Commands whose standard streams are full, closed, cut off, or of a locale without most letters."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from page_folders import SMALL, write_leaderboard, write_provenance
from recorded_folders import vouched

COMMAND = (sys.executable, "-P", "-c", "from saltbench.benchmark.commands.cli import main; main()")
LOST = "saltbench: cannot write standard output: {}; what is in files already is kept, give it a place that takes it"
PLUGIN = r"""
from saltbench import MethodSpec
def _map(model, inputs, target):
    return inputs
HOSTILE = MethodSpec(
    name="[red]a\x1b]52;c;aGk=\x07\u202eb[/red]\\",
    version=1,
    description="\x1b[201~\nrm -rf",
    reference="",
    factory=_map,
)
"""


@pytest.fixture
def folder(tmp_path):
    write_provenance(write_leaderboard(tmp_path / "small", SMALL))
    return vouched(tmp_path / "small")


def run(*arguments, redirected="", env=None):
    """Run a command whose streams a shell redirects."""
    shell = ["sh", "-c", f'"$@" {redirected}', "sh", *COMMAND, *map(str, arguments)]
    return subprocess.run(shell, capture_output=True, text=True, timeout=300, env={**os.environ, **(env or {})})


@pytest.mark.parametrize(
    ("command", "redirected"),
    [
        *((name, ">/dev/full") for name in ("list tasks", "list tasks --format json", "--help", "--version")),
        ("leaderboard DIR", ">/dev/full"),
        ("list tasks", ">&-"),
        ("--version", ">&-"),
    ],
)
def test_standard_output_that_takes_nothing_is_told_in_one_line(folder, command, redirected):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    done = run(*command.replace("DIR", str(folder)).split(), redirected=redirected)
    why = "it is closed" if redirected == ">&-" else "No space left on device"
    assert done.stderr.startswith(LOST.format(why))
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


@pytest.mark.parametrize("command", ["list tasks", "list tasks --format csv", "--help"])
def test_standard_output_that_nobody_reads_ends_quietly(command):
    done = run(*command.split(), redirected="| true; exit $?")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as file:
        alone = subprocess.run([*COMMAND, *command.split()], stdout=file, stderr=subprocess.PIPE, timeout=300)
    assert (alone.returncode, alone.stderr) == (1, b"")


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", "<&-"])
def test_other_streams_do_not_stop_a_command(folder, redirected):
    done = run("leaderboard", folder, "--format", "markdown", redirected=redirected)
    assert done.returncode == 0
    assert "| method |" in done.stdout


def test_a_mistake_has_status_1_where_it_cannot_be_told():
    done = run("list", "task", redirected="2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_locale_without_most_letters(encoding):
    env = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": encoding}
    table = run("list", "metrics", env=env)
    assert (table.returncode, table.stderr) == (0, "")
    rows = run("list", "metrics", "--format", "json", env=env)
    assert json.loads(rows.stdout) == json.loads(run("list", "metrics", "--format", "json").stdout)


@pytest.mark.parametrize("form", ["table", "csv", "json"])
def test_names_of_any_content_are_shown_and_do_nothing(tmp_path, form):
    plugin = tmp_path / "hostile.py"
    plugin.write_text(PLUGIN)
    done = run("list", "methods", "--format", form, "--plugin", plugin, env={"COLUMNS": "200"})
    assert (done.returncode, done.stderr) == (0, "")
    if form == "table":
        assert r"[red]a\x1b]52;c;aGk=\x07\u202eb[/red]\ " in done.stdout
        assert r"\x1b[201~\nrm -rf" in done.stdout
        assert all(letter.isprintable() for line in done.stdout.split("\n") for letter in line)


@pytest.mark.parametrize(
    "arguments",
    [
        ("run", "a\x1b]0;b\x07.toml"),
        ("run", "--methods", "a\n\x1b[31mb"),
        ("run", "--a\x1b[31m\u202eb"),
        ("leaderboard", "a\x1b[31m\nb"),
        ("run", "--plugin", "a\x1b[31mb.py"),
        ("list", "a\x9b31mb"),
    ],
)
def test_mistakes_with_control_characters_are_one_printable_line(arguments):
    done = run(*arguments)
    assert done.returncode == 1
    line, end = done.stderr.split("\n")
    assert line.isprintable()
    assert end == ""
    assert r"\x" in line


def test_a_terminal_gets_no_control_characters_of_a_table(monkeypatch, capsysbinary):
    from saltbench.benchmark.storage.output import write

    content = "task,reason\na,\x1b[31mé\u202e\n"
    write(content.encode(), None)
    assert capsysbinary.readouterr().out.decode() == content
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    write(content.encode(), None)
    assert capsysbinary.readouterr().out.decode() == "task,reason\na,\\x1b[31mé\\u202e\n"


@pytest.mark.parametrize("kibibytes", [300_000, 1_000_000])
def test_too_little_address_space_is_told_before_it_is_missed(folder, kibibytes):
    shell = ["sh", "-c", f'ulimit -v {kibibytes} && exec "$@"', "sh", *COMMAND, "leaderboard", str(folder)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert done.stderr == (
        f"saltbench: a process needs 1500000 KiB of address space, got a limit of {kibibytes} KiB; "
        "raise it (ulimit -v 1500000)\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("redirected", "status", "told"),
    [
        (">&- 2>err", 1, LOST.format("it is closed")),
        (">/dev/full 2>err", 1, LOST.format("No space left on device")),
        ("2>&- <&-", 0, ""),
        ("2>/dev/full", 0, ""),
    ],
)
def test_a_run_loses_nothing_whatever_its_streams_take(tiny_file, tmp_path, redirected, status, told):
    narrowed = ("run", tiny_file, "--tasks", "box/latter", "--seeds", "1", "--workers", "2", "--results")
    shell = f'cd {tmp_path} && "$@" {redirected}'
    words = ["sh", "-c", shell, "sh", *COMMAND, *map(str, narrowed), str(tmp_path / "there")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert done.returncode == status
    if told:
        (line,) = [line for line in (tmp_path / "err").read_text().splitlines() if line.startswith("saltbench")]
        assert line.startswith(told)
    assert run(*narrowed, tmp_path / "whole").returncode == 0
    tables = [tmp_path / name / "tiny" / "leaderboard.csv" for name in ("there", "whole")]
    assert tables[0].read_bytes() == tables[1].read_bytes()


@pytest.mark.slow
def test_too_few_open_files_are_told_and_the_run_goes_on_afterwards(tiny_file, tmp_path):
    narrowed = ("run", tiny_file, "--tasks", "box/latter", "--seeds", "1", "--workers", "3", "--results", tmp_path)
    shell = ["sh", "-c", 'ulimit -n 14 && exec "$@"', "sh", *COMMAND, *map(str, narrowed)]
    done = subprocess.run(shell, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("saltbench: too many files are open; raise the limit (ulimit -n)")
    assert "Traceback" not in done.stderr
    assert run(*narrowed).returncode == 0
