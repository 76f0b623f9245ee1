"""A folder's figures: all that its data allows, the same bytes every time, and the reason for what is left out."""

import shutil
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest
from command_line import call
from hand_made import METRIC, board
from matplotlib.image import imread
from tiny_suite import TINY

from saltbench.benchmark.figures.draw import Drawn, draw_figures, drawn_metric
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage.csv_tables import to_csv
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import ParameterError, StoreError, UnknownNameError

METRICS = load_registries().metrics
NAMES = ["maps", "scores", "curves", "ranks", "cost"]
HOSTILE = [
    "$x^2$",
    r"$\frac{$",
    "a$b",
    r"\$\frac{1}{",
    "<script>&amp;",
    "{rank:.2f}",
    "tab\tnul\0",
    "--><!--",
    "_" * 300,
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a tiny run."""
    parent = tmp_path_factory.mktemp("run")
    (parent / "tiny.toml").write_text(TINY)
    return run_suite(load_suite(str(parent / "tiny.toml"), load_registries()), parent).folder


def write(folder: Path, table: pd.DataFrame) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "leaderboard.csv").write_bytes(to_csv(table))
    return folder


def drawn_from(path: Path, formats: Sequence[str], output: Path, metric: str | None = None) -> Iterator[Drawn]:
    results = ResultsFolder(path)
    return draw_figures(results, drawn_metric(results, metric, METRICS), formats, output)


def hostile() -> pd.DataFrame:
    return board(["$1", "$2"], HOSTILE, HOSTILE)


def costs(table: pd.DataFrame) -> pd.DataFrame:
    trained = table[table.architecture != ""][["task", "architecture", "method"]]
    return trained.assign(seconds_per_sample=0.1, samples=1, seeds=1)


def test_a_run_gives_every_figure_but_the_curves(finished: Path, tmp_path: Path) -> None:
    assert drawn_metric(ResultsFolder(finished), None, METRICS).name == METRIC
    drawn = {one.name: one for one in drawn_from(finished, ["png", "svg", "pdf"], tmp_path)}
    assert list(drawn) == NAMES
    for name in ("maps", "scores", "ranks", "cost"):
        png, svg, pdf = drawn[name].paths
        assert imread(png).std() > 0.05
        assert ET.parse(svg).getroot().tag.endswith("svg")  # noqa: S314 - our own file
        assert pdf.read_bytes().startswith(b"%PDF")
        # the run has drawn the same
        assert png.read_bytes() == (finished / f"{name}.png").read_bytes()
    assert drawn["curves"].paths == ()
    assert drawn["curves"].reason.startswith("no two tasks differ in a number")


@pytest.mark.slow
def test_the_same_data_gives_the_same_bytes_at_any_time(finished: Path, tmp_path: Path, run_python) -> None:
    script = "import sys, time; time.time = lambda: 1e9; from saltbench.benchmark.commands.cli import main; main()"
    folders = tmp_path / "here", tmp_path / "there"
    list(drawn_from(finished, ["png", "svg", "pdf"], folders[0]))
    done = run_python(script, "figures", finished, "--output", folders[1])
    assert done.returncode == 0, done.stderr
    here, there = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert len(here) == 12
    assert here == there
    assert not any(b"CreationDate" in content or b"<dc:date>" in content for content in here.values())


def test_a_leaderboard_alone_gives_scores_and_ranks(tmp_path: Path) -> None:
    table = board(["move/t1", "move/t2"], ["lstm"], ["saliency", "lime", "smoothgrad"])
    folder = write(tmp_path / "suite", table)
    for path in (folder, folder / "leaderboard.csv"):
        drawn = {one.name: one.reason for one in drawn_from(path, ["png"], tmp_path)}
        assert drawn == {
            "maps": "the folder has no provenance.json, which says what was run",
            "scores": "",
            "curves": "",
            "ranks": "",
            "cost": "the folder has no cost.csv, which a run writes; run the suite again",
        }


def test_a_checkout_without_stored_maps_keeps_its_maps(finished: Path, tmp_path: Path) -> None:
    for name in ("leaderboard.csv", "provenance.json", "maps.png"):
        shutil.copy(finished / name, tmp_path)
    before = (tmp_path / "maps.png").read_bytes()
    maps = next(drawn_from(tmp_path, ["png"], tmp_path))
    assert maps.reason == "the folder has no maps/, where a run keeps its maps; run the suite again"
    assert (tmp_path / "maps.png").read_bytes() == before


@pytest.mark.slow
def test_hostile_names_are_drawn_as_they_are(tmp_path: Path) -> None:
    table = hostile()
    costs(table).to_csv(tmp_path / "cost.csv", index=False)
    drawn = list(drawn_from(write(tmp_path, table), ["svg"], tmp_path, METRIC))
    assert [one.name for one in drawn if one.paths] == ["scores", "curves", "ranks", "cost"]
    for one in drawn[1:]:
        comments = (tmp_path / f"{one.name}.svg").read_text()
        ET.fromstring(comments)  # noqa: S314 - our own file
        assert "<script>" not in comments.replace("<!-- <script>", "")  # glyphs are paths, their text a comment


def test_another_metric_and_its_direction(tmp_path: Path) -> None:
    table = board(["t"], ["lstm"], ["saliency"], metric="euclidean")
    results = ResultsFolder(write(tmp_path, table))
    assert drawn_metric(results, None, METRICS).name == "euclidean"  # the first, for lack of the main one
    assert not drawn_metric(results, "euclidean", METRICS).higher_is_better


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    table = board(["t"], ["lstm"], ["saliency"])
    with pytest.raises(UnknownNameError, match="unknown metric 'average_precisio'; did you mean 'average_precision'"):
        drawn_from(write(tmp_path, table), ["png"], tmp_path, "average_precisio")
    foreign = board(["t"], ["lstm"], ["saliency"], metric="pointing")
    with pytest.raises(UnknownNameError, match=r"unknown metric 'pointing'.*give --plugin FILE that defines it"):
        drawn_from(write(tmp_path, foreign), ["png"], tmp_path)
    with pytest.raises(StoreError, match=f"needs numbers in {METRIC}, got 'good' in row 1"):
        drawn_from(write(tmp_path, table.assign(**{METRIC: "good"})), ["png"], tmp_path)
    with pytest.raises(StoreError, match="has two rows of t lstm saliency; remove one or run the suite again"):
        drawn_from(write(tmp_path, pd.concat([table, table.tail(1)])), ["png"], tmp_path)
    with pytest.raises(StoreError, match="has no scores with bounds"):
        drawn_from(write(tmp_path, table.drop(columns=f"{METRIC}_low")), ["png"], tmp_path)
    with pytest.raises(ParameterError, match="out of png, svg, pdf, got 'gif'"):
        list(drawn_from(write(tmp_path, table), ["png", "gif"], tmp_path))
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"cannot write .*file/scores\.png"):
        list(drawn_from(tmp_path, ["png"], tmp_path / "file"))


def test_the_command_prints_files_and_reasons(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    folder = write(tmp_path / "suite", board(["a", "b"], ["lstm"], ["saliency"]))
    code, out = call(capsys, "figures", str(folder), "--format", "svg,pdf", "--output", str(tmp_path))
    assert code is None
    needed = "3 methods with a score in each of at least 2 blocks (task × architecture) are needed, found 1 in 2"
    assert out.splitlines() == [
        "maps: left out, the folder has no provenance.json, which says what was run",
        f"{tmp_path / 'scores.svg'}",
        f"{tmp_path / 'scores.pdf'}",
        "curves: left out, no two tasks differ in a number at the end of their names alone, as moving-box/t20 does",
        f"ranks: left out, {needed}",
        "cost: left out, the folder has no cost.csv, which a run writes; run the suite again",
    ]
    code, _ = call(capsys, "figures", str(folder), "--format", "jpeg")
    assert code == "saltbench: --format of figures must be out of png, svg, pdf, got 'jpeg'"
    code, _ = call(capsys, "figures", str(tmp_path / "absent"))
    assert str(code).startswith(f"saltbench: cannot read {tmp_path / 'absent'}: No such file")


def test_nothing_global_is_left_behind(finished: Path, tmp_path: Path, run_python) -> None:
    script = """
import sys
from pathlib import Path
import matplotlib
from saltbench.benchmark.figures.draw import draw_figures, drawn_metric
from saltbench.benchmark.leaderboards.results_folder import ResultsFolder
from saltbench.benchmark.suites.registry import load_registries
before = dict(matplotlib.rcParams)
results = ResultsFolder(Path(sys.argv[1]))
list(draw_figures(results, drawn_metric(results, None, load_registries().metrics), ["png"], Path(sys.argv[2])))
assert dict(matplotlib.rcParams) == before
from matplotlib import pyplot
assert pyplot.get_fignums() == []
"""
    done: subprocess.CompletedProcess[str] = run_python(script, finished, tmp_path)
    assert done.returncode == 0, done.stderr
