"""Runs of the command in processes of their own, that are stopped, watched and compared."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Container
from pathlib import Path

import psutil
from lasting_files import stored

from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.errors import StoreError

# a job that a shell started in the background ignores Ctrl-C, and so do its children: a user's terminal does not
COMMAND = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from saltbench.benchmark.commands.cli import main
main()
"""
# imports once, and forks a run for every line of its input; the run is stopped when it syncs for the nth time
FORKING = """
import os, signal, sys
from saltbench.benchmark.runs import console
from saltbench.benchmark.commands.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
real = os.fsync

def stopping(left, how):
    def counted(descriptor):
        nonlocal left
        left -= 1
        if left == 0:
            signal.raise_signal(how)
        real(descriptor)
    return counted

for line in sys.stdin:
    if child := os.fork():
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        continue
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    count, how = map(int, line.split())
    os.fsync = stopping(count, how)
    try:
        main()
    except SystemExit as end:
        os._exit(end.code or 0)
    os._exit(99)
"""


def _command(code: str, suite: Path, results: Path, options: str) -> list[str]:
    # -P keeps the repository's top-level folders off sys.path
    given = ["run", str(suite), "--results", str(results), "--device", "cpu", *shlex.split(options)]
    return [sys.executable, "-P", "-c", code, *given]


def start(suite: Path, results: Path, options: str = "") -> "subprocess.Popen[str]":
    """Start a run in a process group of its own."""
    command = _command(COMMAND, suite, results, options)
    return subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


class Forks:
    """Runs one after another in one folder, each forked from a process that has imported everything."""

    def __init__(self, suite: Path, results: Path, options: str = "--workers 1") -> None:
        self.process = subprocess.Popen(
            _command(FORKING, suite, results, options), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self) -> "Forks":
        return self

    def __exit__(self, *_: object) -> None:
        with self.process:  # which closes its input, and so ends it
            pass

    def run(self, syncs: int = 0, how: signal.Signals = signal.SIGKILL) -> int:
        """Run, stopped before something is synced for that time, or never; return the exit status, -n of a signal n."""
        assert self.process.stdin
        assert self.process.stdout
        print(syncs, int(how), file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


def left_of(group: int, patience: float = 30) -> list[psutil.Process]:
    """Return the processes of a group that live on after a while."""
    end = time.monotonic() + patience
    while (found := _living(group)) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def _living(group: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["status"]):
        try:
            if os.getpgid(process.pid) == group and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        except ProcessLookupError:
            continue
    return found


def check_readable(folder: Path, expected: dict[str, bytes], boards: Container[bytes]) -> bool:
    """Check that all whole results are right, and that the leaderboard is one of boards or refused in one sentence.

    Returns:
        Whether the leaderboard could be read.
    """
    found = stored(folder)
    assert {path: expected.get(path) for path in found} == found
    if refusal := _refusal(folder):
        assert "\n" not in refusal
        return False
    assert (folder / "leaderboard.csv").read_bytes() in boards
    return True


def _refusal(folder: Path) -> str:
    found = ResultsFolder(folder)
    try:
        for read in ("table", "scores"):
            getattr(found, read)
    except StoreError as error:
        return str(error)
    return ""
