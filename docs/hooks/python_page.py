"""The reference of the Python interface: every public name of the package."""

import inspect

import docstrings

import saltbench

HEADING = """# Python

All that `import saltbench` offers. Names are imported on first use, so that importing saltbench is instant.
"""


def page() -> str:
    """Return a page that shows signature and docstring of each public name, classes first."""
    names = [name for name in saltbench.__all__ if not name.startswith("__")]
    return "\n".join([HEADING, *map(_section, names)])


def _section(name: str) -> str:
    value = getattr(saltbench, name)
    called = "" if inspect.isclass(value) and issubclass(value, BaseException) else docstrings.signature(name, value)
    return f"## {name}\n\n{called}\n{docstrings.markdown(inspect.getdoc(value) or '')}"
