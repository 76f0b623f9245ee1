"""What pip installs is what the repository holds, in versions that were tested."""

import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SOURCES = PROJECT["tool"]["setuptools"]["package-dir"]


def test_every_package_is_listed():
    found = {
        ".".join((package, *folder.parent.relative_to(ROOT / source).parts))
        for package, source in SOURCES.items()
        for folder in (ROOT / source).rglob("__init__.py")
    }
    assert found == set(PROJECT["tool"]["setuptools"]["packages"])


@pytest.mark.parametrize("requirement", [*map(Requirement, requires("saltbench"))], ids=lambda r: r.name)
def test_constraints_pin_what_the_project_requires(requirement):
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert requirement.specifier.contains(pins[requirement.name])
