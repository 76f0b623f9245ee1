"""What the documents tell people to paste works."""

import re
import runpy
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest
from pasting import COMMANDS, blocks_of, documents

from saltbench import __version__
from saltbench.benchmark.commands.cli import KINDS
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.entry import Entry

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt "


def blocks(document: str, language: str) -> list[str]:
    """The fenced code blocks of one language, in the order in which people read them."""
    return [block.text for block in blocks_of(document) if block.language == language]


def test_plugins_compute_a_leaderboard(tmp_path):
    files = {}
    for block in (block for document in documents() for block in blocks_of(document)):
        if block.language == "python" and block.title and not block.title.startswith("test_"):
            files[block.title] = tmp_path / block.title
            files[block.title].write_text(block.text, "utf-8")
    plugins = [file for file in files.values() if _defines_an_entry(file)]
    registries = load_registries(plugins)
    ours = {kind: [entry.name for entry in getattr(registries, kind) if entry.source] for kind in KINDS}
    assert {kind: len(names) for kind, names in ours.items()} == dict(zip(KINDS, (1, 1, 5, 2), strict=True))
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


def _defines_an_entry(file: Path) -> bool:
    return any(isinstance(value, Entry) for value in runpy.run_path(str(file)).values())


def test_options_of_run_are_those_of_the_table():
    text = (ROOT / "docs" / "how-to" / "run.md").read_text("utf-8")
    described = {
        option for row in re.findall(r"^\| `--.*$", text, re.MULTILINE) for option in re.findall(r"--[\w-]+", row)
    }
    known = {option for parameter in COMMANDS["run"].params for option in parameter.opts if option.startswith("--")}
    assert described == known - {"--help"}


def test_contributing_names_the_rooms_from_top_to_bottom():
    contracts = PYPROJECT["tool"]["importlinter"]["contracts"]
    (floors,) = [each["layers"] for each in contracts if each["name"] == "stages of the benchmark"]
    table = read("CONTRIBUTING.md").partition("| room of `benchmark/` |")[2].partition("\n\n")[0]
    rooms = iter(re.findall(r"^\| `(\w+)/` \|", table, re.MULTILINE))
    for floor in (set(floor.split(" | ")) for floor in floors):
        assert {next(rooms) for _ in floor} == floor
    assert list(rooms) == []


def test_the_readme_is_a_page_of_about_120_lines():
    lines = (ROOT / "README.md").read_text("utf-8").splitlines()
    assert len(lines) <= 130, "move what is said at length to docs/, where it is said once"


def test_nothing_is_said_twice():
    pages = defaultdict(set)
    for document in documents():
        for sentence in prose(document):
            words = re.findall(r"[\w']+", sentence)
            for first in range(len(words) - 11):
                pages[" ".join(words[first : first + 12])].add(document)
    twice = {words: sorted(found) for words, found in pages.items() if len(found) > 1}
    motto = "which saliency map of a time series network can be trusted and where does it go blind"
    assert {words: found for words, found in twice.items() if words not in motto} == {}


def prose(document):
    """Return the sentences of a document in lower case, without code, tables, pictures and targets of links."""
    text = re.sub(r"^( *)```.*?^\1```$|^ *\|.*$|!\[.*?\]\(.*?\)", "", read(document), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text).lower()
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n|\n- |(?<=[.:;?])\s", text)]


def read(document):
    return (ROOT / document).read_text("utf-8")


def test_readme_opens_with_the_two_commands():
    run, check = blocks("README.md", "sh")[:2]
    assert run == f"{INSTALL}. && .venv/bin/saltbench run\n"
    assert check == f"{INSTALL}tox && .venv/bin/tox\n"


def test_continuous_integration_runs_the_test_command_of_the_readme():
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    (pattern,) = re.findall(r"grep --max-count=1 '(.*)' README.md", script)
    found = [line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if re.search(pattern, line)]
    assert f"{found[0]}\n" == blocks("README.md", "sh")[1]


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "results/README.md"])
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", read(document)):
        page, _, place = target.partition("#")
        linked = (ROOT / document).parent / page if page else ROOT / document
        assert linked.exists(), target
        assert not place or place in anchors(linked), target


def anchors(page):
    """Return what the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings]


def test_versions_agree():
    assert re.findall(r"^version: (.*)$", read("CITATION.cff"), re.MULTILINE) == [__version__]
    assert re.findall(r"^## \[(.*)\]", read("CHANGELOG.md"), re.MULTILINE)[0] == __version__
