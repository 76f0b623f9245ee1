"""The exact versions of constraints.txt."""

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
REQUIRED = [*PROJECT["dependencies"], *(each for extra in PROJECT["optional-dependencies"].values() for each in extra)]
LINES = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
PINS = dict(line.split("==") for line in LINES if not line.startswith("#"))


@pytest.mark.parametrize("requirement", [*map(Requirement, REQUIRED)], ids=lambda requirement: requirement.name)
def test_every_requirement_is_pinned_inside_its_range(requirement):
    assert requirement.specifier.contains(PINS[requirement.name])


def test_torch_fits_every_build():
    assert PINS["torch"] == "2.13.0"
