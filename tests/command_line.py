"""The command line called in this process, and in one of its own."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from saltbench.benchmark.commands import cli

Said = Callable[..., tuple[object, str]]  # arguments to the exit code, or message, and standard output


def ended(*arguments: object) -> object:
    """Return the exit code, or the message, with which `saltbench` ends on these arguments."""
    with mock.patch.object(sys, "argv", ["saltbench", *map(str, arguments)]):
        try:
            cli.main()
        except SystemExit as end:
            return end.code
    pytest.fail("main returned, where it has to exit")


def run(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """Run the command in a process of its own, in a folder, and return what it printed and how it ended."""
    command = [sys.executable, "-P", "-c", "from saltbench.benchmark.commands.cli import main; main()", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """Run main in this process and return its exit code or message, and what it printed."""
    return ended(*arguments), capsys.readouterr().out
