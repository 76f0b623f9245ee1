"""The reference of the command line, from the program itself."""

import typer
from typer.cli import get_docs_for_click

from saltbench.benchmark.commands.cli import app

HEADING = """# Command line

Options that take several values (`--tasks`, `--architectures`, `--methods`, `--plugin`) take them after one another:
`--methods saliency deeplift`. Quote shell patterns: `--tasks "box/*"`.

[Run a suite](../how-to/run.md) says what the options of `run` mean together, and what the exit status tells.
"""


def page() -> str:
    """Return the Markdown that Typer makes of every command."""
    group = typer.main.get_command(app)
    context = typer.Context(group)
    documented = [
        get_docs_for_click(obj=command, ctx=context, name=f"saltbench {name}", indent=1)
        for name, command in group.commands.items()
    ]
    return "\n".join([HEADING, *documented])
