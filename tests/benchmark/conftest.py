"""A suite small enough to run many times."""

from pathlib import Path

import pytest

from saltbench.benchmark.registry import load_registries
from saltbench.benchmark.suite import Suite, load_suite

TINY = """
description = "small enough to run in a second"
tasks = ["box/earlier", "box/latter"]
architectures = ["lstm", "input-cell-lstm"]
methods = ["saliency", "smoothgrad", "integrated-gradients"]
seeds = 2
samples = 6

[training]
epochs = 3

[parameters."box/earlier"]
layouts = [[[0, 4, 2, 8]]]
time = 10
features = 12
train = 60
validation = 20
test = 20

[parameters."box/latter"]
layouts = [[[6, 10, 2, 8]]]
time = 10
features = 12
train = 60
validation = 20
test = 20
"""


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny(tiny_file: Path) -> Suite:
    return load_suite(str(tiny_file), load_registries())
