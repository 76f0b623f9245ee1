"""What the documents tell people to paste works."""

import re
import runpy
import shlex
import tomllib
from configparser import RawConfigParser
from pathlib import Path

import pytest
import typer

from saltbench import __version__
from saltbench.benchmark.cli import KINDS, app, expand
from saltbench.benchmark.registry import load_registries
from saltbench.benchmark.reproduce import REPRODUCTIONS
from saltbench.benchmark.runner import run_suite
from saltbench.benchmark.suite import bundled_suites, load_suite
from saltbench.entry import Entry

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "CONTRIBUTING.md")
COMMANDS = typer.main.get_command(app).commands
INSTALL = "python3 -m venv --without-pip .venv && python3 -m pip --python .venv install -c constraints.txt "


def blocks(language: str) -> list[str]:
    """The fenced code blocks of one language, in the order in which people read them."""
    text = "".join((ROOT / name).read_text("utf-8") for name in DOCUMENTS)
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def shell_words(program: str) -> list[list[str]]:
    """The arguments of every call of a program in the shell blocks."""
    parts = [part for block in blocks("sh") for line in block.splitlines() for part in line.split("&&")]
    calls = [shlex.split(part, comments=True) for part in parts]
    return [call[1:] for call in calls if Path(call[0]).name == program]


def name_of(value: object) -> str:
    return " ".join(value) if isinstance(value, list) else str(value).splitlines()[0].strip('"')


@pytest.mark.parametrize("block", blocks("python"), ids=name_of)
def test_python_runs(block, tmp_path):
    file = tmp_path / "pasted.py"
    file.write_text(block, "utf-8")
    runpy.run_path(str(file))


def test_plugins_compute_a_leaderboard(tmp_path):
    plugins = []
    for number, block in enumerate(blocks("python")):
        file = tmp_path / f"pasted{number}.py"
        file.write_text(block, "utf-8")
        if any(isinstance(value, Entry) for value in runpy.run_path(str(file)).values()):
            plugins.append(file)
    registries = load_registries(plugins)
    ours = {kind: [entry.name for entry in getattr(registries, kind) if entry.source] for kind in KINDS}
    assert {kind: len(names) for kind, names in ours.items()} == dict(zip(KINDS, (1, 1, 4, 1), strict=True))
    small = tmp_path / "small.toml"
    lists = "\n".join(f"{kind} = {names}" for kind, names in ours.items())
    small.write_text(f"{lists}\nseeds = 2\nsamples = 8\ntraining = {{ epochs = 2 }}\n")

    result = run_suite(load_suite(str(small), registries), tmp_path / "results", plugins=plugins)

    assert result.failures == []
    assert set(result.table.status) == {"ok"}
    scores = result.table.set_index("method").pointing_game_chance_corrected
    assert scores["oracle"] == 1
    assert scores["ones"] == pytest.approx(0)
    assert scores[ours["methods"]].notna().all()


@pytest.mark.parametrize("block", blocks("toml"), ids=name_of)
def test_suite_files_are_valid(block, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_series.csv").touch()  # the user's
    file = tmp_path / "pasted.toml"
    file.write_text(block, "utf-8")
    suite = load_suite(str(file), load_registries())
    assert suite.seeds == tomllib.loads(block)["seeds"]


@pytest.mark.parametrize("arguments", [call for call in shell_words("saltbench") if call], ids=name_of)
def test_commands_exist(arguments):
    name, *rest = expand(arguments)
    values = COMMANDS[name].make_context(name, rest).params
    assert values.get("suite", "quick") in bundled_suites()
    assert values.get("kind", "tasks") in KINDS
    assert values.get("what", "table1") in REPRODUCTIONS


def test_options_of_run_are_those_of_the_table():
    text = (ROOT / "README.md").read_text("utf-8")
    described = {
        option for row in re.findall(r"^\| `--.*$", text, re.MULTILINE) for option in re.findall(r"--\w+", row)
    }
    known = {option for parameter in COMMANDS["run"].params for option in parameter.opts if option.startswith("--")}
    assert described == known - {"--help"}


@pytest.mark.parametrize("arguments", [call for call in shell_words("tox") if call], ids=name_of)
def test_tox_environments_exist(arguments):
    configuration = RawConfigParser()
    configuration.read(ROOT / "tox.ini")
    assert arguments[:2] == ["run", "-e"]
    assert f"testenv:{arguments[2]}" in configuration


def test_readme_opens_with_the_two_commands():
    run, check = blocks("sh")[:2]
    assert run == f"{INSTALL}. && .venv/bin/saltbench run\n"
    assert check == f"{INSTALL}tox && .venv/bin/tox\n"


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (pattern,) = re.findall(r"grep --max-count=1 '(.*)' README.md", script)
    found = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if re.search(pattern, line)]
    assert f"{found[0]}\n" == blocks("sh")[1]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\((?!https?:|results/)([^)]+)\)", (ROOT / document).read_text("utf-8")):
        assert (ROOT / target).exists(), target


def test_versions_agree():
    assert re.findall(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text("utf-8"), re.MULTILINE) == [__version__]
