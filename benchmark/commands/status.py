"""The command that says how far a run is."""

from typing import Annotated

import typer

from ...datasets.local_data import look_in
from ..storage.output import say
from ..suites import run_options as options
from ..suites.registry import load_registries
from ..suites.suite import load_suite
from .arguments import default_results, given
from .options import Data, Device, Globs, Place, Plugins, Seeds, shared


def show_status(
    suite: Annotated[str, typer.Argument(help="Name of a bundled suite, or the path of a TOML file.")] = "quick",
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    seeds: Seeds = None,
    target: Annotated[str | None, shared(options.TARGET)] = None,
    output: Annotated[str | None, shared(options.OUTPUT)] = None,
    device: Device = "auto",
    data: Data = None,
    results: Place = None,
    plugin: Plugins = None,
) -> None:
    """Say what of a suite is done, running and failed, and how long the rest takes; beside a run or without one."""
    from ..runs.status import status_lines

    look_in(data)
    registries = load_registries(plugin or ())
    overrides = given(
        tasks=tasks, architectures=architectures, methods=methods, seeds=seeds, target=target, output=output
    )
    loaded = load_suite(suite, registries, overrides)
    for line in status_lines(loaded, registries, results or default_results(), device):
        say(line)
