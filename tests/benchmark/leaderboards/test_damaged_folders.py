"""Every reader of a results folder, on damaged, edited and foreign files: read, or refused in one line."""

import itertools
import os
import shutil
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from damaged_folders import edits
from mutations import Mutation, faults, mutations
from recorded_folders import recorded_folder, unvouched
from tiny_suite import TINY

from saltbench.benchmark.commands.notes import note_unverified
from saltbench.benchmark.comparisons.compare import changes, compared_metrics
from saltbench.benchmark.comparisons.golden import check_golden
from saltbench.benchmark.figures.draw import draw_figures, drawn_metric
from saltbench.benchmark.formats.registry import CHANGES, LEADERBOARD
from saltbench.benchmark.formats.render import View, render
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.reproductions.results_page import SECTIONS
from saltbench.benchmark.reproductions.summary import summarise
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.provenance import read_provenance
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import StoreError

RESULTS = Path(__file__).parents[3] / "results"
REGISTRIES = load_registries()
METRICS = REGISTRIES.metrics
METHODS = ["saliency", "smoothgrad"]
Command = Callable[[Path], object]


def leaderboards(folder: Path) -> None:
    board = ResultsFolder(folder)
    note_unverified(board)
    for form in LEADERBOARD:
        render(board, form, View(), REGISTRIES)


def comparison(folder: Path) -> None:
    boards = ResultsFolder(folder), ResultsFolder(folder.parent / "whole")
    for before, after in (boards, boards[::-1]):
        table = changes(before, after, compared_metrics(before, after, (), METRICS), 0.01)
        for form in CHANGES.values():
            form.write(table)


def golden(folder: Path) -> None:
    with suppress(AssertionError):  # that is how it tells what differs
        check_golden(ResultsFolder(folder.parent / "whole").table, folder / "leaderboard.csv", {})


def figures(folder: Path) -> None:
    results = ResultsFolder(folder)
    for drawn in draw_figures(results, drawn_metric(results, None, METRICS), ["svg"], folder.parent / "drawn"):
        assert drawn.paths or drawn.reason


def page_of_results(folder: Path) -> None:
    next(section for section in SECTIONS if section.name == folder.name).facts(folder)
    summarise(folder.parent, [folder.name], {})


COMMANDS: Mapping[str, Command] = {
    "leaderboard": leaderboards,
    "compare": comparison,
    "golden": golden,
    "figures": figures,
    "recorded": read_provenance,
    "cost": lambda folder: ResultsFolder(folder).cost,
    "page of results": page_of_results,
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Results folders by the name of their kind.

    All but one have a provenance without digests, or none, so that damage reaches those who read what is in a table.
    """
    place = tmp_path_factory.mktemp("whole")
    (place / "tiny.toml").write_text(TINY)
    suite = load_suite(str(place / "tiny.toml"), REGISTRIES, {"tasks": ["box/latter"], "methods": METHODS, "seeds": 2})
    committed = {section.name: place / "committed" / section.name for section in SECTIONS}
    for section in SECTIONS:
        committed[section.name].mkdir(parents=True)
        for name in section.needs:
            shutil.copy(RESULTS / section.name / name, committed[section.name])
    return {
        "by hand": unvouched(recorded_folder(place / "by hand")),
        "recorded": recorded_folder(place / "recorded"),
        "finished": unvouched(run_suite(suite, place).folder),
        **committed,
    }


@dataclass(frozen=True)
class Case:
    """A file of a kind of folder, the command that reads it when it is damaged, and how often in the quick part."""

    folder: str
    file: str
    command: str
    few: int = 0
    many: int = 0


CASES = (
    Case("by hand", "leaderboard.csv", "leaderboard", 20, 600),
    Case("by hand", "leaderboard.csv", "compare", 20, 600),
    Case("by hand", "leaderboard.csv", "golden", 20, 800),
    Case("by hand", "leaderboard.csv", "figures", 4, 100),
    Case("by hand", "scores.parquet", "leaderboard", 20, 300),
    Case("by hand", "scores.parquet", "compare", 20, 300),
    Case("by hand", "provenance.json", "leaderboard", 20, 300),
    Case("by hand", "provenance.json", "recorded", 60, 1500),
    Case("by hand", "cost.csv", "cost", 40, 800),
    Case("by hand", "cost.csv", "figures", 2, 40),
    Case("recorded", "leaderboard.csv", "leaderboard", 20, 300),
    Case("recorded", "scores.parquet", "compare", 20, 300),
    Case("recorded", "provenance.json", "leaderboard", 20, 300),
    Case("finished", "leaderboard.csv", "leaderboard", 0, 100),
    Case("finished", "leaderboard.csv", "figures", 0, 60),
    Case("finished", "scores.parquet", "compare", 0, 60),
    Case("finished", "provenance.json", "leaderboard", 0, 120),
    Case("finished", "provenance.json", "figures", 0, 40),
    *(Case(section.name, name, "page of results", 8, 200) for section in SECTIONS for name in section.needs),
)


def damages(name: str, original: bytes, number: int) -> Iterator[Mutation]:
    seed = zlib.crc32(name.encode())
    both = zip(edits(seed, name, original), mutations(seed, original), strict=False)
    return itertools.islice(itertools.chain.from_iterable(both), number)


def faults_of(case: Case, number: int, whole: Path, place: Path, *, watch_memory: bool) -> list[str]:
    """Return what goes wrong when the command reads folders in which the file is damaged."""
    folder = Path(shutil.copytree(whole, place / whole.name))
    shutil.copytree(whole, place / "whole")
    original = (whole / case.file).read_bytes()

    def read(content: bytes) -> None:
        (folder / case.file).write_bytes(content)
        COMMANDS[case.command](folder)

    read(original)
    return faults(read, damages(case.file, original, number), watch_memory=watch_memory)


def names(case: Case) -> str:
    return f"{case.folder}, {case.file}, {case.command}"


@pytest.mark.parametrize("case", [case for case in CASES if case.few], ids=names)
def test_a_damaged_file_is_read_or_refused(folders: Mapping[str, Path], tmp_path: Path, case: Case) -> None:
    watch_memory = case.command in ("golden", "recorded", "cost")  # the others would take too long
    assert not faults_of(case, case.few, folders[case.folder], tmp_path, watch_memory=watch_memory)


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=names)
def test_files_damaged_in_many_ways_are_read_or_refused(
    folders: Mapping[str, Path], tmp_path: Path, case: Case
) -> None:
    assert not faults_of(case, case.many, folders[case.folder], tmp_path, watch_memory=False)


def test_enough_damage_is_done() -> None:
    assert sum(case.few for case in CASES) > 300
    assert sum(case.many for case in CASES) >= 8000


def as_folder(path: Path) -> None:
    path.mkdir()


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_circle(path: Path) -> None:
    path.symlink_to(path.name)


@pytest.mark.parametrize("made", [as_folder, as_pipe, as_circle])
@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("leaderboard.csv", "leaderboard"),
        ("leaderboard.csv", "golden"),
        ("scores.parquet", "compare"),
        ("cost.csv", "cost"),
        ("provenance.json", "leaderboard"),
    ],
)
def test_what_stands_in_a_files_place_is_not_waited_for(
    folders: Mapping[str, Path], tmp_path: Path, file: str, command: str, made: Command
) -> None:
    folder = Path(shutil.copytree(folders["by hand"], tmp_path / "suite"))
    shutil.copytree(folder, tmp_path / "whole")
    (folder / file).unlink()
    made(folder / file)
    is_absent = made is as_circle and (file in ("scores.parquet", "cost.csv") or command == "golden")
    with nullcontext() if is_absent else pytest.raises(StoreError, match=file):
        COMMANDS[command](folder)
