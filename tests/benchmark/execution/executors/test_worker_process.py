"""A process that dies, hangs or is dismissed: what its caller is told, whatever ended it."""

import ctypes
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import pytest

from saltbench.benchmark.execution.executors.worker_process import FallenError, WorkerProcess

LATE = 0.5  # seconds after which a call is given up that would never end
LACKED_MEMORY = "; it lacked memory, most likely: run the same command again with fewer --workers"


def has_ended(number: int) -> bool:
    """Return whether a process ends: it is there for a moment after it has closed the pipe that tells of its end."""
    return not psutil.wait_procs([psutil.Process(number)] if psutil.pid_exists(number) else [], timeout=60)[1]


def hold_the_lock() -> None:
    ctypes.PyDLL(None).sleep(100000)  # PyDLL keeps the interpreter's lock


def ignore_and_wait(number: int) -> None:
    signal.signal(number, signal.SIG_IGN)
    time.sleep(100000)


def close_files_and_wait() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.closerange(3, 256)
    time.sleep(100000)


def leave_a_copy(path: Path, *, die: bool) -> None:
    if (copy := os.fork()) == 0:
        time.sleep(120)
        os._exit(0)
    path.write_text(str(copy))
    if die:
        os._exit(3)
    time.sleep(100000)


def raise_error(error: Exception) -> None:
    raise error


@pytest.fixture
def process() -> Iterator[WorkerProcess]:
    process = WorkerProcess()
    yield process
    process.dismiss()
    process.end(time.monotonic() + 60)


def ask(process: WorkerProcess, function: Callable[..., object], *arguments: object) -> object:
    return process.answer(process.begin(function, *arguments))


@pytest.mark.parametrize(
    ("function", "argument", "reason"),
    [
        pytest.param(os._exit, 0, "the worker process ended with exit status 0", id="exit 0"),
        pytest.param(os._exit, 7, "the worker process ended with exit status 7", id="exit 7"),
        pytest.param(ctypes.string_at, 0, "the worker process died (Segmentation fault)", id="segfault"),
        pytest.param(signal.raise_signal, signal.SIGTERM, "the worker process died (Terminated)", id="SIGTERM"),
        pytest.param(
            signal.raise_signal, signal.SIGKILL, f"the worker process died (Killed){LACKED_MEMORY}", id="SIGKILL"
        ),
    ],
)
@pytest.mark.parametrize("is_first", [True, False])
def test_how_a_process_ended(
    process: WorkerProcess, function: Callable[[int], object], argument: int, reason: str, is_first: bool
) -> None:
    if not is_first:
        assert ask(process, abs, -1) == 1
    with pytest.raises(FallenError, match=f"^{re.escape(reason)}$"):
        ask(process, function, argument)
    assert process.has_died
    with pytest.raises(FallenError, match="worker process"):  # and not another process in its place
        ask(process, abs, -1)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [(hold_the_lock, ()), (time.sleep, (100000,)), (ignore_and_wait, (signal.SIGTERM,))],
)
def test_a_call_that_takes_too_long_is_ended(
    process: WorkerProcess, function: Callable[..., None], arguments: tuple[int, ...]
) -> None:
    number = ask(process, os.getpid)
    assert isinstance(number, int)
    with pytest.raises(FallenError, match=r"^took longer than 0\.5 s; raise --timeout or make the method faster$"):
        process.answer(process.begin(function, *arguments), LATE)
    assert process.has_died
    assert not psutil.pid_exists(number)


@pytest.mark.parametrize(("die", "timeout", "reason"), [(True, None, "exit status 3"), (False, 2.0, "took longer")])
def test_a_copy_that_lives_on_hides_no_end(
    process: WorkerProcess, tmp_path: Path, die: bool, timeout: float | None, reason: str
) -> None:
    assert ask(process, abs, -1) == 1
    with pytest.raises(FallenError, match=reason):
        process.answer(process.begin(partial(leave_a_copy, tmp_path / "copy", die=die)), timeout)
    copy = int((tmp_path / "copy").read_text())
    assert psutil.pid_exists(copy)
    os.kill(copy, signal.SIGKILL)


def test_a_process_that_closes_its_pipes_is_ended(process: WorkerProcess) -> None:
    number = ask(process, os.getpid)
    assert isinstance(number, int)
    with pytest.raises(FallenError, match="the worker process died"):
        ask(process, close_files_and_wait)
    assert not psutil.pid_exists(number)


def test_a_death_between_two_calls_is_noticed(process: WorkerProcess) -> None:
    number = ask(process, os.getpid)
    assert isinstance(number, int)
    assert not process.has_died
    os.kill(number, signal.SIGKILL)
    assert has_ended(number)
    assert process.has_died


@pytest.mark.parametrize("error", [TimeoutError("mine"), ValueError("mine")])
def test_what_a_call_raises_is_no_fall(process: WorkerProcess, error: Exception) -> None:
    with pytest.raises(type(error), match=r"^mine$"):
        ask(process, raise_error, error)
    assert ask(process, abs, -1) == 1


def test_a_process_at_work_is_ended_when_it_is_dismissed(process: WorkerProcess) -> None:
    number = ask(process, os.getpid)
    assert isinstance(number, int)
    call = process.begin(hold_the_lock)
    process.dismiss()
    process.end(time.monotonic() + 60)
    with pytest.raises(FallenError, match="worker process"):
        process.answer(call)
    assert has_ended(number)


@pytest.mark.parametrize("is_busy", [True, False])
def test_a_dismissed_process_leaves_no_thread_to_the_end_of_the_interpreter(is_busy: bool) -> None:
    before = set(threading.enumerate())
    process = WorkerProcess()
    call = process.begin(time.sleep, 100000 if is_busy else 0)
    if not is_busy:
        process.answer(call)
    process.dismiss()
    process.end(time.monotonic() + 60)
    assert set(threading.enumerate()) == before
