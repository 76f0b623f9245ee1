"""`python -m saltbench` is the command `saltbench`: what it prints, its exit status, and whose modules it runs."""

import subprocess
import sys
from pathlib import Path

import pytest

from saltbench import __version__

MODES = [pytest.param(["-m"], id="as it is"), pytest.param(["-P", "-m"], id="safe path")]


def run(mode: list[str], *arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, *mode, "saltbench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.mark.parametrize("mode", MODES)
def test_it_answers_as_the_command_does(mode: list[str], tmp_path: Path) -> None:
    process = run(mode, "--version", cwd=tmp_path)
    assert (process.stdout, process.stderr, process.returncode) == (f"{__version__}\n", "", 0)
    assert "Usage: saltbench [OPTIONS] COMMAND" in run(mode, cwd=tmp_path).stdout


@pytest.mark.parametrize("mode", MODES)
def test_a_mistake_is_one_line_and_status_1(mode: list[str], tmp_path: Path) -> None:
    process = run(mode, "run", "quik", cwd=tmp_path)
    assert process.returncode == 1
    assert process.stderr.startswith("saltbench: unknown suite 'quik'")
    assert process.stderr.count("\n") == 1


def test_modules_of_the_current_folder_do_not_run(tmp_path: Path) -> None:
    for name in ("typer", "rich", "torch", "datasets"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the current folder ran')")
    process = run(["-m"], "list", "suites", cwd=tmp_path)
    assert (process.stderr, process.returncode) == ("", 0)


@pytest.mark.slow
def test_worker_processes_start(tiny_file: Path, tmp_path: Path) -> None:
    narrowed = ("--tasks", "box/latter", "--methods", "saliency", "--seeds", "1", "--workers", "2", "--results", "out")
    process = run(["-m"], "run", str(tiny_file), *narrowed, cwd=tmp_path)
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "out/tiny/leaderboard.csv").exists()


def test_importing_the_module_runs_nothing() -> None:
    process = subprocess.run(
        [sys.executable, "-P", "-c", "import saltbench.__main__"], capture_output=True, text=True, timeout=60
    )
    assert (process.stdout, process.stderr, process.returncode) == ("", "", 0)
