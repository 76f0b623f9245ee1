"""Small runs with a plugin of one file."""

from pathlib import Path

import pandas as pd
from tiny_suite import TINY

from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite


def place(plugin: str, code: str) -> str:
    """The file and line of some code, as reasons write them."""
    (number,) = [number for number, line in enumerate(plugin.splitlines(), start=1) if code in line]
    return f"(methods.py:{number})"


def tiny_run(folder: Path, plugin: str, **overrides: object) -> Result:
    (folder / "tiny.toml").write_text(TINY)
    path = folder / "methods.py"
    path.write_text(plugin)
    given = {"tasks": ["box/latter"], "architectures": ["lstm"], "methods": ["saliency"], "seeds": 1, **overrides}
    registries = load_registries([path])
    return run_suite(load_suite(str(folder / "tiny.toml"), registries, given), folder / "results", plugins=[path])


def row(result: Result, method: str, architecture: str = "lstm", task: str = "box/latter") -> "pd.Series[object]":
    return result.table.set_index(["task", "architecture", "method"]).loc[(task, architecture, method)]
