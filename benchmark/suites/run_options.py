"""The options that the command line and the pytest plugin share; imports nothing but the standard library."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST_SEEDS = 1_000  # repetitions: planning holds them all, and bounds become no narrower
MOST_SAMPLES = 1_000_000
MOST_WORKERS = 1_000


@dataclass(frozen=True, kw_only=True)
class Option:
    """An option: `--NAME` of the command line, `--saltbench-NAME` of pytest.

    Attributes:
        name: without dashes; a suite's key where the option replaces one.
        help: what it means, in a sentence.
        type: of a value.
        default: None where a suite or the machine decides.
        metavar: stands for a value in the help; None for the usual word.
        several: whether it takes more than one value.
        least, most: smallest and largest value that make sense.
    """

    name: str
    help: str
    type: type = str
    default: Any = None
    metavar: str | None = None
    several: bool = False
    least: int | None = None
    most: int | None = None


def _globs(kind: str) -> Option:
    return Option(name=kind, help="Names, shell patterns or tag:TAG, several allowed.", metavar="G…", several=True)


TASKS, ARCHITECTURES, METHODS, METRICS = map(_globs, ("tasks", "architectures", "methods", "metrics"))
SEEDS = Option(
    name="seeds", help="Repetitions, each with its own data, training and noise.", type=int, least=1, most=MOST_SEEDS
)
TARGET = Option(name="target", help="Explain the true or the predicted class.")
OUTPUT = Option(name="output", help="Explain its logit or its probability.")
DEVICE = Option(name="device", help="auto, cpu or cuda.", default="auto")
MEMORY = Option(name="memory", help="For explaining, such as 2GB; default: a quarter of what is free.")
DATA = Option(name="data", help="Folder of the data sets that are not shipped.", type=Path, metavar="DIR")
RESULTS = Option(name="results", help="Parent folder of the suite's folder.", type=Path, metavar="DIR")
PLUGIN = Option(
    name="plugin", help="Python files that define further entries.", type=Path, metavar="FILE", several=True
)

IN_PLACE_OF_A_SUITES = (TASKS, ARCHITECTURES, METHODS, METRICS, SEEDS, TARGET, OUTPUT)  # keys of its TOML file
OF_A_RUN = (DEVICE, MEMORY, DATA, RESULTS, PLUGIN)


def prefixed(text: str) -> str:
    """Return a message of the command line with its options named as pytest's."""
    names = "|".join(option.name for option in (*IN_PLACE_OF_A_SUITES, *OF_A_RUN))
    return re.sub(rf"(?<![\w-])--({names})\b", r"--saltbench-\1", text)
