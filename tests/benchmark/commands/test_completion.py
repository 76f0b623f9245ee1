"""Shells complete commands, options and names; what they are told comes from saltbench itself."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from saltbench.benchmark.commands.cli import REPRODUCED
from saltbench.benchmark.commands.reproduce import ALL, REPRODUCTIONS
from saltbench.benchmark.suites.suite import bundled_suites

COMMAND = [sys.executable, "-P", "-m", "saltbench"]
NEEDS_BASH = pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")


def completed(words: str) -> list[str]:
    """What bash is offered for the last of the words, which may be empty."""
    asked = {"_SALTBENCH_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    done = subprocess.run(COMMAND, capture_output=True, text=True, timeout=120, env={**os.environ, **asked})
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("saltbench re", {"reproduce", "removal"}),
        ("saltbench run --dr", {"--dry-run"}),
        ("saltbench run t", {"table1"}),
        ("saltbench status m", {name for name in bundled_suites() if name.startswith("m")}),
        ("saltbench list me", {"methods", "metrics"}),
        ("saltbench reproduce m", {"moving-box", "mnist"}),
        ("saltbench run nothing", set()),
    ],
)
def test_bash_is_offered_what_fits(words: str, offered: set[str]) -> None:
    assert set(completed(words)) == offered


@NEEDS_BASH
def test_bash_completes_after_the_script_that_is_shown(tmp_path: Path) -> None:
    shown = in_bash("--show-completion", tmp_path)
    assert shown.returncode == 0, shown.stderr
    assert "_SALTBENCH_COMPLETE=complete_bash" in shown.stdout
    assert "complete -o default -F" in shown.stdout


@NEEDS_BASH
def test_completion_is_installed_for_the_shell(tmp_path: Path) -> None:
    done = in_bash("--install-completion", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "saltbench" in (tmp_path / ".bashrc").read_text()
    scripts = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != ".bashrc"]
    assert any("_SALTBENCH_COMPLETE=complete_bash" in path.read_text() for path in scripts)


def in_bash(option: str, home: Path) -> subprocess.CompletedProcess[str]:
    """saltbench run by a bash, which it takes for the user's shell."""
    words = " ".join(f"'{word}'" for word in (*COMMAND, option))
    return subprocess.run(
        ["bash", "-c", f"{words}; exit $?"],
        capture_output=True, text=True, timeout=120, cwd=home, env={**os.environ, "HOME": str(home)},
    )  # fmt: skip


def test_what_can_be_reproduced_is_offered() -> None:
    assert (*REPRODUCTIONS, ALL) == REPRODUCED
