"""What a provenance.json vouches for: that a table is the one that the run wrote, to the last bit."""

import ast
import json
import random
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from boards import not_verified, ties
from command_line import ended
from page_folders import write_provenance
from recorded_folders import recorded_folder, unvouched, vouched

from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.reproductions.summary import summarise
from saltbench.benchmark.storage.csv_tables import Layout
from saltbench.benchmark.suites import provenance as module
from saltbench.benchmark.suites.provenance import digest_of, read_provenance, read_record, write_tables
from saltbench.errors import StoreError

RESULTS = Path(__file__).parents[3] / "results"
VERDICTS = b"quantity,agrees\naccuracy,yes\n"
REFUSED = r"was changed or damaged since the run that provenance\.json beside it records; run again, or move the file"
READERS: Mapping[str, Callable[[Path], object]] = {
    "leaderboard.csv": lambda folder: ResultsFolder(folder).table,
    "scores.parquet": lambda folder: ResultsFolder(folder).scores,
    "cost.csv": lambda folder: ResultsFolder(folder).cost,
    "published_vs_measured.csv": lambda folder: summarise(folder.parent, [folder.name], {}),
    "removal.csv": lambda folder: ResultsFolder(folder).rows("removal.csv", Layout()),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = recorded_folder(tmp_path_factory.mktemp("results") / "suite")
    write_tables(made, {"published_vs_measured.csv": VERDICTS, "removal.csv": VERDICTS})
    return made


def flipped(content: bytes, place: int) -> bytes:
    byte, bit = divmod(place, 8)
    return content[:byte] + bytes([content[byte] ^ 1 << bit]) + content[byte + 1 :]


@pytest.mark.parametrize("name", READERS)
def test_a_table_with_one_bit_changed_is_not_read(folder: Path, tmp_path: Path, name: str) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "suite"))
    content = (folder / name).read_bytes()
    READERS[name](copy)
    for place in random.Random(0).sample(range(8 * len(content)), 60):
        (copy / name).write_bytes(flipped(content, place))
        with pytest.raises(StoreError, match=REFUSED) as caught:
            READERS[name](copy)
        assert str(caught.value).startswith(f"{copy / name} ")


def test_a_provenance_with_one_bit_changed_is_not_read(folder: Path, tmp_path: Path) -> None:
    content = (folder / "provenance.json").read_bytes()
    whole = read_record(folder)
    for place in random.Random(0).sample(range(8 * len(content)), 400):
        (tmp_path / "provenance.json").write_bytes(flipped(content, place))
        with suppress(StoreError):
            assert read_record(tmp_path) == whole  # only the spaces between values are free


@pytest.mark.parametrize("key", ["digest", "tables"])
def test_a_provenance_that_lost_a_digest_is_damaged(folder: Path, tmp_path: Path, key: str) -> None:
    content = json.loads((folder / "provenance.json").read_bytes())
    del content[key]
    (tmp_path / "provenance.json").write_text(json.dumps(content))
    expected = r"provenance\.json was changed or damaged since the run, its digest is another; run again, or delete it"
    with pytest.raises(StoreError, match=expected):
        read_record(tmp_path)


def test_line_ends_of_another_system_are_no_change(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "suite"))
    for path in (*copy.glob("*.csv"), copy / "provenance.json"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert ResultsFolder(copy).table.equals(ResultsFolder(folder).table)
    assert read_provenance(copy) == read_provenance(folder)


def test_a_file_alone_is_checked_by_the_provenance_beside_it(folder: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(folder, tmp_path / "suite")) / "leaderboard.csv"
    copy.write_bytes(copy.read_bytes().replace(b"0.9", b"0.8"))
    with pytest.raises(StoreError, match=REFUSED):
        ResultsFolder(copy).table
    elsewhere = Path(shutil.move(copy, tmp_path / "alone.csv"))
    assert set(ResultsFolder(elsewhere).table.accuracy.dropna()) == {0.8}


def standard_error(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert ended(*arguments) is None
    return capsys.readouterr().err


def test_commands_say_in_one_line_what_is_not_verified(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = unvouched(Path(shutil.copytree(folder, tmp_path / "old")))
    alone = Path(shutil.copy(folder / "leaderboard.csv", tmp_path / "alone.csv"))
    assert standard_error(capsys, "leaderboard", folder) == ""
    assert standard_error(capsys, "compare", folder, folder) == ""
    assert standard_error(capsys, "leaderboard", alone) == not_verified(alone)
    tables = [old / "leaderboard.csv", old / "scores.parquet"]
    assert standard_error(capsys, "leaderboard", old) == not_verified(*tables)
    assert standard_error(capsys, "compare", folder, old) == not_verified(*tables)
    drawn = ["--format", "svg", "--output", tmp_path / "drawn"]
    assert standard_error(capsys, "figures", folder, *drawn) == ""
    tables[1:] = [old / "cost.csv"]
    assert standard_error(capsys, "figures", old, *drawn) == not_verified(*tables)


def test_tables_are_recorded_after_they_are_written_and_others_kept(tmp_path: Path) -> None:
    folder = recorded_folder(tmp_path / "suite")
    write_tables(folder, {"more.csv": b"a\r\n1\r\n"})
    (folder / "cost.csv").unlink()
    write_tables(folder, {"leaderboard.csv": b"a\n2\n"})
    content = read_record(folder)
    assert content is not None
    scores = (folder / "scores.parquet").read_bytes()
    assert content["tables"] == {
        "leaderboard.csv": digest_of("leaderboard.csv", b"a\n2\n"),
        "more.csv": digest_of("more.csv", b"a\n1\n"),
        "scores.parquet": digest_of("scores.parquet", scores),
    }
    assert content["suite"]["name"] == "quick"


def test_a_damaged_provenance_vouches_for_nothing_when_it_is_written_anew(tmp_path: Path) -> None:
    folder = recorded_folder(tmp_path / "suite")
    sound = read_provenance(folder)
    content = json.loads((folder / "provenance.json").read_bytes())
    content["tables"]["leaderboard.csv"] = "0"
    (folder / "provenance.json").write_text(json.dumps(content))
    write_tables(folder, {}, sound)
    assert read_provenance(folder) == sound
    assert read_record(folder)["tables"] == {}


def test_without_a_provenance_tables_are_written_alone(tmp_path: Path) -> None:
    write_tables(tmp_path / "suite", {"a.csv": b"a\n"})
    assert [path.name for path in (tmp_path / "suite").iterdir()] == ["a.csv"]
    assert ResultsFolder(tmp_path / "suite").unverified(["a.csv", "absent.csv"]) == [tmp_path / "suite" / "a.csv"]


def test_provenances_of_earlier_versions_are_read(tmp_path: Path) -> None:
    write_provenance(ties(tmp_path / "suite"))
    assert read_provenance(tmp_path / "suite") == read_provenance(vouched(tmp_path / "suite"))


@pytest.mark.parametrize("path", sorted(RESULTS.glob("*/provenance.json")), ids=lambda path: path.parent.name)
def test_the_committed_tables_are_those_that_their_provenance_records(path: Path) -> None:
    content = read_record(path.parent)
    assert content is not None
    found = {table.name: digest_of(table.name, table.read_bytes()) for table in path.parent.glob("*.csv")}
    assert {name: content["tables"][name] for name in found} == found


def test_one_module_reads_and_writes_provenance() -> None:
    benchmark = Path(module.__file__).parents[1]
    named = {
        path.relative_to(benchmark).as_posix()
        for path in benchmark.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and node.value == "provenance.json"
    }
    assert named == {"suites/provenance.py"}
