"""Suites from text."""

import pytest

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

REGISTRIES = load_registries()


@pytest.fixture
def load(tmp_path):
    def from_text(text, overrides=None, registries=REGISTRIES):
        path = tmp_path / "mine.toml"
        path.write_text(text, "utf-8")
        return load_suite(str(path), registries, overrides)

    return from_text
