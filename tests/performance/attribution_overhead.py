"""What each attribution method costs beside the raw passes through the network that it needs.

Run it on an idle machine: `tox run -e overhead` writes results/overhead/overhead.csv.
A method is measured twice: beside passes of all samples at once, as one writes them (raw_seconds, ratio), and beside
passes in the size that is fastest here (fastest_raw_seconds, fastest_ratio). Both go over the points at which the
method asked for passes and alternate with it. Every timing has a new process and the median of several counts, since
what a process freed earlier decides what its memory costs: raw passes of 300 samples take 50 to 120 µs a row, and a
process keeps to what it got. They are plain Python processes: those of `saltbench run` keep freed memory, which makes
methods and raw passes faster. A method in one has memory kept that a pass frees (see `expect_large_blocks`); raw passes
do not ask for that.
Captum's methods with their own defaults are measured in the same way; they take up to 8 GB.
"""

import argparse
import csv
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from captum.attr import FeatureAblation, GradientShap, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor, nn

from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import UnsupportedOperationError
from saltbench.methods.architectures.recurrent import lstm
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.passes.passes import gradient
from saltbench.methods.attributions.passes.peak_memory import PeakMemory
from saltbench.methods.attributions.spec import Cost, MethodSpec

SAMPLES, TIME, FEATURES = 300, 100, 100
SIZES = (32, 64, 128, 256)  # rows of a raw pass among which the fastest is looked for
MOST_ROWS = 20 * SAMPLES  # of a method's passes that are repeated without it
BACKGROUND = 50  # series
LEAST_SECONDS = 1  # of each timing of what takes less

Explain = Callable[[nn.Module, Tensor], object]


@dataclass
class Subject:
    """A method, what passes it needs for a sample, and how it explains the samples (batch, time, features)."""

    cost: Cost
    explain: Explain


def registered(spec: MethodSpec) -> Subject:
    method, seeds, target = bind(spec), sample_seeds(0, SAMPLES), torch.zeros(SAMPLES, dtype=torch.int64)
    cost = spec.cost_of(TIME, FEATURES, spec.parameters)
    assert cost is not None

    def explain(model: nn.Module, inputs: Tensor) -> object:
        return attribute(method, model, inputs, target, background=inputs[:BACKGROUND], seeds=seeds)

    return Subject(cost, explain)


def captum_defaults() -> dict[str, Subject]:
    """Return methods of Captum as a user calls them, with 50 draws each, ablation with windows as ours has."""
    windows = torch.arange(TIME * FEATURES).view(1, TIME, FEATURES) // (TIME * FEATURES // 400)
    noise, background = {"nt_samples": 50, "stdevs": 0.15}, {"n_samples": 50}
    return {
        "captum.attr.IntegratedGradients": Subject(
            Cost(50, 50), lambda model, inputs: IntegratedGradients(model).attribute(inputs, target=0)
        ),
        "captum.attr.NoiseTunnel": Subject(
            Cost(50, 50), lambda model, inputs: NoiseTunnel(Saliency(model)).attribute(inputs, target=0, **noise)
        ),
        "captum.attr.GradientShap": Subject(
            Cost(50, 50),
            lambda model, inputs: GradientShap(model).attribute(inputs, inputs[:BACKGROUND], target=0, **background),
        ),
        "captum.attr.FeatureAblation": Subject(
            Cost(401, 0), lambda model, inputs: FeatureAblation(model).attribute(inputs, target=0, feature_mask=windows)
        ),
    }


def subjects() -> dict[str, Subject]:
    """Return all methods but the references and those that train a network for each series, for minutes."""
    specs = (spec for spec in load_registries().methods.match(["*"]) if not spec.is_reference)
    shipped = {spec.name: registered(spec) for spec in specs if not {"extra", "attention"} & set(spec.tags)}
    return shipped | captum_defaults()


def timed(work: Callable[[], Any], least: float = 0) -> float:
    """Return the seconds of a run, or if it takes fewer than least, the mean of later ones that take as many."""
    taken, runs, total = _once(work), 0, 0.0
    while taken < least and total < least:
        runs, total = runs + 1, total + _once(work)
    return total / runs if runs else taken


def _once(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


class Recorder(nn.Module):
    """Keeps the last rows that a method passes through a network."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model
        self.rows: list[Tensor] = []

    def forward(self, inputs: Tensor) -> Tensor:
        self.rows.append(inputs.detach().clone())
        while sum(map(len, self.rows[1:])) >= MOST_ROWS:
            del self.rows[0]
        outputs: Tensor = self.model(inputs)
        return outputs


def recorded(explain: Explain, model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the last rows that a method passed, or the inputs where its rules do not let anyone look on."""
    recorder = Recorder(model)
    try:
        explain(recorder, inputs)
    except UnsupportedOperationError:
        return inputs
    rows = torch.cat(recorder.rows)[-MOST_ROWS:]
    return rows[len(rows) % SAMPLES :]


class RawPasses:
    """Passes of rows through a network without any method, forward, and forward and backward.

    Args:
        model: the network.
        rows: (rows, time, features), the points at which the method asked for passes: where gradients vanish into
            denormal numbers, as in a saturated LSTM, a pass takes several times as long as elsewhere.
        cost: the passes that the method needs for a sample; backward rows go forward too.
    """

    def __init__(self, model: nn.Module, rows: Tensor, cost: Cost) -> None:
        self.model = model
        self.rows = rows
        shares = {self.forward: max(0, cost.forward - cost.backward), self.both: cost.backward}
        self.shares = {work: share for work, share in shares.items() if share}

    def forward(self, size: int) -> None:
        with torch.no_grad():
            for rows in self.rows.split(size):
                self.model(rows)

    def both(self, size: int) -> None:
        for part in self.rows.split(size):
            rows = part.detach().requires_grad_()
            gradient(self.model(rows)[:, 0], rows)

    def seconds(self, sizes: tuple[int, ...]) -> float:
        """Return what the passes that the method needs for all samples take, in the fastest of some sizes."""
        taken = 0.0
        for work, share in self.shares.items():
            size = min(sizes, key=lambda size: timed(lambda: work(size))) if len(sizes) > 1 else sizes[0]  # noqa: B023
            taken += share * timed(lambda: work(size), LEAST_SECONDS)  # noqa: B023
        return taken / len(self.rows) * SAMPLES


def in_new_process(work: Callable[..., Any], *arguments: object) -> Any:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(work, *arguments).result()


def prepared(name: str) -> tuple[Subject, nn.Module, Tensor]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = lstm(features=FEATURES, classes=2, hidden=5, dropout=0.1).eval().requires_grad_(False)
    return subjects()[name], model, torch.randn(SAMPLES, TIME, FEATURES)


def record(name: str, file: Path) -> Cost:
    """Write the points at which a method asks for passes into a file, and return how many passes it needs."""
    subject, model, inputs = prepared(name)
    np.save(file, recorded(subject.explain, model, inputs).numpy())
    return subject.cost


def raw_seconds(name: str, file: Path, sizes: tuple[int, ...]) -> float:
    subject, model, _ = prepared(name)
    return RawPasses(model, torch.from_numpy(np.load(file)), subject.cost).seconds(sizes)


def method_seconds(name: str) -> float:
    subject, model, inputs = prepared(name)
    return timed(lambda: subject.explain(model, inputs), LEAST_SECONDS)


def peak_bytes(name: str) -> int:
    subject, model, inputs = prepared(name)
    with PeakMemory(torch.device("cpu")) as peak:
        subject.explain(model, inputs)
    return peak.bytes


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Return a row of the table."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "rows.npy")
        cost = in_new_process(record, name, file)
        timings = {
            "raw_seconds": (raw_seconds, name, file, (SAMPLES,)),
            "fastest_raw_seconds": (raw_seconds, name, file, SIZES),
            "seconds": (method_seconds, name),
        }
        taken = [{column: in_new_process(*timing) for column, timing in timings.items()} for _ in range(rounds)]
    seconds = {column: median(times[column] for times in taken) for column in timings}
    return {
        "method": name,
        "samples": SAMPLES,
        "forward": cost.forward,
        "backward": cost.backward,
        **{column: f"{value:.4f}" for column, value in seconds.items()},
        "ratio": f"{seconds['seconds'] / seconds['raw_seconds']:.2f}",
        "fastest_ratio": f"{seconds['seconds'] / seconds['fastest_raw_seconds']:.2f}",
        "peak_megabytes": f"{in_new_process(peak_bytes, name) / 1e6:.1f}",
    }


def rows(patterns: list[str], rounds: int) -> Iterator[dict[str, Any]]:
    for name in subjects():
        if any(fnmatch(name, pattern) for pattern in patterns):
            yield measure(name, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=["*"], help="names or shell patterns")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path, help="a CSV file")
    given = parser.parse_args()
    measured = []
    for row in rows(given.methods, given.rounds):
        measured.append(row)
        sys.stdout.write("  ".join(f"{key} {value}" for key, value in row.items()) + "\n")
        sys.stdout.flush()
    if given.output and measured:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        with given.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, measured[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(measured)


if __name__ == "__main__":
    main()
