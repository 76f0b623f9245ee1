"""`reproduce fmri` in small, on the simulation and on copies of the HCP archive that the test writes."""

import dataclasses
import runpy
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltbench.benchmark.commands import reproduce
from saltbench.benchmark.commands.reproduce import reproduce_one
from saltbench.benchmark.execution.collection import Collection
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.removal.analysis import RemovalTables
from saltbench.benchmark.reproductions.fmri import brain_figure as fmri_brains
from saltbench.benchmark.reproductions.fmri import reproduction as fmri
from saltbench.benchmark.reproductions.fmri.published_charts import OTHER_DATA, compare_fmri, published_fmri
from saltbench.benchmark.reproductions.fmri.reproduction import FMRI, HCP, present_fmri
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import DataError, ParameterError

REGISTRIES = load_registries()
TREES = runpy.run_path(str(Path(__file__).parents[3] / "datasets" / "hcp_trees.py"))
SIZES = {
    "fmri/simulated": {
        "train_subjects": 2, "validation_subjects": 1, "test_subjects": 1, "parcels": 20, "active": 4, "frames": 50,
    },
    "fmri/hcp": {"tasks": ["MOTOR", "WM"], "frames": 50, "validation_share": 0.3, "test_share": 0.3},
}  # fmt: skip


def tiny(name, registries, seeds=2):
    """The suite on few and short series, small networks and two epochs."""
    hidden = {name: {"hidden": 3} for name in ("lstm", "lstm-self-attention", "input-cell-lstm")}
    parameters = {**SIZES, **hidden}
    overrides = {"seeds": seeds, "samples": 7, "training": {"epochs": 2}, "parameters": parameters}
    return load_suite(name, registries, overrides)


def run_in(folder, name="fmri", seeds=2):
    """The finished run of a tiny suite whose results are in a folder."""
    collection = Collection(*[pd.DataFrame()] * 3, [])
    return Result(tiny(name, REGISTRIES, seeds), "cpu", pd.DataFrame(), collection, folder, [])


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    pytest.importorskip("nilearn", reason="needs the pip extra fmri")
    folder = tmp_path_factory.mktemp("results")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reproduce, "load_suite", tiny)
        patch.delenv("SALTBENCH_DATA", raising=False)
        return folder / "fmri", list(reproduce_one(FMRI, folder, "cpu", 1, {}))


def test_all_files_are_there_and_named(finished):
    folder, lines = finished
    for name in ("reported.csv", "removal.csv", "published_vs_measured.csv", "brain_maps.png"):
        assert (folder / name).stat().st_size > 0
        assert f"{folder / name}" in lines
    for stem in ("reported", "removal"):
        assert (folder / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        assert b"<svg" in (folder / f"{stem}.svg").read_bytes()
    assert (folder / "leaderboard.csv").exists()
    assert any(line.startswith("fmri/hcp: not run, no copy of the HCP is given") for line in lines)


@pytest.mark.slow
def test_the_same_run_again_gives_the_same_bytes(finished):
    folder, lines = finished
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in (".csv", ".png", ".svg")}
    assert list(present_fmri([run_in(folder)])) == lines[:-1]
    assert before == {name: (folder / name).read_bytes() for name in before}


def test_published_stands_beside_measured(finished):
    folder, _ = finished
    table = pd.read_csv(folder / "published_vs_measured.csv")
    assert len(table) == 2 * 5 + 3 * 5 * 2  # bars, and curves with two replacements
    assert set(table.quantity) == {"on_task", "accuracy_drop"}
    reported = pd.read_csv(folder / "reported.csv")
    row = table[(table.quantity == "on_task") & (table.architecture == "lstm") & (table.share == 0.3)].iloc[0]
    ours = reported[(reported.architecture == "lstm") & (reported.reported == 0.3)].iloc[0]
    assert row.published == pytest.approx(0.54)
    assert (row.measured, row.low, row.high) == (ours.on_task, ours.on_task_low, ours.on_task_high)
    assert set(table[table.agrees == "no"].reason) <= {OTHER_DATA}
    assert table[table.agrees == "yes"].reason.isna().all()


def test_the_posters_numbers():
    on_task, drops = published_fmri()
    assert len(on_task) == 10
    assert len(drops) == 18
    # sums over the poster's rows, added up by hand
    assert on_task.groupby("architecture").on_task.sum().to_dict() == pytest.approx(
        {"lstm": 2.60, "input-cell-lstm": 4.69}
    )
    sums = drops.groupby(["architecture", "ranked_by"]).accuracy_drop.sum().to_dict()
    expected = {("lstm", "lstm"): 0.295, ("input-cell-lstm",) * 2: 0.636, ("lstm", "input-cell-lstm"): 0.647}
    assert sums == pytest.approx(expected)


def test_the_published_numbers_agree_with_themselves_and_not_with_others():
    on_task, drops = published_fmri()
    for shift, agrees in ((0.0, "yes"), (0.0049, "yes"), (0.0051, "no")):
        reported = summary(on_task, "on_task", shift)
        removal = summary(drops, "accuracy_drop", shift).assign(replacement="mean")
        assert set(compare_fmri(reported, removal).agrees) == {agrees}


def summary(published, quantity, shift):
    ends = {f"{quantity}{part}_{end}": published[quantity] + shift for part in ("", "_run") for end in ("low", "high")}
    shifted = {quantity: published[quantity] + shift, **ends}
    return published.assign(task="fmri/hcp", method="saliency", seeds=3, **shifted)


def test_the_suites_are_the_posters():
    for name, task in (("fmri", "fmri/simulated"), ("fmri-hcp", "fmri/hcp")):
        suite = load_suite(name, REGISTRIES)
        assert [choice.name for choice in suite.tasks] == [task]
        assert {"lstm", "input-cell-lstm"} <= {choice.name for choice in suite.architectures}
        assert [choice.name for choice in suite.methods] == ["saliency"]
        assert suite.tasks[0].parameters["window"] == "middle"  # at the end the LSTM stays nearly at chance


def test_without_nilearn_the_charts_are_drawn_and_one_line_says_what_to_install(finished, monkeypatch):
    folder, _ = finished
    for name in [name for name in sys.modules if name.split(".")[0] == "nilearn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nilearn", None)
    lines = list(present_fmri([run_in(folder)]))
    assert f"{folder / 'removal.png'}" in lines
    assert lines[-1].startswith("brain maps: not drawn, brain maps need the package nilearn, got no module 'nilearn")
    assert lines[-1].endswith("install it with pip install '.[fmri]' in saltbench's checkout")


def test_the_brain_is_shown_at_chosen_steps(finished, monkeypatch):
    folder, _ = finished
    run, shown = run_in(folder), []
    monkeypatch.setattr(fmri_brains, "brain_maps", lambda *arguments: shown.append(arguments[-1]) or b"figure")
    monkeypatch.setattr(fmri_brains, "write_atomically", lambda path, content: None)
    list(fmri_brains.draw_brains(run, [1, 49]))
    assert shown == [[1, 49]]
    monkeypatch.undo()
    with pytest.raises(ParameterError, match="brain maps at time step 50 need longer series: truth has 50 steps"):
        list(fmri_brains.draw_brains(run, [1, 50]))


def test_steps_that_no_series_has_are_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "load_suite", tiny)
    for step in (50, -1):
        message = f"brain maps at time step {step} need longer series: fmri/simulated has 50 steps; choose others"
        with pytest.raises(ParameterError, match=message):
            list(reproduce_one(FMRI, tmp_path, "cpu", 1, {"steps": [0, step]}))
    assert not list(tmp_path.iterdir())


def test_nothing_trained_is_one_clear_line(tmp_path):
    with pytest.raises(ParameterError, match="no network was trained, so that there is no map to report on"):
        list(fmri.write_fmri(RemovalTables(pd.DataFrame(), pd.DataFrame()), tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.fixture
def hcp(tmp_path, monkeypatch):
    pytest.importorskip("nilearn", reason="needs the pip extra fmri")
    TREES["write_b"](tmp_path / "hcp", tasks=("MOTOR", "WM"))
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path))
    monkeypatch.setattr(reproduce, "load_suite", lambda name, registries: tiny(name, registries, seeds=1))
    return tmp_path / "hcp"


@pytest.mark.slow
def test_the_users_copy_is_analysed_with_the_atlas_beside_it(hcp, tmp_path):
    folder = tmp_path / "results" / "fmri-hcp"
    lines = list(reproduce_one(HCP, tmp_path / "results", "cpu", 1, {}))
    assert len(pd.read_csv(folder / "published_vs_measured.csv")) == 40
    undecided = "comparisons with published numbers agree, 30 are undecided for lack of seeds"
    assert f"accuracy_drop: 0 of 30 {undecided}" in lines
    assert lines[-1].startswith(
        "brain maps: not drawn, they need an atlas beside subjects/: atlas.npz or left.label.gii"
    )
    run = run_in(folder, "fmri-hcp", seeds=1)
    TREES["write_atlas"](hcp / "atlas.npz")
    assert list(fmri_brains.draw_brains(run)) == [f"{folder / 'brain_maps.png'}"]
    TREES["write_atlas"](hcp / "atlas.npz", labels_L=np.zeros(5, dtype=int))
    with pytest.raises(DataError, match=r"atlas\.npz does not match fsaverage5: labels_L must be whole numbers"):
        list(fmri_brains.draw_brains(run))


def test_the_users_copy_is_run_after_the_simulation(tmp_path, monkeypatch):
    monkeypatch.setattr(reproduce, "load_suite", lambda name, _registries: name)
    monkeypatch.setattr(reproduce, "execute", lambda suite, *_: suite)
    monkeypatch.setattr(reproduce, "finish", lambda _run, _registries: None)
    first, second = (dataclasses.replace(one, check=lambda _suites: None, present=iter) for one in (FMRI, HCP))
    both = dataclasses.replace(first, followed_by=(second,))
    assert FMRI.followed_by == (HCP,)
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path))
    ran, not_run = reproduce_one(both, tmp_path, "cpu", 1, {})
    assert ran == "fmri"
    assert not_run.startswith("fmri/hcp: not run, no copy of the HCP is given")
    (tmp_path / "hcp" / "subjects").mkdir(parents=True)
    assert list(reproduce_one(both, tmp_path, "cpu", 1, {})) == ["fmri", "fmri-hcp"]


def test_a_folder_without_subjects_is_no_copy(tmp_path, monkeypatch):
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path))
    assert fmri_brains.archive_folder() is None
    (tmp_path / "hcp_task" / "subjects").mkdir(parents=True)
    assert fmri_brains.archive_folder() == tmp_path / "hcp_task"
    (tmp_path / "hcp" / "subjects").mkdir(parents=True)
    assert fmri_brains.archive_folder() == tmp_path / "hcp"
