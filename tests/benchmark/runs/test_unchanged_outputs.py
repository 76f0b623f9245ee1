"""Tables and figures are made when what they are made from, or their own bytes, are others; and never else."""

import dataclasses
import itertools
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from commands_without_torch import run_blocked
from hypothesis import given
from hypothesis import strategies as st
from tiny_suite import SMALLER

from saltbench.benchmark.execution import evaluator as evaluation
from saltbench.benchmark.execution.collection import GONE, Absent, collect
from saltbench.benchmark.execution.failures import Failure
from saltbench.benchmark.execution.stored.census import census
from saltbench.benchmark.execution.stored.run import StoredRun
from saltbench.benchmark.figures import draw
from saltbench.benchmark.formats.render import View
from saltbench.benchmark.formats.terminal import table_of
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs import code_version, outputs
from saltbench.benchmark.runs.output_record import FILE as RECORD
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.index_file import FOLDER as INDEX
from saltbench.benchmark.storage.store import Store
from saltbench.benchmark.suites.provenance import write_record, write_tables
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

REGISTRIES = load_registries()
TABLES = (
    *("leaderboard.csv", "ranks.csv", "overall.csv", "comparisons.csv", "variance.csv", "cost.csv"),
    *("scores.parquet", "provenance.json"),
)
FIGURES = ("maps.png", "scores.png", "cost.png")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Path]:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "smaller.toml").write_text(SMALLER)
    suite = load_suite(str(folder / "smaller.toml"), REGISTRIES)
    return suite, run_suite(suite, folder / "results").folder


@pytest.fixture
def ran(finished: tuple[Suite, Path], tmp_path: Path) -> tuple[Suite, Path]:
    """A suite and a copy of the folder of its finished run."""
    return finished[0], shutil.copytree(finished[1], tmp_path / "smaller")


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the tables' files and of the figures that are made from now on."""
    names: list[str] = []

    def noting(figure: str, make: Callable[..., object]) -> Callable[..., object]:
        return lambda *arguments: names.append(f"{figure}.png") or make(*arguments)

    from saltbench.benchmark.runs import tables

    def written(folder: Path, contents: dict[str, bytes], *others: object) -> None:
        names.extend(contents)
        write_tables(folder, contents, *others)

    monkeypatch.setattr(tables, "write_tables", written)
    monkeypatch.setattr(draw, "FIGURES", {name: noting(name, make) for name, make in draw.FIGURES.items()})
    return names


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_run_with_nothing_to_do_leaves_every_file_alone(ran: tuple[Suite, Path], made: list[str]) -> None:
    suite, folder = ran
    before = {
        path: path.lstat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and INDEX not in path.parts
    }
    result = run_suite(suite, folder.parent)
    assert made == []
    assert {path: path.lstat().st_mtime_ns for path in before} == before
    assert result.failures == []
    assert [path.name for path in result.figures] == [*FIGURES]
    assert len(result.table) == 2 + 7
    assert len(result.collection.scores) == (2 + 7) * 6


def removed(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-9])


def foreign(path: Path) -> None:
    path.write_bytes(b"something else")


def unvouched(path: Path) -> None:
    """Take a digest out of a provenance.json."""
    write_record(path, {**json.loads(path.read_text()), "tables": {}})


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        *itertools.product([*TABLES[:-1], *FIGURES], [removed]),
        *itertools.product(["leaderboard.csv", "scores.parquet", "maps.png"], (cut, foreign)),
        *itertools.product(["provenance.json"], (removed, unvouched)),
    ],
)
def test_what_is_gone_or_damaged_is_made_again(
    ran: tuple[Suite, Path], made: list[str], name: str, damage: Callable[[Path], None]
) -> None:
    suite, folder = ran
    before = contents(folder)
    damage(folder / name)
    run_suite(suite, folder.parent)
    assert contents(folder) == before
    assert made == [name] if name in FIGURES else {*made} == {*TABLES} - {"provenance.json"}
    made.clear()
    run_suite(suite, folder.parent)
    assert made == []


def test_a_figure_that_could_not_be_drawn_goes_where_somebody_left_one(
    ran: tuple[Suite, Path], made: list[str]
) -> None:
    suite, folder = ran
    assert not (folder / "curves.png").exists()
    (folder / "curves.png").write_bytes(b"of another run")
    run_suite(suite, folder.parent)
    assert not (folder / "curves.png").exists()
    assert made == ["curves.png"]


@pytest.mark.parametrize(
    "damage",
    [
        removed,
        cut,
        foreign,
        lambda path: path.write_text(path.read_text().replace('"figures"', '"pictures"')),
        lambda path: path.write_text(json.dumps({"format": 2})),
        lambda path: (shutil.move(path.parent, path.parents[1] / "moved"), path.parent.symlink_to("moved")),
    ],
)
def test_without_a_sound_record_all_is_made_to_the_same_bytes(
    ran: tuple[Suite, Path], made: list[str], damage: Callable[[Path], object]
) -> None:
    suite, folder = ran
    before = contents(folder)
    damage(folder / RECORD)
    run_suite(suite, folder.parent)
    assert {*TABLES, *FIGURES} - {*made} == {"provenance.json"}
    assert contents(folder) == before


def test_other_scores_make_other_tables(ran: tuple[Suite, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    suite, folder = ran
    before = contents(folder)
    shutil.rmtree(sorted((folder / "scores").iterdir())[0])
    real = evaluation.score

    def other(*arguments: object) -> dict[str, object]:
        columns = real(*arguments)
        return {**columns, "euclidean": columns["euclidean"] + 0.5}

    monkeypatch.setattr(evaluation, "score", other)
    run_suite(suite, folder.parent)
    after = contents(folder)
    assert {name for name in before if after[name] != before[name]} >= {"leaderboard.csv", "scores.parquet"}
    monkeypatch.setattr(evaluation, "score", real)
    shutil.rmtree(sorted((folder / "scores").iterdir())[0])
    run_suite(suite, folder.parent)
    assert contents(folder)["leaderboard.csv"] == before["leaderboard.csv"]


def test_another_code_makes_all_anew(ran: tuple[Suite, Path], made: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    suite, folder = ran
    monkeypatch.setattr(outputs, "code_version", lambda: "another")
    run_suite(suite, folder.parent)
    assert {*made} >= {*FIGURES, "leaderboard.csv"}


def test_a_failed_cell_is_tried_again_and_what_it_left_stays(
    ran: tuple[Suite, Path], made: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, folder = ran
    shutil.rmtree(sorted((folder / "scores").iterdir())[0])
    monkeypatch.setattr(evaluation, "score", None)
    first = run_suite(suite, folder.parent)
    assert len(first.failures) == 1
    made.clear()
    assert run_suite(suite, folder.parent).failures == first.failures
    assert made == []


def test_a_run_with_nothing_to_do_prints_its_table_without_torch(ran: tuple[Suite, Path]) -> None:
    folder = ran[1].parent
    (folder / "smaller.toml").write_text(SMALLER)
    command = "run smaller.toml --results . --device cpu"
    assert run_blocked(folder, command) == {command: "None"}
    (folder / "smaller" / "scores.png").unlink()
    assert run_blocked(folder, command) == {command: "None"}
    assert (folder / "smaller" / "scores.png").exists()


def test_the_census_is_that_of_the_collection_with_and_without_an_index(ran: tuple[Suite, Path]) -> None:
    suite, folder = ran
    found = {
        census(StoredRun(suite, store, "cpu")).seal
        for store in (Store(folder), Store(folder).indexed(), Store(folder).indexed())
    }
    assert found == {collect(suite, Store(folder), "cpu").seal}
    shutil.rmtree(sorted((folder / "maps").iterdir())[0])
    lacking = census(StoredRun(suite, Store(folder), "cpu"))
    assert lacking.seal == ""
    assert len(lacking.lacking) == 1
    assert collect(suite, Store(folder), "cpu").seal not in found


def test_ties_are_those_of_the_scores(ran: tuple[Suite, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder = ran[1]
    with_ranks = table_of(ResultsFolder(folder), View(), REGISTRIES)
    monkeypatch.setattr(ResultsFolder, "ranks", None)
    assert table_of(ResultsFolder(folder), View(), REGISTRIES) == with_ranks
    assert "†".encode() in with_ranks


FAILURE = Failure("box/latter", "lstm", "saliency", 0, "it fell")
CHANGES: dict[str, Callable[[Suite], Suite]] = {
    "name": lambda suite: dataclasses.replace(suite, name="other"),
    "description": lambda suite: dataclasses.replace(suite, description="other"),
    "seeds": lambda suite: dataclasses.replace(suite, seeds=3),
    "crossed seeds": lambda suite: dataclasses.replace(suite, seeds={"data": 2, "training": 1, "attribution": 1}),
    "samples": lambda suite: dataclasses.replace(suite, samples=7),
    "target": lambda suite: dataclasses.replace(suite, target="predicted"),
    "output": lambda suite: dataclasses.replace(suite, output="probability"),
    "training": lambda suite: dataclasses.replace(suite, training=dataclasses.replace(suite.training, epochs=4)),
    "keep_maps": lambda suite: dataclasses.replace(suite, keep_maps=False),
    "training_version": lambda suite: dataclasses.replace(suite, training_version=99),
    **{
        f"{what} of {kind}": lambda suite, kind=kind, changed=changed: dataclasses.replace(
            suite,
            # by slices: the only one may have been left out before
            **{
                kind: (
                    *(dataclasses.replace(c, **changed) for c in getattr(suite, kind)[:1]),
                    *getattr(suite, kind)[1:],
                )
            },
        )
        for kind in ("tasks", "architectures", "methods", "references", "metrics")
        for what, changed in {
            "version": {"version": 99},
            "source": {"source": "plugin.py sha256:0"},
            "parameters": {"parameters": {"other": 1}},
        }.items()
    },
    **{
        f"one of the {kind} less": lambda suite, kind=kind: dataclasses.replace(
            suite, **{kind: getattr(suite, kind)[1:]}
        )
        for kind in ("tasks", "architectures", "methods", "references", "metrics")
    },
    **{
        f"order of {kind}": lambda suite, kind=kind: dataclasses.replace(suite, **{kind: getattr(suite, kind)[::-1]})
        for kind in ("methods", "references", "metrics")
    },
}


@given(
    changes=st.sets(st.sampled_from(sorted(CHANGES)), max_size=2),
    device=st.sampled_from(["cpu", "cuda"]),
    failures=st.sampled_from([(), (FAILURE,), (dataclasses.replace(FAILURE, status="skipped"),)]),
    absent=st.sampled_from([GONE, Absent("failed", "gone")]),
    seal=st.sampled_from(["one", "other"]),
)
def test_any_change_of_what_outputs_are_made_from_is_seen(finished, changes, device, failures, absent, seal) -> None:
    suite = finished[0]

    def digest(of: Suite, *others: object) -> str:
        return outputs.inputs_of(StoredRun(of, Store(Path()), device), REGISTRIES, *others)

    changed = suite
    for name in sorted(changes):
        changed = CHANGES[name](changed)
    before = outputs.inputs_of(StoredRun(suite, Store(Path()), "cpu"), REGISTRIES, (), GONE, "one")
    is_same = changed == suite and (device, failures, absent, seal) == ("cpu", (), GONE, "one")
    assert (digest(changed, failures, absent, seal) == before) == is_same


@pytest.mark.parametrize("stated", ["low", "high", "higher_is_better", "chance"])
def test_another_statement_of_a_metric_is_seen(finished, stated: str) -> None:
    run = StoredRun(finished[0], Store(Path()), "cpu")
    before = outputs.inputs_of(run, REGISTRIES, (), GONE, "")
    other = load_registries()
    spec = other.metrics.get("average_precision")
    changed = {"low": -1.0, "high": 2.0, "higher_is_better": not spec.higher_is_better, "chance": None}[stated]
    other.metrics._entries[spec.name] = dataclasses.replace(spec, **{stated: changed})
    assert outputs.inputs_of(run, other, (), GONE, "") != before


def test_every_byte_of_the_code_counts(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    module = tmp_path / "figures" / "style.py"
    module.write_text("COLOUR = 'red'\n")
    modules = [*tmp_path.rglob("*.py")]
    before = [*code_version.digests_of(modules)]
    module.write_text("COLOUR = 'blu'\n")
    assert [*code_version.digests_of(modules)] != before
    module.write_text("COLOUR = 'red'\n")
    assert [*code_version.digests_of(modules)] == before
    renamed = module.rename(module.with_name("look.py"))
    assert [*code_version.digests_of([renamed])] != before


def test_the_code_of_every_figure_and_table_is_in_its_version(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Path] = []
    monkeypatch.setattr(code_version, "digests_of", lambda modules: seen.extend(modules) or ())
    first = code_version.code_version.__wrapped__()
    names = {f"{path.parent.name}/{path.name}" for path in seen}
    assert names >= {
        "figures/scores_figure.py",
        "style/figure_style.py",
        "leaderboards/leaderboard.py",
        "runs/tables.py",
    }
    assert {path.name for path in seen} >= {"errors.py", "entry.py"}
    monkeypatch.setattr(code_version, "version", lambda library: "another" if library == "matplotlib" else "1")
    assert code_version.code_version.__wrapped__() != first
