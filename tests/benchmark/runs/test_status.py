"""How far a run is, as its folder tells: done, running, failed with reasons, and the rest; beside a run or without."""

import dataclasses
import os
import shutil
from contextlib import ExitStack
from pathlib import Path

import pytest
from tiny_suite import SMALLER

from saltbench.benchmark.execution import journal as journals
from saltbench.benchmark.execution.executors import in_process
from saltbench.benchmark.execution.failures import Failure
from saltbench.benchmark.execution.journal import FILE, Header, forget_journal, open_journal, read_journal
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.runs.status import status_lines
from saltbench.benchmark.suites.registry import Registries, load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

pytestmark = pytest.mark.usefixtures("undrawn")

PLUGIN = """
from saltbench import MethodSpec, UnsupportedOperationError


def broken(inputs):
    raise ValueError("no such thing")


def picky(inputs):
    raise UnsupportedOperationError("needs another network")


common = {"version": 1, "description": "d", "reference": "r"}
BROKEN = MethodSpec(name="broken", factory=broken, **common)
PICKY = MethodSpec(name="picky", factory=picky, **common)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a suite, a plugin, and the results of the suite with the plugin's two methods."""
    place = tmp_path_factory.mktemp("place")
    (place / "smaller.toml").write_text(SMALLER)
    (place / "bad.py").write_text(PLUGIN)
    suite, _ = loaded(place)
    run_suite(suite, place, plugins=[place / "bad.py"])
    return place


@pytest.fixture
def ran(place: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    return shutil.copytree(place, tmp_path / "place")


def loaded(place: Path, methods: tuple[str, ...] = ("saliency", "broken", "picky")) -> tuple[Suite, Registries]:
    registries = load_registries([place / "bad.py"])
    return load_suite(str(place / "smaller.toml"), registries, {"methods": [*methods]}), registries


def lines(place: Path, methods: tuple[str, ...] = ("saliency", "broken", "picky"), device: str = "auto") -> list[str]:
    return list(status_lines(*loaded(place, methods), place, device))


def header(**changes: object) -> Header:
    return dataclasses.replace(Header.here("cpu", 2), **changes)


GONE = {"process": 2**22 + 1, "created": 1.0}  # above the largest process number


def test_before_the_first_run(place: Path, tmp_path: Path) -> None:
    found = list(status_lines(*loaded(place), tmp_path / "none", "auto"))
    assert found[0] == f"suite smaller in {tmp_path}/none/smaller: no run is under way, and no cell is done"
    assert found[1] == "done: 0 of 10 cells, 0 of 1 training"
    assert found[2].startswith("rest: 10 cells; time: about ")
    assert list(tmp_path.iterdir()) == []


def test_a_finished_run_tells_why_cells_failed(ran: Path) -> None:
    assert lines(ran, ("saliency",)) == [
        f"suite smaller in {ran}/smaller: complete",
        "done: 8 of 8 cells, 1 of 1 training",
    ]
    found = lines(ran)
    assert found[:2] == [
        f"suite smaller in {ran}/smaller: no run is under way",
        "done: 8 of 10 cells, 1 of 1 training",
    ]
    assert found[2:6] == [
        "failed: 1",
        "  box/latter input-cell-lstm broken: seed 0: ValueError: no such thing (bad.py:6)",
        "skipped: 1",
        "  box/latter input-cell-lstm picky: seed 0: needs another network",
    ]
    assert found[6].startswith("rest: 2 cells; time: about ")


def test_reading_writes_nothing(ran: Path) -> None:
    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in ran.rglob("*")}

    before = state()
    lines(ran)
    assert state() == before


def test_a_run_under_way_tells_what_it_does(ran: Path) -> None:
    shutil.rmtree(ran / "smaller" / "scores")
    failure = Failure("box/latter", "input-cell-lstm", "broken", 0, "no such\nthing")
    with open_journal(ran / "smaller", header(began=0.0)) as journal:
        journal.begin(0, "box/latter input-cell-lstm seed 0, data and network")
        journal.end(0, 0, [])
        journal.begin(1, "box/latter input-cell-lstm seed 0, broken")
        journal.begin(2, "box/latter input-cell-lstm seed 0, saliency")
        journal.begin(3, "box/latter input-cell-lstm seed 0, picky")
        journal.end(1, 1, [failure])
        found = lines(ran)
    assert found[0].startswith(f"suite smaller in {ran}/smaller: a run has been under way for ")
    assert found[1] == "done: 0 of 10 cells, 1 of 1 training"
    assert found[2] == (
        "running: box/latter input-cell-lstm seed 0, saliency; box/latter input-cell-lstm seed 0, picky"
    )
    assert found[3:5] == ["failed: 1", r"  box/latter input-cell-lstm broken seed 0: no such\nthing"]
    assert found[5].startswith("rest: 9 cells; time: about ")
    assert " in 2 processes, " in found[5]
    assert not (ran / "smaller" / FILE).exists()


def test_an_interrupted_run_says_so_and_how_to_go_on(ran: Path) -> None:
    with ExitStack() as given_up:
        journal = given_up.enter_context(open_journal(ran / "smaller", header(**GONE)))
        journal.begin(0, "box/latter input-cell-lstm seed 0, saliency")
        given_up.pop_all()
    found = lines(ran)
    assert found[0].endswith(" ago was interrupted; run the same command again to finish the rest")
    assert not any(line.startswith("running") for line in found)
    suite, _ = loaded(ran)
    run_suite(suite, ran, plugins=[ran / "bad.py"])  # it has two cells to try again
    assert not (ran / "smaller" / FILE).exists()


def test_a_run_with_nothing_to_do_removes_what_an_interrupted_one_left(ran: Path) -> None:
    (ran / "smaller" / FILE).write_text("{")
    run_suite(loaded(ran, ("saliency",))[0], ran)
    assert not (ran / "smaller" / FILE).exists()


def test_a_process_of_the_same_number_is_not_the_run() -> None:
    assert header().is_running()
    assert not header(created=1.0).is_running()
    assert not header(**GONE).is_running()
    assert header(host="elsewhere", **GONE).is_running()  # nobody can tell


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"null", b'{"host": "h"}', b"\xff"])
def test_a_journal_that_cannot_be_read_is_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    assert read_journal(tmp_path) is None
    forget_journal(tmp_path)
    assert read_journal(tmp_path) is None


def test_a_line_that_is_half_written_is_passed_over(tmp_path: Path) -> None:
    with open_journal(tmp_path, header()) as journal:
        journal.begin(0, "one")
        with (tmp_path / FILE).open("ab") as file:
            file.write(b'{"begin": 1, "wh\n[]\n3\n{"end": 7}\n')
        journal.begin(2, "two")
        report = read_journal(tmp_path)
    assert report is not None
    assert (report.running, report.ended, report.failures) == (["one", "two"], 0, [])


def test_a_link_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / FILE).symlink_to(tmp_path / "mine")
    with open_journal(tmp_path, header()) as journal:
        journal.begin(0, "one")
    assert (tmp_path / "mine").read_text() == "mine"


def test_a_run_notes_what_it_computes(ran: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(ran / "smaller" / "scores")
    seen = []
    real = in_process.InProcess.submit

    def submit(self: in_process.InProcess, unit: object) -> object:
        report = read_journal(ran / "smaller")
        assert report is not None
        seen.append((*report.running, report.ended))
        return real(self, unit)

    monkeypatch.setattr(in_process.InProcess, "submit", submit)
    run_suite(loaded(ran, ("saliency",))[0], ran)
    assert [ended for *_, ended in seen] == [0, 0, 1, 2, 3, 4, 5, 6, 7, 7]
    assert {len(running) for *running, _ in seen} == {1}
    assert seen[0][0] == "box/latter reference methods seed 0, data and network"
    assert seen[-1][0] == "box/latter input-cell-lstm seed 0, saliency"


def test_a_journal_that_cannot_be_written_ends_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    with open_journal(tmp_path, header()) as journal:
        monkeypatch.setattr(journals.Path, "open", full)
        journal.begin(0, "one")
        monkeypatch.undo()
        report = read_journal(tmp_path)
    assert report is not None
    assert report.running == []


def test_the_command_says_it(ran: Path, said) -> None:
    arguments = ("status", ran / "smaller.toml", "--results", ran, "--methods", "saliency")
    status, out = said(*arguments)
    assert status in (None, 0)
    assert out.splitlines()[1] == "done: 8 of 8 cells, 1 of 1 training"
