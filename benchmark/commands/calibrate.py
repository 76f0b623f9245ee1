"""`saltbench calibrate`: the strength at which networks learn a planted signal as well as the labels."""

import functools
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from ...errors import ParameterError
from ..storage.output import say
from ..suites.choice import Choice
from ..suites.registry import Registries
from ..suites.suite import Suite
from .chosen_suite import choose_suite
from .options import Data, Device, Globs, Plugins, Seeds

TRIES, MOST_TRIES = 8, 100  # strengths


def calibrate(
    suite: Annotated[str, typer.Argument(help="The path of a TOML file with tasks planted/<file>.")],
    tasks: Globs = None,
    architectures: Globs = None,
    accuracy: Annotated[float | None, typer.Option(help="To be reached; default: the one on the labels.")] = None,
    seeds: Seeds = 1,
    tries: Annotated[int, typer.Option(help="Strengths at most.", min=1, max=MOST_TRIES)] = TRIES,
    device: Device = "auto",
    data: Data = None,
    plugin: Plugins = None,
) -> None:
    """Find the strength at which the suite's networks learn its planted signals as well as the labels.

    Each architecture is trained on the labels, and on signals of several strengths. What is printed last goes into the
    suite: of several architectures, the strongest signal that one needs.
    """
    loaded, registries = choose_suite(suite, data, plugin, tasks=tasks, architectures=architectures)
    for line in calibrations(loaded, registries, accuracy, seeds or 1, tries, device):
        say(line)


def calibrations(
    suite: Suite, registries: Registries, accuracy: float | None, seeds: int, tries: int, device: str
) -> Iterator[str]:
    """Yield a line for each strength tried, and what to write into the suite.

    Raises:
        ParameterError: no task of the suite is planted in a file, or see `calibrate_strength`.
        SaltbenchError: the file gives no series.
    """
    planted = [task for task in suite.tasks if registries.tasks.is_open(task.name)]
    if not planted:
        raise ParameterError(f"suite {suite.name} has no task planted/<file>, whose signal has a strength; name one")
    for task in planted:
        needed = []
        for architecture in filter(task.fits, suite.architectures):
            yield f"{task.name}, {architecture.name}"
            found = _calibrated(suite, registries, task, architecture, accuracy, seeds, tries, device)
            yield from (f"  strength {strength:g}: accuracy {reached:.3f}" for strength, reached in found.tried)
            yield f"  {found.in_words()}"
            needed.append(found)
        if all(found.is_reached for found in needed):
            yield f'[parameters."{task.name}"]'
            yield f"strength = {max(found.strength for found in needed)}"


def _calibrated(
    suite: Suite,
    registries: Registries,
    task: Choice,
    architecture: Choice,
    accuracy: float | None,
    seeds: int,
    tries: int,
    device: str,
) -> Any:
    from ...datasets.planted.planted_data import series_of
    from ..networks.calibration import calibrate_strength

    file: Any = registries.tasks.get(task.name).factory
    series, signal = series_of(file.path, file.digests, task.parameters)
    del signal["strength"]
    factory = functools.partial(_built, registries.architectures.get(architecture.name).load(), architecture.parameters)
    return calibrate_strength(
        factory,
        series.values,
        series.labels,
        series.lengths,
        accuracy=accuracy,
        seeds=seeds,
        tries=tries,
        training=suite.training,
        device=device,
        **signal,
    )


def _built(make: Any, parameters: Any, features: int, classes: int) -> Any:
    return make(features=features, classes=classes, **parameters)
