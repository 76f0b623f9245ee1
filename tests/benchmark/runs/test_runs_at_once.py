"""Of runs that share a folder at the same time one writes and others are refused, and all folders end right."""

import random
import subprocess
import time
from pathlib import Path

import pytest
from commanded_runs import check_readable, start
from lasting_files import lasting, temporary
from tiny_suite import SMALLER

from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

ROUNDS = 10
BUSY = "saltbench: another run is writing {}; wait for it or choose another --results"


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """A suite's file, and what a run of it writes that is alone."""
    folder = tmp_path_factory.mktemp("alone")
    suite = folder / "tiny.toml"
    suite.write_text(SMALLER)
    return suite, lasting(run_suite(load_suite(str(suite), load_registries()), folder).folder)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_of_runs_at_once_each_ends_right_or_is_refused(
    alone: tuple[Path, dict[str, bytes]], tmp_path: Path, seed: int
) -> None:
    suite, expected = alone
    rng = random.Random(seed)
    names = rng.choice((["shared"] * 2, ["shared"] * 3, ["shared", "shared", "apart"], ["shared", "apart"]))
    runs = []
    for name in names:
        workers = rng.choice((1, 2))
        runs.append((tmp_path / name / "tiny", start(suite, tmp_path / name, f"--workers {workers}")))
        time.sleep(rng.choice((0, 0.05, 1, 4)))
    folders = {folder for folder, _ in runs}
    while any(process.poll() is None for _, process in runs):
        for folder in folders:
            check_readable(folder, expected, [expected["leaderboard.csv"]])
        time.sleep(0.2)
    ended = dict.fromkeys(folders, 0)
    for folder, process in runs:
        ended[folder] += is_done(process, folder)
    assert all(ended.values())
    for folder in folders:
        assert lasting(folder) == expected
        assert temporary(folder) == []


def is_done(process: "subprocess.Popen[str]", folder: Path) -> bool:
    """Return whether a run did its work, after checking that it was refused in one sentence if not."""
    _, errors = process.communicate(timeout=60)
    if process.returncode == 0:
        return True
    assert (process.returncode, errors) == (1, f"{BUSY.format(folder)}\n")
    return False
