"""What an epoch of training costs, evaluation included, beside the bare passes of a plain LSTM.

`tox run -e training` writes results/overhead/training.csv. For each architecture, an epoch of the recipe (1,000 samples
of 100 × 100, batch 50) with the evaluation of 300 validation samples and the look for a wrong training sample, as
`saltbench run` does after it, on random labels: nothing is learnt, as in most epochs of Table 1. Beside it, in the same
rounds, forward and backward passes of the same batches through `nn.LSTM` of the same size and a linear layer (plain),
and through the architecture itself without dropout (raw). Columns are medians of processor seconds over the rounds, and
their ratios.
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from saltbench import load_registries
from saltbench.benchmark.execution.training import adam, is_right, run_epoch, standing
from saltbench.methods.attributions.passes.malloc import expect_large_blocks
from saltbench.methods.seeding import seeded

SAMPLES, VALIDATION, TIME, FEATURES, HIDDEN, BATCH = 1000, 300, 100, 100, 5, 50
Split = tuple[Tensor, Tensor]


class PlainLSTM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.recurrent = nn.LSTM(FEATURES, HIDDEN, batch_first=True)
        self.classifier = nn.Linear(HIDDEN, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        logits: Tensor = self.classifier(self.recurrent(inputs)[0][:, -1])
        return logits


def bare_passes(model: nn.Module, train: Split) -> Callable[[], None]:
    """Return what passes all batches forward and backward, and does nothing else."""
    batches = list(zip(*(part.split(BATCH) for part in train), strict=True))

    def work() -> None:
        for inputs, labels in batches:
            cross_entropy(model(inputs), labels).backward()

    return work


def epoch(model: nn.Module, train: Split, validation: Split) -> Callable[[], None]:
    """Return what trains for an epoch, and evaluates."""
    optimiser, order = adam(model, 1e-3), torch.Generator().manual_seed(0)

    def work() -> None:
        run_epoch(model, optimiser, train, BATCH, order, 2)
        standing(model, *validation)
        is_right(model, *train)

    return work


def processor_seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def measure(name: str, rounds: int) -> dict[str, Any]:
    """Return a row of the table."""
    with seeded(0):
        build = load_registries().architectures.get(name).load()
        sizes = {"features": FEATURES, "classes": 2, "hidden": HIDDEN}
        train, validation = (
            (torch.randn(count, TIME, FEATURES), torch.randint(2, (count,))) for count in (SAMPLES, VALIDATION)
        )
        works = {
            "plain": bare_passes(PlainLSTM(), train),
            "raw": bare_passes(build(**sizes, dropout=0.0), train),
            "epoch": epoch(build(**sizes), train, validation),
        }
        taken = [{key: processor_seconds(work) for key, work in works.items()} for _ in range(rounds + 1)][1:]
    seconds = {key: median(times[key] for times in taken) for key in works}
    return {
        "architecture": name,
        **{f"{key}_seconds": f"{value:.4f}" for key, value in seconds.items()},
        "epoch_to_plain": f"{seconds['epoch'] / seconds['plain']:.2f}",
        "epoch_to_raw": f"{seconds['epoch'] / seconds['raw']:.2f}",
        "raw_to_plain": f"{seconds['raw'] / seconds['plain']:.2f}",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("architectures", nargs="*", default=["*"], help="names or shell patterns")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--output", type=Path, help="a CSV file")
    given = parser.parse_args()
    torch.set_num_threads(1)
    expect_large_blocks()
    measured = []
    for spec in load_registries().architectures.match(given.architectures):
        measured.append(measure(spec.name, given.rounds))
        sys.stdout.write("  ".join(f"{key} {value}" for key, value in measured[-1].items()) + "\n")
        sys.stdout.flush()
    if given.output:
        given.output.parent.mkdir(parents=True, exist_ok=True)
        with given.output.open("w", newline="") as file:
            writer = csv.DictWriter(file, measured[0], lineterminator="\n")
            writer.writeheader()
            writer.writerows(measured)


if __name__ == "__main__":
    main()
