"""The command line; heavy imports stand inside the commands, so that `--help` and `list` answer at once."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from ... import __version__
from ...datasets.local_data import look_in
from ...entry import unknown
from ...errors import ParameterError, SaltbenchError, UnknownNameError
from ..execution.executors.engine import LOCAL
from ..formats.registry import LISTING, QUALITY_CHECK, choices, format_named
from ..process.module_path import leave_current_folder_out
from ..process.process_end import process_ended_in_time
from ..process.shortages import require_addresses, shortage
from ..process.standard_streams import fail, fail_quietly, open_streams
from ..storage.output import note, say, write
from ..suites.registry import listing, load_registries
from ..suites.suite import list_suites
from .arguments import RESULTS, default_results, expand, given
from .calibrate import calibrate
from .chosen_suite import choose_suite
from .notes import note_unverified
from .options import (
    Data,
    Device,
    ExecutorName,
    Globs,
    Jobs,
    LogitOrProbability,
    Memory,
    Metrics,
    Place,
    Plugins,
    Queue,
    Results,
    Scheduler,
    Seeds,
    SuiteName,
    Target,
    Timeout,
    Walltime,
    Workers,
    beginning,
    option_of_format,
)
from .reading import compare, compare_methods, draw, show_leaderboard
from .scaffold import NEXT, next_commands, write_new
from .status import show_status

LIGHT = ("list", "new", "status")  # commands that load no PyTorch
KINDS = ("tasks", "architectures", "methods", "metrics")  # of entries
LISTED = (*KINDS, "suites")
REPRODUCED = ("table1", "moving-box", "mnist", "fmri", "vanishing", "arma", "all")
INTERRUPTED = 130  # the exit status that Typer makes of Ctrl-C

app = typer.Typer(
    name="saltbench",
    help="Which saliency map of a time-series network can be trusted, and where does it go blind?",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command("list")
def list_entries(
    kind: Annotated[str, typer.Argument(help=" | ".join(LISTED), autocompletion=beginning(LISTED))],
    patterns: Annotated[list[str] | None, typer.Argument(help="Of names, or tag:TAG.", metavar="G…")] = None,
    form: Annotated[str, option_of_format(LISTING)] = "table",
    plugin: Plugins = None,
) -> None:
    """List the tasks, architectures, methods, metrics or suites that can be named."""
    if kind not in LISTED:
        raise UnknownNameError(unknown("kind", kind, LISTED))
    if form not in LISTING:
        raise ParameterError(f"--format must be {choices(LISTING)}, got '{form}'")
    registries = load_registries(plugin or ())
    chosen = patterns or ()
    rows = list_suites(registries, chosen) if kind == "suites" else listing(getattr(registries, kind), chosen)
    write(LISTING[form].write(rows, chosen), None)


@app.command()
def run(
    suite: SuiteName = "quick",
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    metrics: Globs = None,
    seeds: Seeds = None,
    target: Target = None,
    output: LogitOrProbability = None,
    device: Device = "auto",
    workers: Workers = None,
    memory: Memory = None,
    timeout: Timeout = None,
    data: Data = None,
    results: Place = None,
    plugin: Plugins = None,
    executor: ExecutorName = LOCAL,
    scheduler: Scheduler = None,
    jobs: Jobs = None,
    walltime: Walltime = None,
    queue: Queue = None,
    shard: Annotated[str | None, typer.Option(help="Compute a part alone, such as 3/8.", metavar="I/N")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what it takes, and begin nothing.")] = False,
) -> None:
    """Train, explain and score a suite; an interrupted run is finished by the same command."""
    from ..execution.shards import Shard
    from .engines import engine_of, submits_jobs

    engine = engine_of(executor, scheduler, jobs, walltime, queue, workers, memory)
    part = None if shard is None else Shard.of(shard)
    chosen = {"tasks": tasks, "architectures": architectures, "methods": methods, "metrics": metrics}
    loaded, registries = choose_suite(suite, data, plugin, **chosen, seeds=seeds, target=target, output=output)
    place = results or default_results()
    if dry_run:
        from ..execution.executors.choice import script_of_jobs
        from ..runs.forecast import forecast_lines

        if submits_jobs(engine):
            for line in script_of_jobs(engine).splitlines():
                say(line)
            return
        for line in forecast_lines(loaded, registries, place, device, workers, memory):
            say(line)
        return
    from ..runs.console import execute, execute_shard, means_of
    from .finish import finish, finish_shard

    if part is not None:
        means = means_of(device, workers, plugin or (), memory, timeout, engine)
        finish_shard(execute_shard(loaded, place, part, means))
        return
    finish(execute(loaded, place, device, workers, plugin or (), memory, timeout, engine), registries)


@app.command("merge")
def merge_shards(
    folders: Annotated[list[Path], typer.Argument(help="Results folders of all shards.", metavar="DIR…")],
    output: Annotated[Path, typer.Option(help="Folder of the whole.", metavar="DIR")],
    plugin: Plugins = None,
) -> None:
    """Put the results of all shards of a suite together, and write the tables and figures of the whole."""
    from ..runs.sharding import merge
    from .finish import finish

    finish(merge(folders, output, plugin or ()), load_registries(plugin or ()))


@app.command("new")
def new_entry(
    kind: Annotated[str, typer.Argument(help=" | ".join(NEXT))],
    name: Annotated[str, typer.Argument(help="Lower-case words with dashes; of a metric with underscores.")],
    folder: Annotated[Path, typer.Option(help="Where the two files are written.", metavar="DIR")] = Path(),
) -> None:
    """Write a plugin file with a working example, and its test."""
    plugin, test = write_new(kind, name, folder)
    say(f"wrote {plugin} and {test}; next:")
    for command in next_commands(kind, name, plugin, test):
        say(f"  {command}")


app.command()(calibrate)
app.command("status")(show_status)
app.command("leaderboard")(show_leaderboard)
app.command()(compare)
app.command("versus")(compare_methods)
app.command("figures")(draw)


@app.command()
def reproduce(
    what: Annotated[str, typer.Argument(help=" | ".join(REPRODUCED), autocompletion=beginning(REPRODUCED))],
    device: Device = "auto",
    workers: Workers = None,
    data: Data = None,
    results: Results = RESULTS,
    seeds: Seeds = None,
    architectures: Annotated[list[str] | None, typer.Option(help="In the figure of mnist.", metavar="NAME…")] = None,
    methods: Annotated[list[str] | None, typer.Option(help="In the figure of mnist.", metavar="NAME…")] = None,
    digits: Annotated[list[int] | None, typer.Option(help="In the figure of mnist.", metavar="DIGIT…")] = None,
    steps: Annotated[list[int] | None, typer.Option(help="Of the brain maps of fmri.", metavar="STEP…")] = None,
) -> None:
    """Reproduce a table or figure of the source, published beside measured."""
    from ..leaderboards.results_folder import ResultsFolder
    from ..reproductions.results_page import SECTIONS
    from .reproduce import reproduce as lines_of

    look_in(data)
    shown = given(architectures=architectures, methods=methods, digits=digits, steps=steps)
    for line in lines_of(what, results, device, workers, shown, seeds):
        say(line)
    tables = {name for section in SECTIONS for name in section.needs}  # what the page is made from
    note_unverified(*(ResultsFolder(results / section.name) for section in SECTIONS), others=sorted(tables))


@app.command("removal")
def remove_salient_entries(
    suite: SuiteName = "quick",
    tasks: Globs = None,
    architectures: Globs = None,
    methods: Globs = None,
    seeds: Seeds = None,
    replacements: Annotated[
        list[str] | None, typer.Option(help="What takes a removed value's place: mean, sampled, zero.", metavar="NAME…")
    ] = None,
    device: Device = "auto",
    workers: Workers = None,
    data: Data = None,
    results: Place = None,
    plugin: Plugins = None,
) -> None:
    """Show what the maps of a suite report, and the accuracy lost when it is removed from the inputs."""
    from ..removal.analysis import REPLACEMENTS
    from .removal import removal_of_suite

    chosen = {"tasks": tasks, "architectures": architectures, "methods": methods}
    loaded, registries = choose_suite(suite, data, plugin, **chosen, seeds=seeds)
    lines = removal_of_suite(
        loaded,
        registries,
        results or default_results(),
        replacements=replacements or REPLACEMENTS,
        device=device,
        workers=workers,
        plugins=plugin or (),
    )
    for line in lines:
        say(line)


@app.command("metrics-check")
def check_the_metrics(
    form: Annotated[str, option_of_format(QUALITY_CHECK)] = "table",
    samples: Annotated[int, typer.Option(help="Maps of each kind.", min=2, max=10_000)] = 20,
    seed: Annotated[int, typer.Option(help="Of the maps.", min=0)] = 0,
    metrics: Metrics = None,
    plugin: Plugins = None,
) -> None:
    """Show which metrics rank oracle, noisy oracle, informative, random and inverted maps in this order."""
    from ..metrics.quality_check import check_metrics

    chosen = format_named(form, QUALITY_CHECK)
    checked = load_registries(plugin or ()).metrics.match(metrics or ["*"])
    write(chosen.write(check_metrics(checked, samples=samples, seed=seed)), None)


@app.callback(invoke_without_command=True)
def without_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", "-V", help="Print the version and exit.")] = False,
) -> None:
    """Show the version or, without a command, the help."""
    if version:
        say(__version__)
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())
    elif context.invoked_subcommand not in LIGHT:
        require_addresses()


def _usage(error: typer.TyperException) -> str:
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "saltbench"
    return f"{' '.join(message.split())} ({command} --help lists what there is)"


@process_ended_in_time()
def main() -> None:
    """Run the command line; a user's mistake is one line on standard error and exit status 1."""
    open_streams()
    leave_current_folder_out()
    try:
        status = app(expand(sys.argv[1:]), prog_name="saltbench", standalone_mode=False)
        sys.stdout.flush()
    except SaltbenchError as error:
        if isinstance(error.__cause__, BrokenPipeError):
            fail_quietly()
        fail(str(error))
    except typer.TyperException as error:
        fail(_usage(error))
    except BrokenPipeError:
        fail_quietly()
    except Exception as error:
        if what := shortage(error):
            fail(what)
        raise
    if status == INTERRUPTED:
        note("interrupted; run the same command again to finish the rest")
    sys.exit(status)
