"""The reference of the Python interface: every public name of the package."""

import inspect
import re
from functools import cached_property

import docstrings

import saltbench

HEADING = """# Python

All that `import saltbench` offers, and all that plugins need; nothing deeper in the package is promised to stay where
it is. Names are imported on first use, so that importing saltbench is instant.
"""


def page() -> str:
    """Return a page that lists the public names with a sentence each, then shows signature and docstring of each."""
    names = [name for name in saltbench.__all__ if not name.startswith("__")]
    return "\n".join([HEADING, _overview(names), *map(_section, names)])


def _overview(names: list[str]) -> str:
    rows = [f"| [{name}](#{name.lower()}) | {_first_sentence(getattr(saltbench, name))} |" for name in names]
    return "\n".join(["| name | what it is |", "| --- | --- |", *rows, ""])


def _first_sentence(value: object) -> str:
    paragraph = " ".join((inspect.getdoc(value) or "").partition("\n\n")[0].split())
    sentence = re.split(r"(?<=[.!?]) (?=[A-Z])", paragraph)[0]
    return docstrings.mathematics(sentence).replace("|", "\\|")


def _section(name: str) -> str:
    value = getattr(saltbench, name)
    is_error = inspect.isclass(value) and issubclass(value, BaseException)
    called = "" if is_error or getattr(value, "_is_protocol", False) else docstrings.signature(name, value)
    members = _members(value) if inspect.isclass(value) and not is_error else ""
    return f"## {name}\n\n{called}\n{docstrings.markdown(inspect.getdoc(value) or '')}\n{members}"


def _members(kind: type) -> str:
    """Return a line for each public method and property of a class, those of saltbench's own bases first."""
    own = (base for base in reversed(kind.__mro__) if base.__module__.partition(".")[0] == "saltbench")
    found = {name: member for base in own for name, member in vars(base).items()}
    shown = {name: member for name, member in found.items() if _shown(name, member)}
    rows = [f"- `{name}{_parameters(member)}`: {_first_sentence(member)}" for name, member in shown.items()]
    return "\n".join(["**Methods and properties**\n", *rows, ""]) if rows else ""


def _shown(name: str, member: object) -> bool:
    return not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, (property, cached_property)))


def _parameters(member: object) -> str:
    return f"({', '.join(list(inspect.signature(member).parameters)[1:])})" if inspect.isfunction(member) else ""
