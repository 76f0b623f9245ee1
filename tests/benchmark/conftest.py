"""A suite small enough to run many times."""

from pathlib import Path

import pytest
from tiny_suite import TINY

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite


@pytest.fixture
def tiny_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny(tiny_file: Path) -> Suite:
    return load_suite(str(tiny_file), load_registries())
