"""Time the input-cell layer against the published step-by-step form and against a plain LSTM; run by hand.

Each round times every form once, so that a change of the machine's load meets all of them; printed are medians
of forward and backward at the source's sizes: batch 50, 100 steps, 100 features, 20 hops, hidden size 5.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1] / "architectures"))
import input_cell_oracle

from saltbench.methods.architectures.input_cell import input_cell_lstm
from saltbench.methods.architectures.recurrent import lstm
from saltbench.methods.seeding import seeded

FEATURES, TIME, BATCH = 100, 100, 50
WARM_UP = 8  # rounds that do not count
Form = Callable[[Tensor], Tensor]


def forms(variant: str) -> dict[str, Form]:
    """Return the three forms, without dropout, so that all compute the same thing at each call."""
    sizes = {"features": FEATURES, "classes": 2, "dropout": 0.0}
    ours = input_cell_lstm(**sizes, variant=variant)
    return {
        "step by step": lambda inputs: input_cell_oracle.logits(ours, inputs, variant),
        "ours": ours,
        "plain LSTM": lstm(**sizes),
    }


def seconds(form: Form, inputs: Tensor) -> float:
    """Return the time of one forward and backward pass."""
    start = time.perf_counter()
    form(inputs).sum().backward()
    return time.perf_counter() - start


def medians(variant: str, repeats: int, with_input_gradient: bool) -> dict[str, float]:
    """Return the median seconds of each form over interleaved rounds, after some that do not count."""
    with seeded(0):
        candidates = forms(variant)
        inputs = torch.randn(BATCH, TIME, FEATURES, requires_grad=with_input_gradient)
    rounds = [{name: seconds(form, inputs) for name, form in candidates.items()} for _ in range(repeats + WARM_UP)]
    return {name: statistics.median(times[name] for times in rounds[WARM_UP:]) for name in candidates}


def main() -> None:
    """Print one row per number of threads and kind of pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--variant", choices=["mean", "flatten", "flatten-l2"], default="mean")
    options = parser.parse_args()
    sys.stdout.write("threads  gradient    step by step  ours      plain LSTM  step/ours  ours/LSTM\n")
    for threads in options.threads:
        torch.set_num_threads(threads)
        for kind, with_input_gradient in (("weights", False), ("and input", True)):
            slow, ours, plain = medians(options.variant, options.repeats, with_input_gradient).values()
            sys.stdout.write(
                f"{threads:<8} {kind:<11} {1e3 * slow:9.1f} ms  {1e3 * ours:5.1f} ms  {1e3 * plain:7.1f} ms"
                f"  {slow / ours:9.1f}  {ours / plain:9.2f}\n"
            )


if __name__ == "__main__":
    main()
