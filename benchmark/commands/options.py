"""Options of several commands, as Typer reads them from the types of their arguments."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ..execution.executors.engine import IN_WORDS
from ..formats.registry import Format, choices
from ..suites import run_options as options
from ..suites.suite import bundled_suites


def shared(option: options.Option) -> Any:
    """Return Typer's form of an option that the pytest plugin has, too."""
    return typer.Option(help=option.help, min=option.least, max=option.most, metavar=option.metavar)


def option_of_format(formats: Mapping[str, Format]) -> Any:
    """Return the option --format of a command."""
    return typer.Option("--format", help=f"{choices(formats)}.")


def beginning(names: Iterable[str]) -> Callable[[str], list[str]]:
    """Return what a shell asks for the names that begin as a word that is being typed."""
    known = list(names)

    def offer(incomplete: str) -> list[str]:  # Typer knows this parameter by its name
        return [name for name in known if name.startswith(incomplete)]

    return offer


SuiteName = Annotated[
    str,
    typer.Argument(
        help="Name of a bundled suite, or the path of a TOML file.", autocompletion=beginning(bundled_suites())
    ),
]
Globs = Annotated[list[str] | None, shared(options.METHODS)]  # of tasks and architectures too
Results = Annotated[Path, shared(options.RESULTS)]
Place = Annotated[
    Path | None,
    typer.Option(help=f"{options.RESULTS.help} Default: results; saltbench-results in a clone.", metavar="DIR"),
]
Plugins = Annotated[list[Path] | None, shared(options.PLUGIN)]
Device = Annotated[str, shared(options.DEVICE)]
Workers = Annotated[int | None, typer.Option(help="Processes; default: one a core.", min=1, max=options.MOST_WORKERS)]
Data = Annotated[Path | None, shared(options.DATA)]
Memory = Annotated[str | None, shared(options.MEMORY)]
Timeout = Annotated[float | None, typer.Option(help="For explaining and scoring one cell.", metavar="SECONDS")]
Metrics = Annotated[list[str] | None, typer.Option(help="Names of metrics, shell patterns or tag:TAG.", metavar="G…")]
Output = Annotated[Path | None, typer.Option(help="File to write; default: standard output.")]
ExecutorName = Annotated[
    str,
    typer.Option("--executor", help=f"{IN_WORDS}.", metavar="NAME"),
]
Scheduler = Annotated[str | None, typer.Option(help="Of Dask, such as tcp://HOST:8786.", metavar="ADDRESS")]
Jobs = Annotated[int | None, typer.Option(help="For a batch system to start.", min=1, max=options.MOST_WORKERS)]
Walltime = Annotated[str | None, typer.Option(help="Of each job, such as 02:00:00.", metavar="TIME")]
Queue = Annotated[str | None, typer.Option(help="Of the batch system.", metavar="NAME")]
Seeds = Annotated[int | None, shared(options.SEEDS)]
Target = Annotated[str | None, shared(options.TARGET)]
LogitOrProbability = Annotated[str | None, shared(options.OUTPUT)]
