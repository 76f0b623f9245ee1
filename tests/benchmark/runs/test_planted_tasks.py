"""Series of one's own as a task: in a run, in worker processes, from Python, and when the file changes."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from command_line import call, run

import saltbench
from saltbench.benchmark.execution.evaluator import Evaluator
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.store import open_store
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite
from saltbench.errors import UnknownNameError

SUITE = """
tasks = ["planted/my [se]ries.csv"]
architectures = ["lstm"]
methods = ["saliency"]
seeds = 2
samples = 4

[training]
epochs = 2

[parameters."planted/my [se]ries.csv"]
time = "t"
strength = 3.0
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a table, an array and a suite."""
    monkeypatch.chdir(tmp_path)
    write_table(tmp_path, seed=0)
    np.save("array.npy", np.random.default_rng(1).standard_normal((40, 5, 3)))
    Path("own.toml").write_text(SUITE)
    return tmp_path


def write_table(folder: Path, seed: int) -> None:
    values = np.random.default_rng(seed).standard_normal((40, 6))
    rows = [f"s{sample},{t},{values[sample, t]}" for sample in range(40) for t in range(6)]
    (folder / "my [se]ries.csv").write_text("\n".join(["id,t,x", *rows]))


def own() -> Suite:
    return load_suite("own.toml", load_registries())


@pytest.mark.slow
def test_the_command_line_on_files_wherever_they_are(folder: Path) -> None:
    places = ["planted/array.npy", f"planted/../{folder.name}/array.npy", f"planted/{folder}/my [se]ries.csv"]
    own = (folder / "own.toml").read_text().replace("my [se]ries.csv", f"{folder}/my [se]ries.csv")
    (folder / "own.toml").write_text(own)
    process = run("run", "own.toml", "--tasks", *places, "--seeds", "1", "--workers", "2", cwd=folder)
    assert process.returncode == 0, process.stderr
    table = ResultsFolder(folder / "results/own").table
    assert list(dict.fromkeys(table.task)) == places
    assert set(table.status) == {"ok"}
    oracle = table[table.method == "oracle"].average_precision
    assert set(oracle) == {1.0}


@pytest.mark.slow
def test_results_do_not_depend_on_the_workers(folder: Path) -> None:
    one, two = (run_suite(own(), folder / str(workers), workers=workers) for workers in (1, 2))
    assert one.failures == two.failures == []
    written = [(result.folder / "leaderboard.csv").read_bytes() for result in (one, two)]
    assert written[0] == written[1]


def test_a_changed_file_is_computed_anew(folder: Path) -> None:
    first = run_suite(own(), folder / "results")
    before = (first.folder / "leaderboard.csv").read_bytes()
    finished: list[int] = []
    run_suite(own(), folder / "results", report=lambda job, done, total: finished.append(total))
    assert finished == []
    write_table(folder, seed=1)
    run_suite(own(), folder / "results", report=lambda job, done, total: finished.append(total))
    assert finished == [4] * 4
    assert (first.folder / "leaderboard.csv").read_bytes() != before


def test_a_file_that_changes_during_a_run_fails_and_is_not_stored(folder: Path) -> None:
    with open_store(folder / "results") as store:
        job = next(iter(jobs(own(), "cpu")))
        write_table(folder, seed=1)
        failures = Evaluator(load_registries(), store).run(job)
        assert {failure.reason for failure in failures} == {
            "planted/my [se]ries.csv changed during the run; run the same command again"
        }
        assert not [*store.root.glob("yardsticks/*"), *store.root.glob("samples/*")]


def test_a_bad_file_fails_its_cells_and_the_others_finish(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text("id,time,x\na,0,1\na,1,\n")
    arguments = ("run", "own.toml", "--tasks", "planted/bad.csv", "planted/array.npy", "--workers", "1")
    code, _ = call(capsys, *arguments)
    assert "bad.csv: column 'x' is missing or infinite in row 2 (id a, time 1), 1 in all; fill or drop" in str(code)
    table = ResultsFolder(folder / "results/own").table
    assert table.groupby("task").status.unique().map(list).to_dict() == {
        "planted/bad.csv": ["failed"],
        "planted/array.npy": ["ok"],
    }


BAD = {
    "bad.csv": ("id,time,x\na,0,1\na,1,\n", "column 'x' is missing or infinite in row 2"),
    "unequal.csv": ("id,time,x\na,0,1\na,1,2\nb,0,1\n", "unequal.csv: "),
    "column.csv": ("id,when,x\na,0,1\na,1,2\n", "column.csv: "),
}


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("name", BAD)
def test_where_no_file_is_sound_nothing_is_begun(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, workers: int
) -> None:
    content, message = BAD[name]
    Path(name).write_text(content)
    code, out = call(capsys, "run", "own.toml", "--tasks", f"planted/{name}", "--workers", workers)
    assert str(code).startswith(f"saltbench: task planted/{name}: ")
    assert message in str(code)
    assert "\n" not in str(code)
    assert out == ""
    assert [path.name for path in Path("results/own").iterdir()] == [".lock"]


def test_a_bad_file_is_told_of_before_the_others_are_computed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("bad.csv").write_text(BAD["bad.csv"][0])
    suite = load_suite("own.toml", load_registries(), {"tasks": ["planted/bad.csv", "planted/array.npy"]})
    told: list[str] = []
    run_suite(suite, folder / "results", announce=told.append, report=lambda *_: told.append("computed"))
    assert told[0].startswith("task planted/bad.csv: ")
    assert told[0].endswith(" (its cells fail, the others are computed)")
    assert [*dict.fromkeys(told[1:])] == ["computed"]


def test_a_run_without_a_score_draws_nothing(folder: Path) -> None:
    suite = load_suite("own.toml", load_registries(), {"tasks": ["planted/array.npy"]})
    assert run_suite(suite, folder / "results").figures
    gone = dataclasses.replace(suite, methods=(dataclasses.replace(suite.methods[0], source="gone"),))
    result = run_suite(gone, folder / "results")
    assert set(result.table.status[result.table.architecture != ""]) == {"failed"}
    assert result.figures == []
    assert not [*result.folder.glob("*.png")]


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (
            "planted/absent.csv",
            "suite quick, --tasks: absent.csv cannot be read: No such file or directory; planted/<file> takes",
        ),
        (
            "planted/",
            "suite quick, --tasks: planted/<file> needs a file with the suffix .npy, .csv, .parquet, .ts, .tsv, got '",
        ),
        ("plantd/array.npy", "suite quick, --tasks: unknown task 'plantd/array.npy'"),
    ],
)
def test_mistakes_are_one_line(capsys: pytest.CaptureFixture[str], folder: Path, task: str, message: str) -> None:
    code, _ = call(capsys, "run", "--tasks", task)
    assert str(code).startswith(f"saltbench: {message}")
    assert "\n" not in str(code)


def test_parameters_of_a_file_that_this_run_leaves_out_are_no_mistake(folder: Path) -> None:
    load_suite("own.toml", load_registries(), {"tasks": ["planted/array.npy"]})
    with pytest.raises(UnknownNameError, match=r"unknown entry in parameters 'plant/x\.csv'"):
        load_suite("own.toml", load_registries(), {"parameters": {"plant/x.csv": {}}})


def test_a_parameter_that_an_array_lacks_is_named_with_its_line(folder: Path) -> None:
    Path("own.toml").write_text(SUITE.replace("my [se]ries.csv", "array.npy"))
    with pytest.raises(
        UnknownNameError, match=r"^suite own\.toml, line 11: unknown parameter of planted/array\.npy 'time'"
    ):
        own()
    Path("own.toml").write_text(SUITE.replace("strength", "strenth"))
    with pytest.raises(
        UnknownNameError, match=r"^suite own\.toml, line 13: unknown parameter of planted/<file> 'stren"
    ):
        own()


def test_evaluate_takes_a_file_or_planted_arrays(folder: Path) -> None:
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(15, 2))
    settings = {"planted/array.npy": {"strength": 1.0}}
    table = saltbench.evaluate(network, "planted/array.npy", ["saliency"], samples=4, parameters=settings)
    assert table.task.unique().tolist() == ["planted/array.npy"]
    data = saltbench.planted(np.load("array.npy"), strength=1.0, seed=0)
    assert saltbench.evaluate(network, data, ["saliency"], samples=4).status.unique().tolist() == ["ok"]


def test_a_name_with_dollars_is_no_mathematics_in_the_figure(folder: Path) -> None:
    Path("array.npy").rename(r"a$\bad$.npy")
    suite = load_suite("own.toml", load_registries(), {"tasks": [r"planted/a$\bad$.npy"], "seeds": 1})
    assert (run_suite(suite, folder / "results").folder / "maps.png").exists()
