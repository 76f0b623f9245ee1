"""The reference of the Python interface: every public name of the package."""

import inspect
import re

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
    called = "" if inspect.isclass(value) and issubclass(value, BaseException) else docstrings.signature(name, value)
    return f"## {name}\n\n{called}\n{docstrings.markdown(inspect.getdoc(value) or '')}"
