"""What each attribution method costs beside the raw passes through the network that it needs, on every architecture.

Run it on an idle machine with two cores, for a quarter of an hour: `tox run -e overhead` writes
results/overhead/overhead.csv. Every architecture and length has a process of one thread; seconds are of its processor
time, for one sample. Raw passes go over rows at which the method asked for passes, 32 at a time or one of a long
series, and alternate with the method in one run; their number is what the entry states. Where gradients vanish into
denormal numbers, a raw pass takes several times as long as elsewhere, too. Long series are explained by the methods of
one pass alone, to see that time and memory are linear in the steps. Captum's methods with their own defaults stand
beside ours for the LSTM.
"""

import argparse
import csv
import multiprocessing
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from captum.attr import FeatureAblation, GradientShap, IntegratedGradients, NoiseTunnel, Saliency
from torch import Tensor, nn

from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import NonFiniteError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.passes.passes import gradient
from saltbench.methods.attributions.passes.peak_memory import PeakMemory
from saltbench.methods.attributions.spec import Cost, MethodSpec

FEATURES, ROWS = 100, 32  # of a series, and of a raw pass
TIMES, LONG = (100, 1000), (2048, 16384)
OF_ONE_PASS = ("saliency", "deeplift", "lrp")
SECONDS = 0.3  # that the raw passes for all samples should take
MOST_SAMPLES = 256
MOST_PASSES = 2000  # of a sample, of methods whose rows are looked at
ROUNDS = 3  # of raw passes and method, where these take less than this:
REPEATED_SECONDS = 2.0
COLUMNS = (
    *("architecture", "time", "method", "samples", "forward", "backward"),
    *("raw_seconds", "seconds", "ratio", "peak_megabytes", "reason"),
)

Explain = Callable[[nn.Module, Tensor], object]


@dataclass
class Subject:
    """A method, what passes it needs for a sample, and how it explains the samples (batch, time, features)."""

    cost: Cost
    explain: Explain


class Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.GRU(FEATURES, 5, batch_first=True)
        self.classifier = nn.Linear(5, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.recurrent(inputs)[0][:, -1])
        return logits


class Tcn(nn.Module):
    """Causal dilated convolutions with residual connections, and a linear classifier of the last step."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Conv1d(FEATURES, width, 1)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, 3, dilation=2**depth) for depth in range(4))
        self.classifier = nn.Linear(width, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        series = self.embed(inputs.transpose(1, 2))
        for layer in self.layers:
            padded = nn.functional.pad(series, (2 * layer.dilation[0], 0))
            series = series + torch.relu(layer(padded))
        logits: Tensor = self.classifier(series[:, :, -1])
        return logits


def networks() -> dict[str, Callable[[], nn.Module]]:
    """Return what makes a network of each architecture, and of two that are nobody's entry."""
    entries = {entry.name: entry.load() for entry in load_registries().architectures}
    return {name: partial(make, features=FEATURES, classes=2) for name, make in entries.items()} | {
        "gru": Gru,
        "tcn": Tcn,
    }


def registered(spec: MethodSpec, steps: int) -> Subject:
    method, cost = bind(spec), spec.cost_of(steps, FEATURES, spec.parameters)
    assert cost is not None

    def explain(model: nn.Module, inputs: Tensor) -> object:
        target = torch.zeros(len(inputs), dtype=torch.int64)
        seeds = sample_seeds(0, len(inputs))
        return attribute(method, model, inputs, target, background=inputs[:2], seeds=seeds, spec=spec)

    return Subject(cost, explain)


def captum_defaults(steps: int) -> dict[str, Subject]:
    """Return methods of Captum as a user calls them, with 50 draws each, ablation with windows as ours has."""
    windows = torch.arange(steps * FEATURES).view(1, steps, FEATURES) // (steps * FEATURES // 400)
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
            lambda model, inputs: GradientShap(model).attribute(inputs, inputs[:2], target=0, **background),
        ),
        "captum.attr.FeatureAblation": Subject(
            Cost(401, 0), lambda model, inputs: FeatureAblation(model).attribute(inputs, target=0, feature_mask=windows)
        ),
    }


def subjects(architecture: str, steps: int) -> dict[str, Subject]:
    """Return all methods but the references and those that train a network for each series, for minutes."""
    specs = [spec for spec in load_registries().methods.match(["*"]) if not spec.is_reference]
    if steps in LONG:
        return {spec.name: registered(spec, steps) for spec in specs if spec.name in OF_ONE_PASS}
    shipped = {spec.name: registered(spec, steps) for spec in specs if not {"extra", "attention"} & set(spec.tags)}
    return shipped | (captum_defaults(steps) if (architecture, steps) == ("lstm", TIMES[0]) else {})


def seconds_of(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def recorded(explain: Explain, model: nn.Module, inputs: Tensor) -> Tensor:
    """Return 32 of the last rows that a method passed, or one of a long series.

    Where a method's rules do not let anyone look on, they are the inputs.
    """
    places = torch.arange(ROWS if len(inputs) > 1 else 1)
    passed: deque[Tensor] = deque(maxlen=ROWS)
    hook = model.register_forward_pre_hook(lambda _model, given: passed.append(given[0].detach().clone()))
    try:
        explain(model, inputs[:1])
    except (UnsupportedOperationError, NonFiniteError):
        return inputs[places % len(inputs)]
    finally:
        hook.remove()
    rows = torch.cat([*passed])[-ROWS:]
    return rows[places % len(rows)]


class RawPasses:
    """Passes of 32 rows through a network without any method, forward, and forward and backward.

    Args:
        model: the network.
        rows: (rows, time, features).
        cost: the passes that the method needs for a sample; backward rows go forward too.
    """

    def __init__(self, model: nn.Module, rows: Tensor, cost: Cost) -> None:
        self.model = model
        self.rows = rows
        shares = {self.forward: max(0, cost.forward - cost.backward), self.both: cost.backward}
        self.shares = {work: share for work, share in shares.items() if share}

    def forward(self) -> None:
        with torch.no_grad():
            self.model(self.rows)

    def both(self) -> None:
        rows = self.rows.detach().requires_grad_()
        gradient(self.model(rows)[:, 0], rows)

    def seconds(self) -> float:
        """Return what the passes take that the method needs for a sample."""
        return sum(share * seconds_of(work) for work, share in self.shares.items()) / len(self.rows)


def measured(subject: Subject, model: nn.Module, series: Tensor) -> dict[str, Any]:
    """Return what a method and its raw passes take for a sample, in alternation, and its peak memory."""
    rows = recorded(subject.explain, model, series) if subject.cost.forward <= MOST_PASSES else series[:ROWS]
    raw = RawPasses(model, rows, subject.cost)
    raw.seconds()
    expected = raw.seconds()
    samples = max(1, min(len(series), int(SECONDS / expected)))
    inputs = series[:samples]
    few = inputs if expected * samples < SECONDS else inputs[:1]
    with PeakMemory(torch.device("cpu")) as peak:
        subject.explain(model, few)
    timings = [(raw.seconds(), seconds_of(lambda: subject.explain(model, inputs)) / samples)]
    while len(timings) < ROUNDS and sum(timings[0]) * samples < REPEATED_SECONDS:
        timings.append((raw.seconds(), seconds_of(lambda: subject.explain(model, inputs)) / samples))
    raw_seconds, seconds = (median(column) for column in zip(*timings, strict=True))
    return {
        "samples": samples,
        "raw_seconds": f"{raw_seconds:.6f}",
        "seconds": f"{seconds:.6f}",
        "ratio": f"{median(taken / alone for alone, taken in timings):.2f}",
        "peak_megabytes": f"{peak.bytes / 1e6:.1f}",
    }


def table_of(architecture: str, steps: int, patterns: list[str]) -> list[dict[str, Any]]:
    """Return the rows of one architecture and length."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = networks()[architecture]().eval().requires_grad_(False)
    series = torch.randn(1 if steps in LONG else MOST_SAMPLES, steps, FEATURES)
    table = []
    for name, subject in subjects(architecture, steps).items():
        if not any(fnmatch(name, pattern) for pattern in patterns):
            continue
        row = {"architecture": architecture, "time": steps, "method": name, **subject.cost._asdict()}
        try:
            table.append({**row, **measured(subject, model, series)})
        except (NonFiniteError, UnsupportedOperationError) as error:
            table.append({**row, "reason": str(error)})
    return table


def tables(workers: int, patterns: list[str], architectures: list[str]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of each architecture and length as they are measured, the longest work first."""
    chosen = [name for name in networks() if any(fnmatch(name, pattern) for pattern in architectures)]
    places = [(name, steps) for steps in (TIMES[1], TIMES[0], *LONG) for name in chosen]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, max_tasks_per_child=1) as pool:
        for found in as_completed([pool.submit(table_of, *place, patterns) for place in places]):
            yield found.result()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=["*"], help="names or shell patterns")
    parser.add_argument("--architectures", nargs="+", default=["*"], help="names or shell patterns")
    parser.add_argument("--workers", type=int, default=2, help="processes at once")
    parser.add_argument("--output", type=Path, help="a CSV file")
    given = parser.parse_args()
    rows = []
    for table in tables(given.workers, given.methods, given.architectures):
        for row in table:
            rows.append(row)
            sys.stdout.write("  ".join(f"{key} {value}" for key, value in row.items()) + "\n")
        sys.stdout.flush()
    if given.output and rows:
        order = [*networks()]
        rows.sort(key=lambda row: (order.index(row["architecture"]), row["time"]))
        given.output.parent.mkdir(parents=True, exist_ok=True)
        with given.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
