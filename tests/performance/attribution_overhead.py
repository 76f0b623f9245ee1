"""What each attribution method costs beside the raw passes through the network that it needs.

Run it on an idle machine: `tox run -e overhead` writes results/overhead/overhead.csv.
The raw passes and the method alternate in one process, and the fastest round of each counts, since others may use
the machine too. Raw passes go over the points at which the method asked for them, in the size that is fastest.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saltbench.benchmark.heap import keep_freed_memory
from saltbench.benchmark.registry import load_registries
from saltbench.errors import SaltbenchError, UnsupportedOperationError
from saltbench.methods.architectures.recurrent import lstm
from saltbench.methods.attributions.explain import attribute, bind, sample_seeds
from saltbench.methods.attributions.passes import gradient
from saltbench.methods.attributions.peak_memory import PeakMemory
from saltbench.methods.attributions.spec import Cost, MethodSpec

SIZES = (16, 32, 64, 128, 256)  # rows of a raw pass
MOST_SAMPLES = 300
MOST_ROWS = 8000  # of a method's passes, which are kept to be repeated without it


def best(work: Callable[[], Any], repeats: int) -> float:
    """Return the seconds of the fastest of several runs."""
    return min(timed(work) for _ in range(repeats))


def timed(work: Callable[[], Any]) -> float:
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


def recorded(explain: Callable[[nn.Module], None], model: nn.Module, inputs: Tensor) -> Tensor:
    """Return the last rows that a method passed, or the inputs where its rules do not let anyone look on."""
    recorder = Recorder(model)
    try:
        explain(recorder)
    except UnsupportedOperationError:
        return inputs
    return torch.cat(recorder.rows)


class RawPasses:
    """Passes of rows through a network without any method, forward, and forward and backward.

    Args:
        model: the network.
        rows: (rows, time, features), the points at which the method asked for passes: where gradients vanish into
            denormal numbers, as in a saturated LSTM, a pass takes several times as long as elsewhere.
    """

    def __init__(self, model: nn.Module, rows: Tensor) -> None:
        self.model = model
        self.parts = {size: rows.split(size) for size in SIZES}
        self.count = len(rows)
        self.forward_size = min(SIZES, key=lambda size: best(lambda: self.forward(size), 2))
        self.both_size = min(SIZES, key=lambda size: best(lambda: self.both(size), 2))

    def forward(self, size: int) -> None:
        with torch.no_grad():
            for rows in self.parts[size]:
                self.model(rows)

    def both(self, size: int) -> None:
        for part in self.parts[size]:
            rows = part.detach().requires_grad_()
            gradient(self.model(rows)[:, 0], rows)

    def seconds(self, cost: Cost) -> float:
        """Return what the passes of one sample take now: backward rows go forward too."""
        forward = timed(lambda: self.forward(self.forward_size)) / self.count
        both = timed(lambda: self.both(self.both_size)) / self.count
        return max(0, cost.forward - cost.backward) * forward + cost.backward * both


def measure(spec: MethodSpec, model: nn.Module, inputs: Tensor, rounds: int) -> dict[str, Any]:
    cost = spec.cost_of(inputs.shape[1], inputs.shape[2], spec.parameters)
    assert cost is not None
    # fewer than 128 would not fill a pass of a method that needs its passes one after the other
    samples = max(128, min(len(inputs), MOST_ROWS // max(cost)))
    method, target = bind(spec), torch.zeros(samples, dtype=torch.int64)
    arguments = {"background": inputs[:50], "seeds": sample_seeds(0, samples)}

    def explain(network: nn.Module) -> None:
        attribute(method, network, inputs[:samples], target, **arguments)

    raw = RawPasses(model, recorded(explain, model, inputs[:samples]))
    raw_seconds, seconds = [], []
    for _ in range(rounds):
        raw_seconds.append(raw.seconds(cost) * samples)
        seconds.append(timed(lambda: explain(model)))
    with PeakMemory(torch.device("cpu")) as peak:
        explain(model)
    return {
        "method": spec.name,
        "samples": samples,
        "forward": cost.forward,
        "backward": cost.backward,
        "raw_seconds": round(min(raw_seconds), 4),
        "seconds": round(min(seconds), 4),
        "ratio": round(min(seconds) / min(raw_seconds), 3),
        "peak_megabytes": round(peak.bytes / 1e6, 1),
    }


def rows(names: list[str], rounds: int, time_steps: int, features: int) -> Iterator[dict[str, Any]]:
    torch.set_num_threads(1)
    keep_freed_memory()  # as `saltbench run` does
    torch.manual_seed(0)
    model = lstm(features=features, classes=2, hidden=5, dropout=0.1).eval().requires_grad_(False)
    inputs = torch.randn(MOST_SAMPLES, time_steps, features)
    for spec in load_registries().methods.match(names):
        if spec.is_reference or "extra" in spec.tags:  # those train a network for each series, for minutes
            continue
        try:
            yield measure(spec, model, inputs, rounds)
        except SaltbenchError as error:
            sys.stdout.write(f"{spec.name}: {error}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=["*"], help="names or shell patterns")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=int, default=100)
    parser.add_argument("--features", type=int, default=100)
    parser.add_argument("--output", type=Path, help="a CSV file")
    given = parser.parse_args()
    measured = []
    for row in rows(given.methods, given.rounds, given.time, given.features):
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
