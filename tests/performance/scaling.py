"""How long a suite takes with one, two and four workers, and on a Dask scheduler with two on loopback.

`tox run -e scaling` writes results/overhead/scaling.csv, on an otherwise idle machine. Each way runs the suite from the
command line into an empty folder, in turn for so many rounds. Columns: the suite, the executor, its workers, the cores
that the process may use, cells, medians over the rounds of wall seconds and of processor seconds (of the command, its
workers and the scheduler), how many times as fast as one worker, and processor seconds over those of one worker. A way
whose leaderboard has other bytes than that of one worker ends the script.
"""

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import pandas as pd

from saltbench.systems import usable_cores

COLUMNS = ("suite", "executor", "workers", "cores", "cells", "wall_seconds", "cpu_seconds", "speedup", "work")
DIGITS = 2


class Way(NamedTuple):
    """Where the cells of a suite are computed."""

    executor: str
    workers: int


class Spent(NamedTuple):
    """What a run took, in seconds."""

    wall: float
    cpu: float


WAYS = (Way("local", 1), Way("local", 2), Way("local", 4), Way("dask", 2))


@contextmanager
def options_of(way: Way) -> Iterator[list[str]]:
    """Give the options of the command line; a Dask cluster lives as long as the block."""
    if way.executor == "local":
        yield ["--workers", str(way.workers)]
        return
    from distributed import LocalCluster

    with LocalCluster(n_workers=way.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        yield ["--executor", way.executor, "--scheduler", cluster.scheduler_address]


def run(suite: str, way: Way, folder: Path) -> Spent:
    """Run a suite into an empty folder."""
    command = [sys.executable, "-P", "-m", "saltbench", "run", suite, "--results", str(folder), "--device", "cpu"]
    before = _cpu_seconds()
    with options_of(way) as options:
        start = time.perf_counter()
        done = subprocess.run([*command, *options], capture_output=True, text=True)
        wall = time.perf_counter() - start
    assert done.returncode == 0, done.stderr
    return Spent(wall, _cpu_seconds() - before)  # those of workers count once they have ended


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def leaderboard_of(folder: Path) -> Path:
    """Return the leaderboard of the only suite in a folder."""
    (found,) = folder.glob("*/leaderboard.csv")
    return found


def measure(suite: str, rounds: int) -> tuple[dict[Way, list[Spent]], int]:
    """Return what each way spent in each round, and the number of cells."""
    spent: dict[Way, list[Spent]] = {way: [] for way in WAYS}
    expected, cells = b"", 0
    for _ in range(rounds):
        for way in WAYS:
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary)
                spent[way].append(run(suite, way, folder))
                table = leaderboard_of(folder)
                expected = expected or table.read_bytes()
                assert table.read_bytes() == expected, f"{way} has another leaderboard"
                cells = int(pd.read_csv(table).seeds.sum())
    return spent, cells


def rows(suite: str, spent: Mapping[Way, Sequence[Spent]], cells: int) -> Iterator[list[object]]:
    """Yield a row of the CSV file for each way."""
    medians = {way: Spent(*(median(each) for each in zip(*of_way, strict=True))) for way, of_way in spent.items()}
    one = medians[WAYS[0]]
    for way, (wall, cpu) in medians.items():
        numbers = (round(number, DIGITS) for number in (wall, cpu, one.wall / wall, cpu / one.cpu))
        yield [Path(suite).stem, *way, usable_cores(), cells, *numbers]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--suite", default="quick", help="a bundled one, or a TOML file")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    table = [COLUMNS, *rows(options.suite, *measure(options.suite, options.rounds))]
    csv.writer(sys.stdout).writerows(table)
    if options.output:
        with options.output.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(table)


if __name__ == "__main__":
    main()
