"""A format is a writer and a line of one folder: choices, help and messages come from its registry."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from boards import ties
from command_line import Said

import saltbench.benchmark.formats
from saltbench.benchmark.formats.registry import (
    CHANGES,
    LEADERBOARD,
    LISTING,
    QUALITY_CHECK,
    Format,
    choices,
    format_named,
)
from saltbench.benchmark.formats.render import View
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import Registries
from saltbench.errors import UnknownNameError

FOLDER = Path(saltbench.benchmark.formats.__file__).parent
REGISTRIES = {"leaderboard": LEADERBOARD, "compare": CHANGES, "list": LISTING, "metrics-check": QUALITY_CHECK}


def methods_of(results: ResultsFolder, view: View, registries: Registries) -> bytes:
    return "".join(f"- {method}\n" for method in view.of(results, registries).table.method).encode()


@pytest.fixture
def outline() -> Iterator[str]:
    """A format that is not of saltbench's."""
    LEADERBOARD["outline"] = Format(writer=methods_of, options=("methods",))
    yield "outline"
    del LEADERBOARD["outline"]


def test_a_new_format_needs_a_writer_and_a_line(tmp_path: Path, outline: str, said: Said) -> None:
    folder = ties(tmp_path / "suite")
    code, out = said("leaderboard", folder, "--format", outline, "--methods", "*a*")
    assert (code, out) == (None, "- oracle\n- near\n- far\n")
    assert said("leaderboard", folder, "--format", outline, "--across", "tasks")[0] == (
        "saltbench: --across is for the formats table, markdown, latex, got outline; leave it out"
    )
    assert said("leaderboard", folder, "--format", "outlin")[0] == (
        "saltbench: unknown format 'outlin'; did you mean 'outline'?"
    )


@pytest.mark.parametrize("command", REGISTRIES)
def test_the_help_names_the_formats_that_there_are(command: str, said: Said) -> None:
    assert choices(REGISTRIES[command]) in " ".join(said(command, "--help")[1].replace("│", " ").split())


@pytest.mark.parametrize("formats", REGISTRIES.values(), ids=REGISTRIES)
def test_every_writer_is_a_function_of_the_folder(formats: dict[str, Format]) -> None:
    for form in formats.values():
        module, _, name = str(form.writer).partition(":")
        path = FOLDER.joinpath(*module.removeprefix("saltbench.benchmark.formats.").split(".")).with_suffix(".py")
        functions = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}
        assert name in functions


def test_names_of_formats_in_words() -> None:
    assert choices(["a", "b", "c"]) == "a, b or c"
    assert choices(["a"]) == "a"
    with pytest.raises(UnknownNameError, match=r"^unknown format 'marcdown'; did you mean 'markdown'"):
        format_named("marcdown", LEADERBOARD)
