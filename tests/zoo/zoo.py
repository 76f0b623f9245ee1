"""All examples of the zoo, and the committed outcome of each method on each of them."""

import csv
from pathlib import Path

from zoo_packages import of_braindecode, of_neuralforecast, of_pypots, of_small_packages, of_transformers, of_tsai

MATRIX = Path(__file__).resolve().parents[2] / "results" / "zoo" / "matrix.csv"
PACKAGES = (of_transformers, of_tsai, of_braindecode, of_neuralforecast, of_pypots, of_small_packages)
EXAMPLES = {name: example for package in PACKAGES for name, example in package.EXAMPLES.items()}


def committed():
    """The outcome that stands in the committed matrix, by network and method."""
    if not MATRIX.exists():
        return {}
    with MATRIX.open(encoding="utf-8", newline="") as file:
        return {(row["network"], row["method"]): row["outcome"] for row in csv.DictReader(file)}
