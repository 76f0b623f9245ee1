"""A reader who pastes the code blocks of a document, one after another, into one folder."""

import contextlib
import dataclasses
import io
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from configparser import RawConfigParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer
import yaml
from command_line import ended

from saltbench.benchmark.commands import chosen_suite, cli
from saltbench.benchmark.commands.arguments import COMMITTED
from saltbench.benchmark.commands.reproduce import REPRODUCTIONS
from saltbench.benchmark.runs import console
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite

ROOT = Path(__file__).parents[2]
COMMANDS = typer.main.get_command(cli.app).commands
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SMALL = {"train": 40, "validation": 20, "test": 20}  # samples of a bundled suite's tasks
NUMBER = r"-?\d*\.\d+"
TOLERANCE = 0.02  # what another machine type's sums make of a trained network's score


@dataclass(frozen=True)
class Block:
    """A fenced block: `title` is the file it is saved as, if it has one."""

    document: str
    line: int
    language: str
    title: str
    text: str


def documents() -> list[str]:
    """The documents that readers paste from."""
    pages = sorted((ROOT / "docs").rglob("*.md"))
    return ["README.md", "CONTRIBUTING.md", *(page.relative_to(ROOT).as_posix() for page in pages)]


def blocks_of(document: str) -> list[Block]:
    """The fenced blocks of a document, in the order in which people read them."""
    text = (ROOT / document).read_text("utf-8")
    found = re.finditer(r"^( *)```([a-z]+)(.*)\n((?:.*\n)*?)^\1```$", text, re.MULTILINE)
    return [
        Block(document, text.count("\n", 0, match.start()) + 1, match[2], _title(match[3]), textwrap.dedent(match[4]))
        for match in found
    ]


def _title(rest: str) -> str:
    found = re.search(r'title="([^"]+)"', rest)
    return found[1] if found else ""


@dataclass
class Reader:
    """Pastes blocks in a folder that holds the committed results."""

    folder: Path
    namespace: dict[str, Any] = field(default_factory=lambda: {"__name__": "pasted"})
    printed: str = ""
    plugins: list[Path] = field(default_factory=list)
    tests_to_run: set[str] = field(default_factory=set)

    def paste(self, block: Block, *, shown: bool) -> None:
        """Do what a block says; `shown` tells that the page shows what this prints."""
        if block.title:
            self.save(block)
        match block.language:
            case "python":
                self.printed = self.python(block)
            case "sh":
                self.printed = self.shell(block, shown)
            case "toml":
                self.toml(block)
            case "text":
                assert_same(block.text, self.printed)
            case "yaml":
                assert yaml.safe_load(block.text)
            case "csv":
                assert block.title, "a table is saved as a file: give the block a title"
            case _:
                pytest.fail(f"nothing is known of running {block.language}")

    def save(self, block: Block) -> None:
        path = self.folder / block.title
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, "utf-8")

    def python(self, block: Block) -> str:
        if block.title.startswith("test_"):
            self.tests_to_run.add(block.title)  # the page goes on to do it
            return ""
        padded = "\n" * block.line + block.text  # so that a traceback names the document's lines
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(padded, block.document, "exec"), self.namespace)  # noqa: S102 - our own documents
        if block.title and "Spec(" in block.text:
            self.plugins.append(self.folder / block.title)
        return printed.getvalue()

    def toml(self, block: Block) -> None:
        if block.title == "pyproject.toml":
            groups = tomllib.loads(block.text)["project"]["entry-points"]
            assert set(groups) <= {f"saltbench.{kind}" for kind in cli.KINDS}
        elif not block.title:  # a suite with a title is one that the page goes on to run
            path = self.folder / "pasted.toml"
            path.write_text(block.text, "utf-8")
            load_suite(str(path), load_registries(self.plugins))

    def shell(self, block: Block, shown: bool) -> str:
        printed, lines = "", block.text.replace("\\\n", " ").splitlines()
        for line in lines:
            stated = re.search(r"# exit status (\d+)$", line)
            for command in _commands(line):
                status, out, error = self.call(command, line, shown)
                assert status == int(stated[1] if stated else 0), f"{line}: exit status {status}: {error or out}"
                printed += out + (error if status else "")
        return printed

    def call(self, command: list[str], line: str, shown: bool) -> tuple[int, str, str]:
        """Run one command: its exit status, and what it printed on standard output and standard error."""
        match [Path(command[0]).name, *command[1:]]:
            case ["saltbench", *arguments]:
                return saltbench(arguments, small=not shown)
            case ["tox", *arguments] | ["MKL_CBWR=COMPATIBLE", "tox", *arguments]:
                return check_tox(arguments)
            case ["python3", "-m", "venv", *arguments] | ["pip", *arguments]:
                return check_installation(arguments)
            case ["", ".venv/bin/activate"]:  # the program is the dot
                return 0, "", ""
            case ["pytest" | "python" as program, *arguments]:
                module = ["-m", "pytest"] if program == "pytest" else []
                self.tests_to_run -= set(arguments)
                return self.run([sys.executable, *module, *arguments])
            case _:
                return self.run(["bash", "-euo", "pipefail", "-c", line])

    def run(self, command: list[str]) -> tuple[int, str, str]:
        done = subprocess.run(command, capture_output=True, text=True, cwd=self.folder, timeout=300)
        return done.returncode, done.stdout, done.stderr


def _commands(line: str) -> list[list[str]]:
    """The commands of a line that are joined with &&; a line with other operators is one command, for bash."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words = list(lexer)
    if any(set(word) <= set("();<>|&") and word != "&&" for word in words):
        return [["bash"]]
    joined = [[]]
    for word in words:
        joined.append([]) if word == "&&" else joined[-1].append(word)
    return [command for command in joined if command]


def saltbench(arguments: list[str], *, small: bool) -> tuple[int, str, str]:
    """Run the command line in this process; a bundled suite whose output is not shown is made small."""
    name, *rest = cli.expand(arguments) or ["--help"]
    if name == "reproduce":  # takes minutes to hours: the reproductions have tests of their own
        assert COMMANDS[name].make_context(name, rest).params["what"] in REPRODUCTIONS
        return 0, "", ""
    out, error = (
        io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True),
        io.StringIO(),
    )  # out has a buffer for bytes
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(console, "default_workers", return_value=1))
        if small:
            stack.enter_context(mock.patch.object(chosen_suite, "load_suite", small_suite))
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(error))
        status = ended(*arguments)
    printed = out.buffer.getvalue().decode()
    if isinstance(status, str):
        return 1, printed, f"{status}\n"
    return status or 0, printed, error.getvalue()


def small_suite(name, registries, overrides=None):
    """Two entries a kind of a bundled suite, with little data, one seed and one epoch; a suite from a file as it is."""
    suite = load_suite(name, registries, overrides)
    if name.endswith(".toml"):
        return suite
    few = {kind: getattr(suite, kind)[:2] for kind in ("architectures", "methods")}
    tasks = tuple(_with_few_samples(task) for task in suite.tasks[:2])
    training = dataclasses.replace(suite.training, epochs=1)
    return dataclasses.replace(suite, **few, tasks=tasks, seeds=1, samples=4, training=training)


def _with_few_samples(task):
    smaller = {name: SMALL[name] for name in SMALL if name in task.parameters}
    return dataclasses.replace(task, parameters={**task.parameters, **smaller})


def check_tox(arguments: list[str]) -> tuple[int, str, str]:
    """Look up the environment; the tests run inside tox."""
    configuration = RawConfigParser()
    configuration.read(ROOT / "tox.ini")
    match arguments:
        case ["run", "-e", name, *_]:
            assert f"testenv:{name}" in configuration, f"tox.ini has no environment '{name}'"
        case _:
            assert arguments == []
    return 0, "", ""


def check_installation(arguments: list[str]) -> tuple[int, str, str]:
    """Look up extras and files; the continuous integration runs the installation of the README."""
    for extra in re.findall(r"\.\[(.+?)\]", " ".join(arguments)):
        assert set(extra.split(",")) <= set(PROJECT["optional-dependencies"]), extra
    if "-c" in arguments:
        assert (ROOT / arguments[arguments.index("-c") + 1]).exists()
    return 0, "", ""


def assert_same(expected: str, printed: str) -> None:
    """Compare outputs: numbers with a decimal point within a tolerance, `…` stands for anything."""
    expected, printed = (
        "\n".join(line.rstrip() for line in text.strip("\n").splitlines()) for text in (expected, printed)
    )
    pieces = re.split(rf"(…|{NUMBER})", expected)
    pattern = "".join(_pattern(piece) for piece in pieces)
    match = re.fullmatch(pattern, printed)
    if match is None:
        assert printed == expected
    numbers = [float(piece) for piece in pieces if re.fullmatch(NUMBER, piece)]
    assert [float(number) for number in match.groups()] == pytest.approx(numbers, abs=TOLERANCE)


def _pattern(piece: str) -> str:
    if piece == "…":
        return r"[\s\S]*?"
    return f"({NUMBER})" if re.fullmatch(NUMBER, piece) else re.escape(piece)


def lay_out(folder: Path) -> None:
    """Put what a reader has into the folder: series of one's own, and the committed tables and figures."""
    hours = "".join(f"{sample},{hour},{hour % 3},{sample % 7}\n" for sample in range(40) for hour in range(12))
    (folder / "my_series.csv").write_text(f"id,time,pulse,pressure\n{hours}")
    for path in (ROOT / "results" / COMMITTED, *(ROOT / "results").glob("*/*")):
        if path.name == COMMITTED or path.suffix in (".csv", ".json", ".png"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
