"""Readers meet public names alone: no document, template, message or list sends them into the package's folders."""

import ast
import re
from pathlib import Path

import pytest
import typer
from pasting import documents

import saltbench
from saltbench.benchmark.commands.cli import KINDS, app
from saltbench.benchmark.suites.registry import listing, load_registries

ROOT = Path(__file__).parents[2]
SOURCES = [path for folder in ("benchmark", "methods", "datasets", "src") for path in (ROOT / folder).rglob("*.py")]
SHOWN = [
    *(ROOT / document for document in documents()),
    *(ROOT / "docs" / "notebooks").glob("*.ipynb"),
    *(ROOT / "benchmark" / "commands" / "templates").iterdir(),
    *(ROOT / "benchmark" / "reproductions" / "page_texts").glob("*.md"),
    ROOT / "results" / "README.md",
]
GROUPS = {"tasks", "architectures", "methods", "metrics"}  # of entry points: saltbench.tasks
MODULE = re.compile(r"saltbench(\.\w+)+(:[\w{}]*)?")  # a text that is nothing else is read by the program


def private_names(text):
    """Return what a text writes behind `saltbench.` or imports from within it, and is no public name."""
    imported = re.findall(r"\b(?:from|import) (saltbench\.\w[\w.]*)", text)
    taken = re.findall(r"\bfrom saltbench import (?:\(([^)]*)\)|([\w, ]+))", text)
    names = {name.split()[0] for several in taken for name in "".join(several).split(",") if name.strip()}
    used = {name for name, deeper in re.findall(r"\bsaltbench\.(\w+)(\.\w)?", text) if deeper or name not in GROUPS}
    return sorted({*imported, *(used | names) - {*saltbench.__all__, "git"}})


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_readers_copy_from_uses_public_names(path):
    assert private_names(path.read_text("utf-8")) == []


def texts_in(path):
    """Return messages, help and docstrings; the names of modules that the program itself imports are none."""
    constants = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant))
    return [node.value for node in constants if isinstance(node.value, str) and not MODULE.fullmatch(node.value)]


def test_texts_in_the_source_use_public_names():
    private = {path: [name for text in texts_in(path) for name in private_names(text)] for path in SOURCES}
    assert {path: found for path, found in private.items() if found} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_list_says_of_an_entry_uses_public_names(kind):
    for row in listing(getattr(load_registries(), kind)):
        assert private_names(" ".join(str(value) for value in row.values())) == [], row["name"]


def test_help_uses_public_names():
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        assert private_names(command.get_help(typer.Context(command, info_name=name))) == [], name


def test_a_deep_path_is_noticed():
    assert private_names("from saltbench.benchmark.maps import Maps") == ["benchmark", "saltbench.benchmark.maps"]
    assert private_names("import saltbench.methods") == ["saltbench.methods"]
    assert private_names("`saltbench.errors.DataError`") == ["errors"]
    assert private_names("from saltbench import Maps, Nobody") == ["Nobody"]
    assert private_names("from saltbench import (\n    Maps as M,\n    Nobody,\n)") == ["Nobody"]
    assert private_names("from saltbench import Maps, MetricSpec\nsaltbench.explain(network)\n") == []
    assert private_names('[project.entry-points."saltbench.methods"]') == []


def test_completion_offers_the_public_names():
    assert set(saltbench.__all__) <= set(dir(saltbench))
