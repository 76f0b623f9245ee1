"""The command that says how far a run is."""

from ..storage.output import say
from .arguments import default_results
from .chosen_suite import choose_suite
from .options import Data, Device, Globs, LogitOrProbability, Place, Plugins, Seeds, SuiteName, Target


def show_status(
    suite: SuiteName = "quick",
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    seeds: Seeds = None,
    target: Target = None,
    output: LogitOrProbability = None,
    device: Device = "auto",
    data: Data = None,
    results: Place = None,
    plugin: Plugins = None,
) -> None:
    """Say what of a suite is done, running and failed, and how long the rest takes; beside a run or without one."""
    from ..runs.status import status_lines

    chosen = {"tasks": tasks, "architectures": architectures, "methods": methods}
    loaded, registries = choose_suite(suite, data, plugin, **chosen, seeds=seeds, target=target, output=output)
    for line in status_lines(loaded, registries, results or default_results(), device):
        say(line)
