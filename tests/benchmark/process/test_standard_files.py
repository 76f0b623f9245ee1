"""Standard streams and forks: what an entry does to them ends with its block, and a copy of the process with it."""

import subprocess
import sys
from pathlib import Path

import pytest
from tiny_suite import TINY

from saltbench.benchmark.process.settings import settings_restored

BLOCK = """\
import os, sys, tempfile
from contextlib import suppress
from saltbench.benchmark.process.settings import settings_restored

out, err = sys.stdout, sys.stderr
with suppress(ValueError), settings_restored():
    {statement}
file = tempfile.TemporaryFile()  # gets the smallest number that is free
sys.stdout.write("é table\\n")
sys.stderr.write("note\\n")
sys.stdout.flush()
assert os.fstat(file.fileno()).st_size == 0
"""
FORKS = """\
import os

from saltbench import MethodSpec


def forked(inputs):
    os.fork()
    return inputs


def raising(inputs):
    if os.fork() == 0:
        raise ValueError("from a copy")
    return inputs


FORKED = MethodSpec(name="forked", version=1, description="", reference="", factory=forked)
RAISING = MethodSpec(name="raising", version=1, description="", reference="", factory=raising)
"""
SMALL = (
    TINY.replace('"box/earlier", "box/latter"]', '"box/earlier"]')
    .replace('"lstm", "input-cell-lstm"', '"lstm"')
    .replace('"saliency", "smoothgrad", "integrated-gradients"', '"forked", "raising", "saliency"')
    .replace("seeds = 2", "seeds = 1")
)


def run(*command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-W", "ignore::DeprecationWarning", *command]  # of forks beside threads
    return subprocess.run(words, cwd=folder, capture_output=True, encoding="utf-8", timeout=300)


@pytest.mark.parametrize(
    "statement",
    [
        "sys.stdout.close(), sys.stderr.close()",
        "sys.stdout.detach(), sys.stderr.detach()",
        "os.close(1), os.close(2)",
        "os.closerange(0, 3)",
        "os.dup2(os.open(os.devnull, os.O_WRONLY), 1), os.dup2(1, 2)",
        "os.close(1), open('entry.log', 'w'), sys.stdout.close(), os.close(2)",
        "out.close(), err.detach(), setattr(sys, 'stdout', None), setattr(sys, 'stderr', sys.stdin)",
        "os.dup2(2, 1), sys.stdout.close(), int('none')",
    ],
)
def test_standard_streams_reach_their_files_after_a_block(tmp_path: Path, statement: str) -> None:
    done = run("-X", "utf8", "-c", BLOCK.format(statement=statement), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "é table\n", "note\n")


@pytest.mark.parametrize("statement", ["os.fork()", "os.fork() or int('none')", "os.fork() or sys.exit('no')"])
def test_a_copy_of_the_process_ends_with_the_block(tmp_path: Path, statement: str) -> None:
    done = run("-X", "utf8", "-c", BLOCK.format(statement=statement), folder=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "é table\n", "note\n")


@pytest.mark.parametrize("workers", ["1", pytest.param("2", marks=pytest.mark.slow)])
def test_a_method_that_forks_is_computed_once(tmp_path: Path, workers: str) -> None:
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "forks.py").write_text(FORKS)
    command = ("run", "small.toml", "--plugin", "forks.py", "--workers", workers)
    done = run("-P", "-c", "from saltbench.benchmark.commands.cli import main; main()", *command, folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.count("results/small/leaderboard.csv") == 1
    assert done.stderr.splitlines()[-1].startswith("[2/2] ")
    rows = (tmp_path / "results/small/leaderboard.csv").read_text().splitlines()[1:]
    assert [row.split(",")[3] for row in rows] == ["ok"] * 10


def test_a_stream_of_the_users_that_can_only_be_written_to_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    class Tee:
        def write(self, text: str) -> int:
            return len(text)

        def flush(self) -> None:
            pass

    tee = Tee()
    monkeypatch.setattr(sys, "stdout", tee)
    with settings_restored():
        pass
    assert sys.stdout is tee
