"""A run in a clone leaves what is committed as it was; elsewhere results lie in `results`."""

import shutil
import subprocess
from pathlib import Path

import pytest
from command_line import call

from saltbench.benchmark.commands.arguments import default_results

ROOT = Path(__file__).parents[3]
NARROWED = ("--tasks", "box/latter", "--methods", "saliency", "--seeds", "1", "--workers", "1")


@pytest.fixture
def clone(tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: committed results and what git ignores, as in a clone; quick.toml is a small suite."""
    if shutil.which("git") is None:
        pytest.skip("needs git")
    folder = tmp_path / "clone"
    (folder / "results").mkdir(parents=True)
    shutil.copy(ROOT / ".gitignore", folder)
    shutil.copy(ROOT / "results" / ".committed", folder / "results")
    shutil.copytree(ROOT / "results" / "quick", folder / "results" / "quick", ignore=lambda *_: ["cells", "models"])
    shutil.copy(tiny_file, folder / "quick.toml")
    monkeypatch.chdir(folder)
    git("init", "-q")
    git("add", "--all")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "clone")
    return folder


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("command", ["run", "removal"])
def test_a_run_leaves_a_clone_clean(clone: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    code, out = call(capsys, command, "quick.toml", *NARROWED)
    assert code is None
    assert git("status", "--porcelain") == ""
    assert "saltbench-results/quick" in out
    assert (clone / "saltbench-results" / "quick" / "leaderboard.csv").exists()


def test_the_committed_folder_is_written_when_it_is_named(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call(capsys, "run", "quick.toml", *NARROWED, "--results", "results")
    changed = git("status", "--porcelain").splitlines()
    assert " M results/quick/leaderboard.csv" in changed
    assert [line for line in changed if line.startswith("??")] == []  # stored cells are ignored
    assert not (clone / "saltbench-results").exists()


def test_results_lie_in_results_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert default_results() == Path("results")
    (tmp_path / "results").mkdir()
    assert default_results() == Path("results")
