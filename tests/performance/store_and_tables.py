"""Measure planning, a run with nothing to do, the leaderboard and the statistics on results that are made up.

A results folder of a grid is filled through the store, without training; each step is measured in a process of its own,
in seconds of processor time and the peak of its memory. `--grid` is tasks × seeds × architectures × methods × samples,
the reference methods come on top. Run by hand; with `--output` the measurements are appended to a CSV file:

    python tests/performance/store_and_tables.py --grid 9x9x12x20x50 --steps plan run leaderboard statistics
"""

import argparse
import csv
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.execution.plan import Job, jobs
from saltbench.benchmark.execution.stored.maps import StoredMap
from saltbench.benchmark.execution.stored.run import SAMPLES, put_map, scores_of, yardsticks_of
from saltbench.benchmark.execution.stored.samples import Examples, StoredSamples
from saltbench.benchmark.leaderboards.leaderboard import leaderboard
from saltbench.benchmark.leaderboards.statistical_tables import statistical_tables
from saltbench.benchmark.metrics.spec import MetricSpec
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.choice import Choice
from saltbench.benchmark.suites.provenance import environment
from saltbench.benchmark.suites.registry import default_metrics, load_registries
from saltbench.benchmark.suites.suite import Suite

COLUMNS = ["grid", "step", "cells", "rows", "cpu_seconds", "wall_seconds", "peak_mb"]
SIZE = (4, 3)  # time, features of a map
REFERENCES = 7
REGISTRIES = load_registries()
METRICS = default_metrics(REGISTRIES)
ENVIRONMENT = environment()


class Grid(NamedTuple):
    """How many of each there are."""

    tasks: int
    seeds: int
    architectures: int
    methods: int
    samples: int

    @staticmethod
    def of(text: str) -> "Grid":
        """Return the grid that the command line names."""
        return Grid(*map(int, text.split("x")))

    @property
    def cells(self) -> int:
        """The number of cells, reference methods included."""
        return self.tasks * self.seeds * (REFERENCES + self.architectures * self.methods)

    def suite(self) -> Suite:
        """Return a suite of made-up entries and saltbench's metrics."""
        choices = {
            kind: tuple(Choice(f"{kind}-{number:04d}", 1, "", {"width": 5, "rate": 0.1}) for number in range(count))
            for kind, count in (("task", self.tasks), ("net", self.architectures), ("method", self.methods))
        }
        references = tuple(Choice(f"reference-{number}", 1, "", {}) for number in range(REFERENCES))
        metrics = tuple(Choice.of(metric, {}) for metric in METRICS)
        return Suite(
            name="made-up",
            description="made up",
            tasks=choices["task"],
            architectures=choices["net"],
            methods=choices["method"],
            references=references,
            metrics=metrics,
            seeds=self.seeds,
            samples=self.samples,
        )


def fill(grid: Grid, folder: Path) -> None:
    """Store samples, yardsticks, maps and scores of every cell, drawn at random; not synced, which takes hours."""
    os.fsync = lambda _descriptor: None
    suite, store, rng = grid.suite(), Store(folder / "made-up"), np.random.default_rng(0)
    labels = np.arange(grid.samples) % 2
    pictures = np.zeros((2, *SIZE), np.float32)
    facts = {"accuracy": 0.9, "majority": 0.5, "tested": 100, "environment": ENVIRONMENT}
    for job in jobs(suite, "cpu"):
        if job.architecture is None:
            store.put(SAMPLES, StoredSamples(labels, Examples(labels[:2], pictures, pictures)).artifact(job.data_key()))
            yardstick = {
                f"{metric.name}_{what}": rng.uniform(0.1, 0.4, grid.samples) + (what == "oracle") / 2
                for metric in METRICS
                if metric.chance
                for what in ("chance", "oracle")
            }
            yardsticks_of(job, store).put(suite.metrics, yardstick, {})
        for method in job.methods:
            _fill_cell(job, method, store, rng, labels, facts if job.architecture else {})


def _fill_cell(
    job: Job, method: Choice, store: Store, rng: np.random.Generator, labels: np.ndarray, model: dict[str, object]
) -> None:
    maps = rng.uniform(size=(len(labels), *SIZE)).astype(np.float32)
    made = StoredMap(maps, labels, None, {"model": model, "seconds": 0.25, "environment": ENVIRONMENT})
    put_map(job, method, made, [0, 1], store)
    columns = {"label": labels, "target": labels, **_scores(rng, len(labels))}
    facts = {"map": made.facts, "environment": ENVIRONMENT}
    scores_of(job, method, store).put(job.protocol.metrics, columns, facts)


def _scores(rng: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    return {metric.name: rng.uniform(max(metric.low, -1), min(metric.high, 1), size) for metric in METRICS}


def collection_of(grid: Grid) -> Collection:
    """Return what a run of the grid would gather, drawn at random."""
    rng, suite = np.random.default_rng(0), grid.suite()
    cells = [
        (job.task.name, job.architecture.name if job.architecture else "", method.name, job.repetition)
        for job in jobs(suite, "cpu")
        for method in job.methods
    ]
    table = pd.DataFrame(cells, columns=["task", "architecture", "method", "seed"])
    rows = table.loc[np.repeat(np.arange(len(table)), grid.samples)].reset_index(drop=True)
    rows["sample"] = np.tile(np.arange(grid.samples), len(table))
    rows["label"] = rows["target"] = rows["sample"] % 2
    scores = rows.assign(**_scores(rng, len(rows)))
    table = table.assign(status="ok", reason="", seconds=0.25)
    is_trained = table.architecture != ""
    for name, value in {"accuracy": 0.9, "majority": 0.5, "tested": 100}.items():
        table[name] = np.where(is_trained, value, math.nan)
    yards = scores[scores.method == "reference-0"][["task", "seed", "sample"]].reset_index(drop=True)
    for metric in METRICS:
        if metric.chance:
            yards[f"{metric.name}_chance"] = rng.uniform(0.1, 0.4, len(yards))
            yards[f"{metric.name}_oracle"] = rng.uniform(0.6, 0.9, len(yards))
    return Collection(scores, table, yards, [])


def plan(grid: Grid, folder: Path) -> None:
    """Find out what a run of the filled folder lacks, as it does first."""
    from saltbench.benchmark.execution.stored.run import is_complete

    store = Store(folder / "made-up").indexed()
    assert all(is_complete(job, store) for job in jobs(grid.suite(), "cpu"))


def run(grid: Grid, folder: Path) -> None:
    """Run the suite of the filled folder, from the import of PyTorch to the last figure."""
    from saltbench.benchmark.runs.runner import run_suite

    assert not run_suite(grid.suite(), folder).failures


def of_collection(compute: Callable[[Collection, list[MetricSpec], int], object]) -> Callable[[Grid, Path], None]:
    """Return a step that computes something of made-up scores, without the time that these take."""

    def step(grid: Grid, _folder: Path) -> None:
        collection = collection_of(grid)
        start()
        compute(collection, METRICS, grid.seeds)

    return step


STEPS: dict[str, Callable[[Grid, Path], None]] = {
    "plan": plan,
    "run": run,
    "leaderboard": of_collection(leaderboard),
    "statistics": of_collection(statistical_tables),
}
STARTED = {"cpu": 0.0, "wall": time.perf_counter()}


def start() -> None:
    """Begin to measure anew."""
    STARTED.update(cpu=time.process_time(), wall=time.perf_counter())


def measured(grid: Grid, step: str, folder: Path) -> list[object]:
    """Return the measurements of a step, which is done in this process."""
    if step != "run":
        start()
    STEPS[step](grid, folder)
    spent = time.process_time() - STARTED["cpu"], time.perf_counter() - STARTED["wall"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return [grid.cells, grid.cells * grid.samples, *(f"{value:.2f}" for value in (*spent, peak))]


def measurements(options: argparse.Namespace, folder: Path) -> Iterator[list[str]]:
    """Yield the row of every grid and step, each from a process of its own."""
    for grid in options.grid:
        place = folder / grid
        if {"plan", "run"} & {*options.steps} and not place.exists():
            fill(Grid.of(grid), place)
            time.sleep(3)  # files that were written just now are read to know what they hold
        for step in options.steps:
            command = [sys.executable, "-P", __file__, "--grid", grid, "--child", step, "--folder", str(place)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            yield [grid, step, *done.stdout.splitlines()[-1].split(",")]


def main() -> None:
    """Print a line for every grid and step, and append it to a CSV file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grid", nargs="+", default=["9x9x12x20x50"])
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=["plan", "run", "run", "plan"])
    parser.add_argument("--folder", type=Path, help="filled before, or to be kept; default: a temporary one")
    parser.add_argument("--output", type=Path)
    parser.add_argument("--child", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        found = measured(Grid.of(options.grid[0]), options.child, options.folder)
        sys.stdout.write(",".join(map(str, found)) + "\n")
        return
    with tempfile.TemporaryDirectory() as temporary:
        sys.stdout.write(",".join(COLUMNS) + "\n")
        for row in measurements(options, options.folder or Path(temporary)):
            sys.stdout.write(",".join(row) + "\n")
            sys.stdout.flush()
            if options.output:
                write_row(options.output, row)


def write_row(path: Path, row: list[str]) -> None:
    """Append a row to a CSV file, which begins with the names of its columns."""
    is_new = not path.exists()
    with path.open("a", newline="") as file:
        csv.writer(file).writerows([COLUMNS, row] if is_new else [row])


if __name__ == "__main__":
    main()
