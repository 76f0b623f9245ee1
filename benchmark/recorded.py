"""The suite and the environments that a results folder's provenance.json records."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import StoreError
from .recipe import Recipe
from .store import check_format
from .suite import Choice, Suite

FILE = "provenance.json"
KINDS = ("tasks", "architectures", "methods", "references", "metrics")


@dataclass(frozen=True)
class Recorded:
    """What the numbers of a results folder depend on.

    Attributes:
        suite: the grid that was run.
        device: "cpu" or "cuda".
        environments: the versions under which models were trained and cells scored.
    """

    suite: Suite
    device: str
    environments: list[dict[str, str]]


def recorded(folder: Path) -> Recorded | None:
    """Return what a results folder's provenance.json records, or None where it holds none.

    Raises:
        StoreError: the file is damaged, or a newer saltbench wrote it.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    check_format(folder)
    try:
        content = json.loads(path.read_bytes())
        return Recorded(_suite(content["suite"]), str(content["device"]), list(content["environments"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path} does not describe a run; delete it to let the run write it again") from error


def _suite(content: dict[str, Any]) -> Suite:
    choices = {kind: tuple(Choice(**choice) for choice in content[kind]) for kind in KINDS}
    return Suite(**{**content, **choices, "training": Recipe(**content["training"])})
