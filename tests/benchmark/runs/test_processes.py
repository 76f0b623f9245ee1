"""What a run's processes execute, how they end, and where its files go, at the level of the command."""

import os
import shlex
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import psutil
import pytest
from commanded_runs import left_of
from tiny_suite import TINY

from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

COMMAND = Path(sysconfig.get_path("scripts")) / "saltbench"
NARROW = "--tasks box/latter --architectures lstm --seeds 1 --device cpu"
# a job that a shell started in the background ignores Ctrl-C, and so do its children: a user's terminal does not
LISTENING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
MODULES = sorted(
    {*sys.stdlib_module_names, "torch", "numpy", "pandas", "pyarrow", "rich", "typer", "saltbench", "sitecustomize"}
)

PLUGIN = """
import ctypes, multiprocessing, os, shutil, sys, tempfile, threading, time
from pathlib import Path
import torch
from saltbench import MethodSpec

def misbehave(inputs, *, how):
    match how:
        case "leaves":
            os.chdir(tempfile.mkdtemp())
        case "removes":
            shutil.rmtree("results/tiny/scores", ignore_errors=True)
        case "holds-the-lock":
            Path("held").touch()
            ctypes.PyDLL(None).sleep(100000)  # PyDLL keeps the interpreter's lock
        case "goes-on":
            threading.Thread(target=time.sleep, args=(1000,)).start()
            multiprocessing.get_context("fork").Process(target=time.sleep, args=(1000,)).start()
        case "tells":
            Path("path.txt").write_text(repr((sys.path, sorted(os.environ.items()))))
    return torch.ones_like(inputs)

for how in ("leaves", "removes", "holds-the-lock", "goes-on", "tells"):
    globals()[how] = MethodSpec(
        name=how, version=1, description="d", reference="r", factory=misbehave, parameters={"how": how},
    )
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a suite and a plugin; all paths are given from here."""
    (tmp_path / "tiny.toml").write_text(TINY)
    (tmp_path / "mine.py").write_text(PLUGIN)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    return tmp_path


def saltbench(options: str) -> "subprocess.CompletedProcess[str]":
    command = [str(COMMAND), "run", "tiny.toml", *shlex.split(f"{NARROW} --plugin mine.py {options}")]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def booby_trapped(folder: Path) -> None:
    """Fill a folder with modules that are named as those which Python and saltbench import, and tell if they run."""
    for name in MODULES:
        (folder / f"{name}.py").write_text(f"open({str(folder / 'marker')!r}, 'a').write(__name__ + ' ')\n")


def statuses() -> "pd.Series[str]":
    return pd.read_csv("results/tiny/leaderboard.csv", keep_default_na=False).set_index("method").status


@pytest.mark.parametrize(
    "options",
    [
        pytest.param("--methods saliency --workers 1", marks=pytest.mark.slow),
        "--methods saliency smoothgrad --workers 2 --timeout 250",  # parent and workers import all there is
    ],
)
def test_no_module_of_the_current_folder_is_executed(folder: Path, options: str) -> None:
    booby_trapped(folder)
    done = saltbench(options)
    assert done.returncode == 0, done.stderr
    assert not (folder / "marker").exists(), (folder / "marker").read_text()


@pytest.mark.parametrize("command", ["current = ''", "import os; current = os.getcwd()"])
def test_the_command_takes_the_current_folder_off_its_module_path(folder: Path, command: str) -> None:
    code = f"import sys; {command}; sys.path[0] = current; from saltbench.benchmark.commands.cli import main\n"
    code += "try: main()\nfinally: print(sys.path.count(current))"
    done = subprocess.run([sys.executable, "-c", code, "--version"], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "0", done.stderr


@pytest.mark.slow
def test_a_worker_has_the_module_path_and_environment_of_its_parent(folder: Path) -> None:
    told = []
    for options in ("--workers 1", "--workers 1 --timeout 250 --results others"):
        done = saltbench(f"--methods tells {options}")
        assert done.returncode == 0, done.stderr
        told.append((folder / "path.txt").read_text())
    assert told[0] == told[1]


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_method_that_leaves_the_current_folder_loses_nothing(folder: Path, workers: int) -> None:
    done = saltbench(f"--methods leaves saliency --workers {workers}")
    assert done.returncode == 0, done.stderr
    assert set(statuses()) == {"ok"}
    assert "results/tiny/leaderboard.csv" in done.stdout


def run(methods: list[str], workers: int = 1) -> Result:
    plugins = [Path("mine.py")]
    given = {"tasks": ["box/latter"], "architectures": ["lstm"], "seeds": 1, "methods": methods}
    return run_suite(
        load_suite("tiny.toml", load_registries(plugins), given), Path("results"), plugins=plugins, workers=workers
    )


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_result_that_vanishes_is_a_failure_with_a_reason(folder: Path, workers: int) -> None:
    run(["saliency"])  # before, since workers share the cells of a network
    result = run(["saliency", "removes"], workers)
    standing = result.table[result.table.architecture == "lstm"].set_index("method")
    assert standing.status.to_dict() == {"saliency": "failed", "removes": "ok"}
    assert standing.reason["saliency"].startswith("seed 0: its result is gone from the results folder")
    assert ("saliency", "failed") in {(failure.method, failure.status) for failure in result.failures}
    assert not run(["saliency", "removes"]).failures  # the same command finishes the rest


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_what_a_method_leaves_running_does_not_keep_the_command_from_its_end(folder: Path, workers: int) -> None:
    process = start(f"--methods goes-on --workers {workers}")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert set(statuses()) == {"ok"}
    assert not left_of(process.pid)


def start(options: str, code: str = LISTENING) -> "subprocess.Popen[str]":
    script = (
        f"{code}; import runpy, sys; sys.argv[0] = {str(COMMAND)!r}; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-P", "-c", script, "run", "tiny.toml"]
    command += shlex.split(f"{NARROW} --plugin mine.py {options}")
    return subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, start_new_session=True
    )


def children(process: "subprocess.Popen[str]") -> Iterator[psutil.Process]:
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if "spawn_main" in " ".join(child.cmdline()):
                yield child
        except psutil.NoSuchProcess:
            continue


@pytest.mark.parametrize("delay", [pytest.param(0, marks=pytest.mark.slow), 0.5])
def test_ctrl_c_while_the_first_worker_starts_reaches_the_parent_alone(folder: Path, delay: float) -> None:
    process = start("--methods saliency --workers 2")
    while not list(children(process)):
        assert process.poll() is None
        time.sleep(0.005)
    time.sleep(delay)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: parent, workers and what watches them
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "saltbench: interrupted; run the same command again to finish the rest"


def test_workers_end_with_a_parent_that_is_killed_whatever_they_compute(folder: Path) -> None:
    process = start("--methods holds-the-lock --workers 2")
    while not (folder / "held").exists():
        assert process.poll() is None
        time.sleep(0.05)
    workers = list(children(process))
    assert workers
    process.kill()
    process.communicate(timeout=60)
    assert not psutil.wait_procs(workers, timeout=60)[1]


@pytest.mark.slow
def test_no_module_of_the_current_folder_is_executed_by_workers_of_xdist(folder: Path) -> None:
    pytest.importorskip("xdist", reason="needs pytest-xdist")
    booby_trapped(folder)
    command = [sys.executable, "-P", "-m", "pytest", "--saltbench", "tiny.toml", "-n1", "-p", "no:cacheprovider"]
    given = {"tasks": "box/latter", "architectures": "lstm", "methods": "saliency", "seeds": "1", "results": "results"}
    command += [f"--saltbench-{name}={value}" for name, value in given.items()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert not (folder / "marker").exists(), (folder / "marker").read_text()
