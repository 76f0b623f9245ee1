"""Compare a CUDA device with the CPU: every method on every architecture, then the suite table1; writes one CSV.

Run it where there is a GPU: `python tests/performance/gpu_check.py --output gpu.csv`, in under eight minutes. It ends
with status 1 where a map on the device is not that of the CPU within the tolerance below, or a method fails.
`--device cpu` compares the CPU with itself, which tests this script.
"""

import argparse
import csv
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import pandas as pd
import torch
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).parents[1]))
from few_passes import FEWER

from saltbench.benchmark.suites.registry import load_registries
from saltbench.errors import SaltbenchError, UnsupportedOperationError
from saltbench.methods.attributions.bound_method import bind
from saltbench.methods.attributions.explain import attribute, sample_seeds
from saltbench.methods.attributions.numerics.rounding import ULPS
from saltbench.methods.attributions.spec import MethodSpec
from saltbench.methods.seeding import seeded

SHAPE = (8, 100, 20)  # samples, time, features
SHAPE_OF_TRAINED = (2, 8, 20)  # for methods that train a network for each series
CALLS = 3  # the first one warms up and does not count
# of the largest entry of a map: what README promises for passes of another size, and that for products of ten bits in
# place of 23, which nobody has measured yet
TOLERANCES = {"float32": ULPS * 2**-23, "tf32": ULPS * 2**-10 * 2**-7}


@dataclass
class Row:
    """A line of the CSV: seconds on both sides, and the largest difference as a share of the map's largest entry."""

    subject: str
    architecture: str
    precision: str
    cpu_seconds: float
    device_seconds: float
    difference: float
    tolerance: float
    verdict: str


def set_precision(name: str) -> None:
    """Let products on a CUDA device keep 23 bits (float32) or ten (tf32)."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = name == "tf32"


def timed_map(method: MethodSpec, model: nn.Module, inputs: Tensor) -> tuple[float, Tensor]:
    """Return the median seconds of a call, and the map (batch, time, features) on the CPU."""
    target = torch.zeros(len(inputs), dtype=torch.int64, device=inputs.device)
    seconds = []
    for _ in range(CALLS):
        started = time.perf_counter()
        bound, seeds = bind(method, FEWER.get(method.name, {})), sample_seeds(0, len(inputs))
        found = attribute(bound, model, inputs, target, background=inputs, seeds=seeds).cpu()  # waits for the device
        seconds.append(time.perf_counter() - started)
    return median(seconds[1:]), found


def compare(method: MethodSpec, model: nn.Module, architecture: str, device: str) -> Iterator[Row]:
    """Give a row for each precision of the device; one that says why where the method cannot explain the network."""
    shape = SHAPE_OF_TRAINED if "extra" in method.tags else SHAPE
    inputs = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    try:
        on_cpu, expected = timed_map(method, model.cpu(), inputs)
        for precision, tolerance in TOLERANCES.items():
            set_precision(precision)
            on_device, found = timed_map(method, model.to(device), inputs.to(device))
            apart = float((found - expected).abs().max() / expected.abs().max())
            verdict = "same" if apart <= tolerance else "differs"
            yield Row(method.name, architecture, precision, on_cpu, on_device, apart, tolerance, verdict)
    except UnsupportedOperationError as error:
        yield Row(method.name, architecture, "", 0, 0, 0, 0, f"does not apply: {error}")
    except SaltbenchError as error:
        yield Row(method.name, architecture, "", 0, 0, 0, 0, f"failed: {error}")


def all_maps(device: str, patterns: list[str]) -> Iterator[Row]:
    registries = load_registries()
    for architecture in registries.architectures:
        with seeded(0):
            build = architecture.load()
            model = build(features=SHAPE[2], classes=2, **architecture.parameters).eval().requires_grad_(False)
        for method in registries.methods.match(patterns):
            if not method.is_reference and ("extra" not in method.tags or find_spec("tint")):
                yield from compare(method, model, architecture.name, device)


def run_table(device: str, seeds: int, results: Path) -> tuple[float, pd.DataFrame]:
    """Return the seconds of the suite table1 on a device, and its leaderboard."""
    command = [sys.executable, "-m", "saltbench", "run", "table1", "--device", device, "--seeds", str(seeds)]
    started = time.perf_counter()
    subprocess.run([*command, "--results", str(results)], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started, pd.read_csv(results / "table1" / "leaderboard.csv")


def table_rows(device: str, seeds: int) -> Iterator[Row]:
    """Give a row for each network of table1: how far accuracies are apart; the seconds are those of the whole suite."""
    if not seeds:
        return
    with TemporaryDirectory() as folder:
        on_cpu, expected = run_table("cpu", seeds, Path(folder, "cpu"))
        on_device, found = run_table(device, seeds, Path(folder, "device"))
    both = expected.dropna(subset="accuracy").merge(found, on=["task", "architecture", "method"])
    for _, row in both.iterrows():
        apart = abs(row.accuracy_x - row.accuracy_y)
        # another rounding trains another network: whether accuracies agree is for a reader of all rows to say
        yield Row(f"table1 {row.task}", row.architecture, "tf32", on_cpu, on_device, apart, 1, "trained")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("methods", nargs="*", default=["*"], help="names or shell patterns")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seeds", type=int, default=1, help="of table1; 0 leaves it out")
    parser.add_argument("--output", type=Path, default=Path("gpu.csv"))
    given = parser.parse_args()
    bad = 0
    with given.output.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)], lineterminator="\n")
        writer.writeheader()
        for rows in (all_maps(given.device, given.methods), table_rows(given.device, given.seeds)):
            for row in rows:
                writer.writerow(asdict(row))
                file.flush()
                sys.stdout.write("  ".join(map(str, asdict(row).values())) + "\n")
                bad += row.verdict.startswith(("differs", "failed"))
    sys.stdout.write(f"{bad} maps differ or failed\n")
    return int(bad > 0)


if __name__ == "__main__":
    raise SystemExit(main())
