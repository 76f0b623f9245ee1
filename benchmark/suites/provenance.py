"""Where numbers come from: versions, machine type and settings, without anything that differs between reruns."""

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

from ...errors import ParameterError, StoreError
from ..storage.provenance_file import FILE, provenance_of
from ..storage.store import FORMAT
from .repetitions import FACTORS
from .run_options import MOST_SAMPLES, MOST_SEEDS
from .suite import OUTPUTS, TARGETS, Choice, Suite
from .training_recipe import Recipe

LIBRARIES = ("saltbench", "torch", "captum", "numpy", "scipy", "pandas", "scikit-learn")


def environment() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on, and the machine type."""
    return {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{library: version(library) for library in LIBRARIES},
    }


def provenance(suite: Suite, device: str, environments: Sequence[dict[str, str]]) -> dict[str, Any]:
    """Return what a leaderboard's numbers depend on, as JSON values.

    Args:
        suite: the grid.
        device: "cpu" or "cuda".
        environments: those in which models were trained and cells scored; more than one if a run was resumed with
            other versions.
    """
    return {"format": FORMAT, "suite": suite.as_json(), "device": device, "environments": list(environments)}


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
    content = provenance_of(folder)
    if content is None:
        return None
    try:
        return Recorded(
            _suite(_table(content["suite"])),
            _text(content["device"]),
            [_texts(environment) for environment in _list(content["environments"])],
        )
    except (ValueError, KeyError, TypeError, ParameterError) as error:
        raise StoreError(f"{folder / FILE} does not describe a run; delete it to let the run write it again") from error


def _suite(content: Mapping[str, Any]) -> Suite:
    checked = {
        **content,
        **{key: _text(content[key]) for key in ("name", "description")},
        **{kind: tuple(_choice(_table(choice)) for choice in _list(content[kind])) for kind in KINDS},
        "seeds": _seeds(content["seeds"]),
        "samples": _count(content["samples"], MOST_SAMPLES),
        "target": _one_of(content["target"], TARGETS),
        "output": _one_of(content["output"], OUTPUTS),
        "training": _recipe(_table(content["training"])),
        "keep_maps": _switch(content.get("keep_maps", True)),  # which earlier versions do not say
    }
    return Suite(**checked)


def _choice(content: Mapping[str, Any]) -> Choice:
    return Choice(
        **{
            **content,
            **{key: _text(content[key]) for key in ("name", "source")},
            "version": _whole(content["version"]),
            "parameters": _table(content["parameters"]),
        }
    )


def _recipe(content: Mapping[str, Any]) -> Recipe:
    kinds = {field.name: _whole if field.type is int else _number for field in fields(Recipe)}
    values: dict[str, Any] = {name: kinds[name](value) for name, value in content.items()}
    return Recipe(**values)


def _seeds(value: Any) -> int | dict[str, int]:
    if not isinstance(value, dict):
        return _count(value, MOST_SEEDS)
    if {*value} != {*FACTORS}:
        _refused(value)
    _count(math.prod(_whole(value[factor]) for factor in FACTORS), MOST_SEEDS)
    return {factor: _count(value[factor], MOST_SEEDS) for factor in FACTORS}


def _one_of(value: Any, options: tuple[str, ...]) -> str:
    return _text(value) if value in options else _refused(value)


def _count(value: Any, most: int) -> int:
    return _whole(value) if 1 <= _whole(value) <= most else _refused(value)


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else _refused(value)


def _number(value: Any) -> float:
    return value if isinstance(value, float) else _whole(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _refused(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else _refused(value)


def _switch(value: Any) -> bool:
    return value if isinstance(value, bool) else _refused(value)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else _refused(value)


def _texts(value: Any) -> dict[str, str]:
    return {key: _text(text) for key, text in _table(value).items()}


def _refused(value: Any) -> NoReturn:
    raise TypeError(f"{value!r} does not belong there")
