"""`saltbench new`: a plugin file to begin with, and its test."""

import importlib.util
import re
from importlib import resources
from pathlib import Path
from string import Template

from ...entry import unknown
from ...errors import DuplicateNameError, ParameterError, UnknownNameError
from ..metrics.spec import RESERVED
from ..style.shell import quoted
from ..suites.registry import load_registries

NEXT = {  # what to type next
    "method": "saltbench run --methods {name} saliency --plugin {file} --results mine",
    "architecture": "saltbench run --architectures {name} lstm --plugin {file} --results mine",
    "task": "saltbench run --tasks {name} --plugin {file} --results mine",
    "metric": "saltbench run --plugin {file} --results mine",
}
LONGEST = 40  # characters of a name
WORDS = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*(/[a-z0-9]+(-[a-z0-9]+)*)*")
COLUMN = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


def write_new(kind: str, name: str, folder: Path) -> tuple[Path, Path]:
    """Write a plugin file with a working example of an entry, and its test beside it, and return the two.

    Args:
        kind: "method", "architecture", "task" or "metric".
        name: of the entry; dashes and slashes are underscores in the names of the files.
        folder: where they are written; made if it is absent.

    Raises:
        UnknownNameError: another kind.
        ParameterError: not a name, one of a Python module, or the folder cannot be written.
        DuplicateNameError: there is such an entry or file already.
    """
    if kind not in NEXT:
        raise UnknownNameError(unknown("kind", kind, NEXT))
    _check_name(kind, name)
    stem = re.sub("[-/]", "_", name)
    plugin, test = folder / f"{stem}.py", folder / f"test_{stem}.py"
    for file in (plugin, test):
        if file.exists():
            raise DuplicateNameError(f"{file} exists and is left as it is; choose another name or --folder")
    _check_module(stem)
    _write(plugin, _filled(f"{kind}.py.txt", name, plugin))
    _write(test, _filled(f"test_{kind}.py.txt", name, plugin))
    return plugin, test


def next_commands(kind: str, name: str, plugin: Path, test: Path) -> tuple[str, str]:
    """Return the commands that test a new entry, and compare it with others."""
    run = NEXT[kind].format(name=name, file=quoted(str(plugin)))
    return f"pytest {quoted(str(test))}", run


def _check_name(kind: str, name: str) -> None:
    pattern, form = (COLUMN, "underscores") if kind == "metric" else (WORDS, "dashes, families separated by a slash")
    if not pattern.fullmatch(name) or len(name) > LONGEST:
        raise ParameterError(
            f"a {kind} is named with lower-case words with {form}, at most {LONGEST} characters, got '{name}'"
        )
    registry = getattr(load_registries(), f"{kind}s")
    if registry.declared(name) is not None or (kind == "metric" and name in RESERVED):
        raise DuplicateNameError(f"{kind} '{name}' exists in saltbench; choose another name")


def _check_module(stem: str) -> None:
    # pytest puts the folder in front of the module path: a file of that name would be imported in its place
    if stem == "conftest" or importlib.util.find_spec(stem) is not None:
        raise ParameterError(f"{stem}.py would hide the Python module {stem}; choose another name")


def _filled(template: str, name: str, plugin: Path) -> str:
    text = (resources.files(__package__) / "templates" / template).read_text("utf-8")
    return Template(text).substitute(name=name, file=plugin.name)


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise ParameterError(f"{file} cannot be written: {error.strerror}; choose another --folder") from error
