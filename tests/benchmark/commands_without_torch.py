"""Runs command lines where PyTorch and Captum cannot be imported."""

import subprocess
import sys
from pathlib import Path

# each command line in one fresh interpreter: what one of them imports, the others see too, and torch none of them
BLOCKED = """
import importlib.abc, sys

class Blocked(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "captum"):
            raise AssertionError(f"{name} was imported")
        return None

sys.meta_path.insert(0, Blocked())
from saltbench.benchmark.commands import cli

for line in sys.stdin.read().splitlines():
    sys.argv = ["saltbench", *line.split()]
    try:
        cli.main()
    except SystemExit as end:
        sys.stdout.write(f"{line}: {end.code}\\n")
"""


def run_blocked(folder: Path, *commands: str) -> dict[str, str]:
    """Return the exit code, or message, of each command line, run in folder where PyTorch cannot be imported."""

    done = subprocess.run(
        [sys.executable, "-P", "-c", BLOCKED],
        input="\n".join(commands), capture_output=True, text=True, timeout=300, cwd=folder,
    )  # fmt: skip
    ends = dict(line.rsplit(": ", 1) for line in done.stdout.splitlines() if line.startswith(commands))
    assert done.returncode == 0, done.stderr
    assert list(ends) == list(commands), done.stderr
    return ends
