"""The arguments of the command line, as Click understands them."""

from collections.abc import Sequence

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
