"""`reproduce all`: each reproduction by itself, and a summary that counts what agrees."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from saltbench.benchmark.commands import cli, reproduce
from saltbench.benchmark.comparisons.published import FILE
from saltbench.benchmark.reproductions.summary import report_agreement, summarise
from saltbench.errors import DataError, ParameterError, StoreError

NO_DATA = "no copy of the data; give a folder with it"
HEADER = "task,architecture,quantity,published,agrees,reason\n"


def write(folder: Path, *rows: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_text(HEADER + "".join(f"{row}\n" for row in rows))


def agreeing(results: Path, _device: str, _workers: int | None) -> Iterator[str]:
    write(results / "agreeing", "a,x,score,1,yes,", "b,x,score,1,no,other data", "b,x,error,1,unknown,")
    yield "compared"


def without_data(results: Path, _device: str, _workers: int | None) -> Iterator[str]:
    yield "looking for the data"
    raise DataError(NO_DATA)


def faulty(_results: Path, _device: str, _workers: int | None) -> Iterator[str]:
    yield f"{1 / 0}"


def unpublished(results: Path, _device: str, _workers: int | None) -> Iterator[str]:
    yield f"into {results.name}"


def stopped(_results: Path, _device: str, _workers: int | None) -> Iterator[str]:
    yield "started"
    raise KeyboardInterrupt


def call(monkeypatch: pytest.MonkeyPatch, results: Path, what: str = "all") -> object:
    monkeypatch.setattr(sys, "argv", ["saltbench", "reproduce", what, "--results", str(results)])
    with pytest.raises(SystemExit) as caught:
        cli.main()
    return caught.value.code


def test_each_runs_by_itself_and_the_end_names_those_that_could_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    single = {"without-data": without_data, "faulty": faulty, "agreeing": agreeing, "unpublished": unpublished}
    monkeypatch.setattr(reproduce, "SINGLE", single)
    write(tmp_path / "without-data", "a,x,score,1,yes,")  # of an earlier run: not this one's
    message = call(monkeypatch, tmp_path)
    assert str(message).startswith(
        f"saltbench: 2 of 4 reproductions did not finish, the others are complete: without-data: {NO_DATA}; "
        "faulty: ZeroDivisionError: division by zero ("
    )
    assert "\n" not in str(message)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("== saltbench")] == [
        f"== saltbench reproduce {name}" for name in single
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


def test_all_that_finishes_ends_with_status_0(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reproduce, "SINGLE", {"agreeing": agreeing})
    assert call(monkeypatch, tmp_path) is None


def test_one_alone_writes_the_page_whether_it_finishes_or_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    known = {"agreeing": agreeing, "without-data": without_data}
    monkeypatch.setattr(reproduce, "REPRODUCTIONS", known)
    for what, code in (("agreeing", None), ("without-data", f"saltbench: {NO_DATA}")):
        results = tmp_path / what
        results.mkdir()
        assert call(monkeypatch, results, what) == code
        assert (results / "README.md").read_text("utf-8").startswith("# What the reproductions show")


def test_what_a_figure_shows_reaches_the_reproduction_that_draws_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def drawing(_results: Path, _device: str, _workers: int | None, **shown: object) -> Iterator[str]:
        yield repr(shown)

    monkeypatch.setattr(reproduce, "REPRODUCTIONS", {"mnist": drawing, "fmri": drawing, "table1": drawing})
    choices = ["--architectures", "lstm", "bi-lstm", "--methods", "deeplift", "--digits", "3", "8"]
    monkeypatch.setattr(sys, "argv", ["saltbench", "reproduce", "mnist", *choices, "--results", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    expected = {"architectures": ["lstm", "bi-lstm"], "methods": ["deeplift"], "digits": [3, 8]}
    assert capsys.readouterr().out.splitlines()[0] == repr(expected)
    for what, name, value in (("table1", "methods", ["deeplift"]), ("all", "steps", [3]), ("fmri", "digits", [3])):
        monkeypatch.setattr(reproduce, "REPRODUCTIONS", {what: drawing})
        offered = {"methods": "mnist", "steps": "fmri", "digits": "mnist"}[name]
        message = f"--{name} chooses what the figure of {offered} shows, got it for {what}; leave it out"
        with pytest.raises(ParameterError, match=message):
            list(reproduce.reproduce(what, tmp_path, "cpu", 1, {name: value}))


def test_an_interrupt_stops_all_of_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reproduce, "SINGLE", {"stopped": stopped, "agreeing": agreeing})
    lines = []
    with pytest.raises(KeyboardInterrupt):
        lines += reproduce.everything(tmp_path, "cpu", 1)
    assert list(tmp_path.iterdir()) == []


def test_every_reproduction_is_part_of_all() -> None:
    assert {**reproduce.SINGLE, "all": reproduce.everything} == reproduce.REPRODUCTIONS
    assert "all" not in reproduce.SINGLE


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
