"""Arguments of the command line: options with several values, and the default parent of results."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

# options that take several values
MANY = (
    "--tasks",
    "--architectures",
    "--methods",
    "--metrics",
    "--plugin",
    "--digits",
    "--steps",
    "--replacements",
)

RESULTS = Path("results")  # parent of the suites' folders
BESIDE = Path("saltbench-results")  # in its place where that is committed
COMMITTED = ".committed"  # the file in it that says so


def default_results() -> Path:
    """Return the parent of the suites' folders: one beside `results` where that is committed, as in a clone."""
    return BESIDE if (RESULTS / COMMITTED).exists() else RESULTS


def expand(arguments: Sequence[str]) -> list[str]:
    """Return arguments with `--tasks a b` written as `--tasks a --tasks b`, which is what Click understands."""
    expanded: list[str] = []
    repeated = ""
    for argument in arguments:
        if argument.startswith("-"):
            repeated = argument if argument in MANY else ""
            expanded.append(argument)
        elif repeated and expanded[-1] != repeated:
            expanded += [repeated, argument]
        else:
            expanded.append(argument)
    return expanded


def given(**options: Any) -> dict[str, Any]:
    """Return the options that were given."""
    return {name: value for name, value in options.items() if value is not None}
