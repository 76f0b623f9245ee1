"""Cells that hang or take their process with them fail alone, in real processes."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from tiny_suite import TINY

from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import ParameterError, StoreError, WorkerError

pytestmark = pytest.mark.usefixtures("undrawn")

PLUGIN = """
import ctypes, faulthandler, os, sys, threading, time
import torch
from saltbench import ArchitectureSpec, MethodSpec, TaskSpec
from saltbench.errors import DataError, StoreError

class Demanding(DataError):
    def __init__(self, place, what):
        super().__init__(f"no {what} at {place}")

class Full(StoreError):
    def __init__(self, place, what):
        super().__init__(f"no {what} at {place}")

def misbehave(inputs, *, how):
    match how:
        case "loop":
            while True:
                pass
        case "stubborn":
            while True:
                try:
                    time.sleep(1000)
                except BaseException:
                    pass
        case "wait":
            threading.Event().wait()
        case "holds-the-lock":
            ctypes.PyDLL(None).sleep(100000)  # PyDLL keeps the interpreter's lock
        case "product":
            while True:
                torch.rand(3000, 3000) @ torch.rand(3000, 3000)
        case "exit":
            os._exit(7)
        case "leave":
            os._exit(0)
        case "segfault":
            faulthandler.disable()
            ctypes.string_at(0)
        case "killed":
            os.kill(os.getpid(), 9)
        case "interrupt":
            raise KeyboardInterrupt("by an entry")
        case "demanding":
            raise Demanding("home", what="milk")
        case "full":
            raise Full("home", what="room")
        case "slow":
            time.sleep(0.5)
    return torch.ones_like(inputs)

FAULTS = "loop stubborn wait holds-the-lock product exit leave segfault killed interrupt demanding full slow"
for how in FAULTS.split():
    globals()[how] = MethodSpec(
        name=f"bad-{how}", version=1, description="d", reference="r", factory=misbehave, parameters={"how": how},
    )

architecture = ArchitectureSpec(
    name="dying", version=1, description="d", reference="r", factory=lambda *, features, classes: os._exit(3),
)
"""
TIMEOUT = 10  # seconds; a sound cell takes less on a busy machine, too
LATE = f"took longer than {TIMEOUT} s; raise --timeout or make the method faster"
REASONS = {
    "bad-loop": LATE,
    "bad-stubborn": LATE,
    "bad-wait": LATE,
    "bad-holds-the-lock": LATE,
    "bad-product": LATE,
    "bad-exit": "the worker process ended with exit status 7",
    "bad-leave": "the worker process ended with exit status 0",
    "bad-segfault": "the worker process died (Segmentation fault)",
    "bad-killed": "the worker process died (Killed); it lacked memory, most likely: run the same command again with",
    "bad-demanding": "no milk at home",
    "bad-interrupt": "KeyboardInterrupt: by an entry (bad.py:",
}


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "bad.py"
    path.write_text(PLUGIN)
    return path


def run(folder: Path, plugin: Path, workers: int = 2, timeout: float | None = None, **overrides: object) -> Result:
    (folder / "tiny.toml").write_text(TINY)
    given = {"tasks": ["box/latter"], "architectures": ["lstm"], "seeds": 1, **overrides}
    suite = load_suite(str(folder / "tiny.toml"), load_registries([plugin]), given)
    return run_suite(suite, folder / "results", plugins=[plugin], workers=workers, timeout=timeout)


def row(result: Result, method: str, architecture: str = "lstm") -> "pd.Series[object]":
    return result.table.set_index(["architecture", "method"]).loc[(architecture, method)]


def check_failures(result: Result, plugin: Path, bad: list[str], alone: Result) -> None:
    for method in bad:
        assert row(result, method).status == "failed"
        assert row(result, method).reason.startswith(f"seed 0: {REASONS[method]}")
    assert sorted(failure.method for failure in result.failures) == sorted(bad)
    good = result.table[~result.table.method.isin(bad)].reset_index(drop=True)
    pd.testing.assert_frame_equal(good, alone.table)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(["bad-stubborn", "bad-exit", "bad-demanding", "bad-interrupt"], id="few"),
        pytest.param(list(REASONS), id="all", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_only_the_cell_fails(tmp_path: Path, plugin: Path, workers: int, bad: list[str]) -> None:
    sound = ["saliency", "bad-slow", "smoothgrad"]
    alone_folder = tmp_path / "alone"
    alone_folder.mkdir()
    alone = run(alone_folder, plugin, workers=1, methods=sound)
    methods = ["saliency", *bad, "bad-slow", "smoothgrad"]  # sound ones before and after
    result = run(tmp_path, plugin, workers, timeout=TIMEOUT, methods=methods)
    check_failures(result, plugin, bad, alone)
    assert not list((tmp_path / "results").glob("tiny/*/.tmp-*"))


@pytest.mark.slow
def test_a_process_that_dies_before_the_cells_fails_them_all_and_no_other(tmp_path: Path, plugin: Path) -> None:
    result = run(tmp_path, plugin, architectures=["dying", "lstm"], methods=["saliency", "smoothgrad"])
    for method in ("saliency", "smoothgrad"):
        found = row(result, method, "dying")
        assert found.status == "failed"
        assert found.reason == (
            "seed 0: while data and model were prepared, the worker process ended with exit status 3"
        )
        assert row(result, method).status == "ok"
    assert (result.table[result.table.architecture == ""].status == "ok").all()


@pytest.mark.slow
def test_the_command_says_what_took_too_long(tmp_path: Path, plugin: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    code = "from saltbench.benchmark.commands.cli import main; main()"
    narrowed = ["--tasks", "box/latter", "--architectures", "lstm", "--methods", "bad-wait", "saliency", "--seeds", "1"]
    command = [sys.executable, "-P", "-c", code, "run", "tiny.toml", "--plugin", "bad.py", *narrowed]
    command += ["--timeout", str(TIMEOUT), "--workers", "2", "--device", "cpu"]
    process = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert process.returncode == 1
    assert process.stderr.splitlines()[-1] == (
        f"saltbench: 1 cell failed, the others are complete; it is: box/latter lstm bad-wait seed 0: {LATE}"
    )
    table = pd.read_csv(tmp_path / "results/tiny/leaderboard.csv", keep_default_na=False).set_index(
        ["architecture", "method"]
    )
    assert table.loc[("lstm", "saliency"), "status"] == "ok"
    assert table.loc[("lstm", "bad-wait"), "status"] == "failed"


@pytest.mark.slow
def test_ctrl_c_ends_a_run_whose_workers_hang(tmp_path: Path, plugin: Path) -> None:
    (tmp_path / "tiny.toml").write_text(TINY)
    listening = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = f"{listening}; from saltbench.benchmark.commands.cli import main; main()"
    narrowed = ["--tasks", "box/latter", "--architectures", "lstm", "--methods", "bad-holds-the-lock", "--seeds", "1"]
    command = [sys.executable, "-P", "-c", code, "run", "tiny.toml", "--plugin", "bad.py", *narrowed]
    command += ["--workers", "2", "--device", "cpu"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=tmp_path, start_new_session=True)
    while not list((tmp_path / "results").glob("tiny/models/*/record.json")):
        assert process.poll() is None
        time.sleep(0.05)
    time.sleep(1)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)  # the pipe ends when the last worker has ended, too
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "saltbench: interrupted; run the same command again to finish the rest"


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf")])
def test_a_timeout_is_a_positive_number(tmp_path: Path, plugin: Path, timeout: float) -> None:
    with pytest.raises(ParameterError, match=rf"^timeout must be a positive number of seconds, got {timeout:g}$"):
        run(tmp_path, plugin, timeout=timeout, methods=["saliency"])


def test_a_process_that_does_not_start_ends_the_run(tmp_path: Path, plugin: Path) -> None:
    only_the_first = f"import os, multiprocessing\nif multiprocessing.parent_process(): os._exit(5)\n{PLUGIN}"
    plugin.write_text(only_the_first)
    expected = r"^the worker process ended with exit status 5, before its first job; .* run the same command again$"
    with pytest.raises(WorkerError, match=expected):
        run(tmp_path, plugin, methods=["saliency"])


def test_an_error_of_the_store_in_a_worker_ends_the_run(tmp_path: Path, plugin: Path) -> None:
    folder = tmp_path / "results" / "tiny"
    folder.mkdir(parents=True)
    (folder / "yardsticks").write_text("in the way")
    with pytest.raises(StoreError, match=r"cannot write .*yardsticks"):
        run(tmp_path, plugin, methods=["saliency"])


@pytest.mark.slow
def test_an_error_that_cannot_cross_to_another_process_ends_the_run_by_its_text(tmp_path: Path, plugin: Path) -> None:
    with pytest.raises(StoreError, match=r"^no room at home$"):
        run(tmp_path, plugin, methods=["bad-full"])
