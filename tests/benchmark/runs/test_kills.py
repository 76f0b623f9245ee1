"""A run that is stopped at any instant loses nothing, leaves no process, and ends in the same bytes when repeated."""

import os
import random
import shutil
import signal
import time
from pathlib import Path

import pytest
from commanded_runs import Forks, check_readable, left_of, start
from lasting_files import lasting, temporary
from tiny_suite import SMALLER

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STATUSES = (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 130)  # -2: before there was a run to interrupt
MOST_SYNCS = 16  # of a run before it is stopped: a cell syncs five times, the tables and figures some twenty
TABLES = 7  # each synced twice, its folder included
Whole = tuple[Path, dict[str, bytes], float]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """A suite's file, what an uninterrupted run of it writes, and the seconds that it takes from start-up on."""
    folder = tmp_path_factory.mktemp("whole")
    suite = folder / "tiny.toml"
    suite.write_text(SMALLER)
    begun = time.monotonic()
    process = start(suite, folder, "--workers 1")
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    return suite, lasting(folder / "tiny"), time.monotonic() - begun


def check_whole(folder: Path, expected: dict[str, bytes]) -> None:
    assert lasting(folder) == expected
    assert temporary(folder) == []
    assert check_readable(folder, expected, [expected["leaderboard.csv"]])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seed", "options", "how"),
    [
        (0, "--workers 1", signal.SIGKILL),
        (1, "--workers 1 --timeout 200", signal.SIGTERM),
        (2, "--workers 2", signal.SIGKILL),
        (3, "--workers 2 --timeout 200", signal.SIGINT),
    ],
)
def test_stopped_at_random_instants(whole: Whole, tmp_path: Path, seed: int, options: str, how: signal.Signals) -> None:
    suite, expected, seconds = whole
    rng = random.Random(seed)
    count = 0
    for _ in range(5):
        process = start(suite, tmp_path, options)
        time.sleep(rng.uniform(0, seconds))
        process.send_signal(how)  # to the first process alone
        process.communicate(timeout=120)
        assert process.returncode in (0, *STATUSES)
        assert left_of(process.pid) == []
        count += process.returncode != 0
        check_readable(tmp_path / "tiny", expected, [expected["leaderboard.csv"]])
    assert count > 0
    process = start(suite, tmp_path, options)
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert left_of(process.pid) == []
    check_whole(tmp_path / "tiny", expected)


@pytest.mark.parametrize(("seed", "stops"), [pytest.param(seed, 12, marks=pytest.mark.slow) for seed in range(4)])
def test_stopped_between_two_writes(whole: Whole, tmp_path: Path, seed: int, stops: int) -> None:
    suite, expected, _ = whole
    rng = random.Random(seed)
    with Forks(suite, tmp_path) as forks:
        for _ in range(stops):
            assert forks.run(rng.randint(1, MOST_SYNCS), rng.choice(SIGNALS)) in STATUSES
            check_readable(tmp_path / "tiny", expected, [expected["leaderboard.csv"]])
        assert forks.run() == 0
    check_whole(tmp_path / "tiny", expected)


@pytest.fixture(scope="module")
def narrower(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of the suite whose tables are those of a later run with fewer methods."""
    suite = load_suite(str(whole[0]), load_registries(), {"methods": ["saliency"]})
    folder = tmp_path_factory.mktemp("narrower") / "tiny"
    shutil.copytree(whole[0].parent / "tiny", folder)
    run_suite(suite, folder.parent)
    return folder


@pytest.mark.slow
def test_stopped_before_each_table_and_the_provenance_is_repaired(whole: Whole, narrower: Path, tmp_path: Path) -> None:
    suite, expected, _ = whole
    folder = tmp_path / "tiny"
    boards = [(narrower / "leaderboard.csv").read_bytes(), expected["leaderboard.csv"]]
    assert boards[0] != boards[1]
    status, readable = 1, []
    with Forks(suite, tmp_path) as forks:
        while status:
            shutil.copytree(narrower, folder)
            status = forks.run(len(readable) + 1)
            assert status in (0, -signal.SIGKILL)
            readable.append(check_readable(folder, expected, boards))
            assert forks.run() == 0
            check_whole(folder, expected)
            shutil.rmtree(folder)
    assert len(readable) > 2 * (TABLES + 1)
    refused = [number for number, is_read in enumerate(readable) if not is_read]
    assert refused == list(range(refused[0], refused[-1] + 1))  # from the first other table to the provenance


def test_ctrl_c_says_how_to_go_on(whole: Whole, tmp_path: Path) -> None:
    process = start(whole[0], tmp_path, "--workers 2")
    while not (tmp_path / "tiny" / ".lock").exists():
        assert process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: parent and workers alike
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "saltbench: interrupted; run the same command again to finish the rest"
    assert "Traceback" not in errors
