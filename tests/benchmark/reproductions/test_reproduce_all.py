"""`reproduce all`: each reproduction by itself, and a summary that counts what agrees."""

import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from command_line import ended

from saltbench.benchmark.commands import reproduce
from saltbench.benchmark.comparisons.published import FILE
from saltbench.benchmark.reproductions.entries import ENTRIES
from saltbench.benchmark.reproductions.reproduction import Reproduction
from saltbench.benchmark.reproductions.summary import FURTHER, report_agreement, summarise
from saltbench.errors import DataError, ParameterError, StoreError, UnknownNameError

NO_DATA = "no copy of the data; give a folder with it"
HEADER = "task,architecture,quantity,published,agrees,reason\n"


def write(folder: Path, *rows: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(HEADER + "".join(f"{row}\n" for row in rows))


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Let there be no reproductions but some of those below, in an order."""

    def agreeing() -> Iterator[str]:
        write(tmp_path / "agreeing", "a,x,score,1,yes,", "b,x,score,1,no,other data", "b,x,error,1,unknown,")
        yield "compared"

    def without_data() -> Iterator[str]:
        yield "looking for the data"
        raise DataError(NO_DATA)

    def faulty() -> Iterator[str]:
        yield f"{1 / 0}"

    def unpublished() -> Iterator[str]:
        yield "nothing to compare"

    def stopped() -> Iterator[str]:
        yield "started"
        raise KeyboardInterrupt("by the user")

    made = {make.__name__.replace("_", "-"): make for make in (agreeing, without_data, faulty, unpublished, stopped)}

    def set_known(*names: str) -> None:
        chosen = {name: presented(name, lambda _runs, name=name: made[name]()) for name in names}
        monkeypatch.setattr(reproduce, "REPRODUCTIONS", chosen)

    return set_known


def presented(name: str, present: Callable[..., Iterator[str]], **declared: Any) -> Reproduction:
    """A reproduction that needs no run."""
    return Reproduction(**{"name": name, "suites": (), "present": present, **declared})


def call(results: Path, what: str = "all") -> object:
    return ended("reproduce", what, "--results", results)


def test_each_runs_by_itself_and_the_end_names_those_that_could_not(
    known: Callable[..., None], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    names = ["without-data", "faulty", "agreeing", "unpublished"]
    known(*names)
    write(tmp_path / "without-data", "a,x,score,1,yes,")  # of an earlier run: not this one's
    message = call(tmp_path)
    assert str(message).startswith(
        f"saltbench: 2 of 4 reproductions did not finish, the others are complete: without-data: {NO_DATA}; "
        "faulty: ZeroDivisionError: division by zero ("
    )
    assert "\n" not in str(message)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("== saltbench")] == [
        f"== saltbench reproduce {name}" for name in names
    ]
    assert f"did not finish: {NO_DATA}" in lines
    assert "1 of 3 comparisons with published numbers agree" in lines[-1]
    summary = pd.read_csv(tmp_path / "summary.csv", keep_default_na=False)
    counts = ["reproduction", "quantity", "compared", "agreeing", "disagreeing"]
    assert summary[counts].to_numpy().tolist() == [
        ["without-data", "", 0, 0, 0],
        ["faulty", "", 0, 0, 0],
        ["agreeing", "score", 2, 1, 1],
        ["agreeing", "error", 1, 0, 0],
        ["unpublished", "", 0, 0, 0],
    ]
    assert summary.reason[0] == f"did not finish: {NO_DATA}"
    assert summary.reason[1].startswith("did not finish: ZeroDivisionError: division by zero (test_reproduce_all.py:")
    assert summary.reason[2] == f"disagreeing: b x; causes in agreeing/{FILE}"
    assert summary.reason[3] == "1 undecided for lack of seeds"
    assert summary.reason[4] == "no number was published for it"
    assert (tmp_path / "README.md").is_file()


def test_all_that_finishes_ends_with_status_0(known: Callable[..., None], tmp_path: Path) -> None:
    known("agreeing")
    assert call(tmp_path) is None


def test_one_alone_writes_the_page_whether_it_finishes_or_not(known: Callable[..., None], tmp_path: Path) -> None:
    known("agreeing", "without-data")
    for what, code in (("agreeing", None), ("without-data", f"saltbench: {NO_DATA}")):
        results = tmp_path / what
        results.mkdir(exist_ok=True)
        assert call(results, what) == code
        assert (results / "README.md").read_text("utf-8").startswith("# What the reproductions show")


def test_every_suite_has_as_many_seeds_as_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    ran: list[tuple[str, object]] = []
    monkeypatch.setattr(reproduce, "execute", lambda suite, *_others: ran.append((suite.name, suite.seeds)))
    monkeypatch.setattr(reproduce, "finish", lambda *_others: None)
    follower = presented("last", lambda _runs: iter(()), suites=("mnist",))
    first = presented("first", lambda _runs: iter(()), suites=("table1", "moving-box"), followed_by=(follower,))
    monkeypatch.setattr(reproduce, "REPRODUCTIONS", {"first": first})
    for what in ("first", "all"):
        ran.clear()
        assert ended("reproduce", what, "--results", tmp_path, "--seeds", 2) is None
        assert ran == [("table1", 2), ("moving-box", 2), ("mnist", 2)]
    ran.clear()
    assert ended("reproduce", "first", "--results", tmp_path) is None
    assert ran == [("table1", 5), ("moving-box", 3), ("mnist", 3)]
    assert "--seeds" in str(ended("reproduce", "first", "--results", tmp_path, "--seeds", 0))


def test_what_a_figure_shows_reaches_the_reproduction_that_draws_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def draw(_runs: object, **shown: object) -> Iterator[str]:
        yield repr(shown)

    def check(_suites: object, **shown: object) -> None:
        checked.append(shown)

    checked: list[dict[str, object]] = []
    drawing = presented("mnist", draw, choices=("architectures", "methods", "digits"), check=check)
    of_steps = presented("fmri", draw, choices=("steps",))
    known = {"mnist": drawing, "fmri": of_steps, "table1": presented("table1", draw)}
    monkeypatch.setattr(reproduce, "REPRODUCTIONS", known)
    choices = ["--architectures", "lstm", "bi-lstm", "--methods", "deeplift", "--digits", "3", "8"]
    ended("reproduce", "mnist", *choices, "--results", tmp_path)
    expected = {"architectures": ["lstm", "bi-lstm"], "methods": ["deeplift"], "digits": [3, 8]}
    assert capsys.readouterr().out.splitlines()[0] == repr(expected)
    assert checked == [expected]
    for what, name, value in (("table1", "methods", ["deeplift"]), ("all", "steps", [3]), ("fmri", "digits", [3])):
        offered = {"methods": "mnist", "steps": "fmri", "digits": "mnist"}[name]
        message = f"--{name} chooses what the figure of {offered} shows, got it for {what}; leave it out"
        with pytest.raises(ParameterError, match=message):
            list(reproduce.reproduce(what, tmp_path, "cpu", 1, {name: value}))


def test_the_loop_checks_then_runs_then_presents_then_finishes_then_follows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    done: list[str] = []

    def present(runs: Sequence[str], **shown: object) -> Iterator[str]:
        done.append(f"present {runs} {shown}")
        yield "presented"

    monkeypatch.setattr(reproduce, "load_suite", lambda name, _registries: f"suite {name}")
    monkeypatch.setattr(reproduce, "execute", lambda suite, *_: done.append(f"run {suite}") or f"run of {suite}")
    monkeypatch.setattr(reproduce, "finish", lambda run, _registries: done.append(f"finish {run}"))
    last = Reproduction(name="last", suites=("c",), present=present, missing_data=lambda: "no data for it")
    next_one = Reproduction(name="next", suites=("b",), present=present, followed_by=(last,))
    first = Reproduction(
        name="first",
        suites=("a", "b"),
        present=present,
        check=lambda suites, **shown: done.append(f"check {suites} {shown}"),
        followed_by=(next_one,),
    )
    lines = list(reproduce.reproduce_one(first, tmp_path, "cpu", 1, {"steps": [3]}))
    assert lines == ["presented", "presented", "no data for it"]
    assert done == [
        "check ['suite a', 'suite b'] {'steps': [3]}",
        "run suite a",
        "run suite b",
        "present ['run of suite a', 'run of suite b'] {'steps': [3]}",
        "finish run of suite a",
        "finish run of suite b",
        "run suite b",
        "present ['run of suite b'] {'steps': [3]}",
        "finish run of suite b",
    ]


def test_an_interrupt_stops_all_of_it(known: Callable[..., None], tmp_path: Path) -> None:
    known("stopped", "agreeing")
    lines = []
    with pytest.raises(KeyboardInterrupt, match="by the user"):
        lines += reproduce.reproduce_all(tmp_path, "cpu", 1)
    assert list(tmp_path.iterdir()) == []


def test_every_reproduction_is_part_of_all() -> None:
    assert tuple(reproduce.REPRODUCTIONS.values()) == ENTRIES
    assert list(reproduce.REPRODUCTIONS) == [one.name for one in ENTRIES]
    assert reproduce.ALL not in reproduce.REPRODUCTIONS
    with pytest.raises(UnknownNameError, match="unknown reproduction 'tabel1'; did you mean 'table1'"):
        list(reproduce.reproduce("tabel1", Path(), "cpu", 1))


def test_what_is_declared_can_be_run_and_is_counted() -> None:
    """Suites are bundled, choices are arguments of what gets them, and folders that follow are counted."""
    assert {name: folders for name, folders in FURTHER.items() if folders} == {"fmri": ("fmri-hcp",)}
    bundled = {path.stem for path in (Path(__file__).parents[3] / "benchmark" / "suites" / "bundled").iterdir()}
    for one in [*ENTRIES, *(follower for first in ENTRIES for follower in first.followed_by)]:
        assert set(one.suites) <= bundled
        assert one.suites[0] == one.name
        for function in (one.present, one.check) if one.choices else ():
            assert set(one.choices) <= set(inspect.signature(function).parameters)


def test_many_disagreements_are_named_up_to_a_point(tmp_path: Path) -> None:
    write(tmp_path / "many", *(f"t{number},x,score,1,no,why" for number in range(10)))
    (reason,) = summarise(tmp_path, ["many"], {}).reason
    named = ", ".join(f"t{number} x" for number in range(8))
    assert reason == f"disagreeing: {named}, and 2 more; causes in many/{FILE}"


def test_what_a_number_does_not_depend_on_is_left_out_of_its_name(tmp_path: Path) -> None:
    write(tmp_path / "one", "a,,score,1,no,why", "a,x,score,1,no,why")
    assert summarise(tmp_path, ["one"], {}).reason[0].startswith("disagreeing: a, a x; causes")


def test_the_folder_for_data_of_the_user_is_counted_where_it_is(tmp_path: Path) -> None:
    write(tmp_path / "fmri", "a,x,score,1,yes,")
    assert list(summarise(tmp_path, ["fmri"], {}).reproduction) == ["fmri"]
    write(tmp_path / "fmri-hcp", "a,x,score,1,no,why")
    summary = summarise(tmp_path, ["fmri"], {})
    assert summary[["reproduction", "agreeing"]].to_numpy().tolist() == [["fmri", 1], ["fmri-hcp", 0]]
    assert list(summarise(tmp_path, ["fmri"], {"fmri": "no data"}).reproduction) == ["fmri"]


def test_the_table_for_people(tmp_path: Path) -> None:
    write(tmp_path / "two", "a,x,score,1,yes,", "b,x,score,1,yes,")
    lines = list(report_agreement(summarise(tmp_path, ["two"], {}), tmp_path))
    assert [line.split() for line in lines[:2]] == [
        ["reproduction", "quantity", "compared", "agreeing", "disagreeing"],
        ["two", "score", "2", "2", "0"],
    ]
    assert lines[2:] == [f"2 of 2 comparisons with published numbers agree; details in {tmp_path / 'summary.csv'}"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "published_vs_measured.csv is not a CSV table: it is empty; restore or recompute it"),
        ("task,quantity\na,score\n", "published_vs_measured.csv lacks the columns agrees; restore or recompute it"),
        ("a,b\n1,2,3\n4,5,6,7\n", "lacks the columns quantity, agrees; restore or recompute it"),
    ],
)
def test_a_damaged_comparison(tmp_path: Path, content: str, message: str) -> None:
    write(tmp_path / "one")
    (tmp_path / "one" / FILE).write_text(content)
    with pytest.raises(StoreError, match=message):
        summarise(tmp_path, ["one"], {})
