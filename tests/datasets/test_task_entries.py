import shutil

import numpy as np
import pytest
from hcp_trees import write_b

from saltbench.datasets.entries import ENTRIES
from saltbench.datasets.spec import TaskData, TaskSpec

# the source's table, (time from, time to, features from, features to); each inner list is one sample's layout
TABLE = {
    "box/earlier": [[(0, 30, 10, 90)]],
    "box/middle": [[(20, 80, 20, 80)]],
    "box/latter": [[(70, 100, 10, 90)]],
    "box/3-earlier": [[(0, 40, 0, 30), (0, 40, 35, 65), (0, 40, 70, 100)]],
    "box/3-middle": [[(25, 65, 0, 30), (25, 65, 35, 65), (25, 65, 70, 100)]],
    "box/mixed": [[(0, 30, 10, 90)], [(20, 80, 20, 80)], [(70, 100, 10, 90)]],
    "box/mixed-7": [
        [(5, 65, 5, 65)],
        [(35, 95, 5, 65)],
        [(5, 65, 35, 95)],
        [(35, 95, 35, 95)],
        [(5, 65, 20, 80)],
        [(35, 95, 20, 80)],
        [(20, 80, 20, 80)],
    ],
    "moving-box/t00": [[(0, 60, 20, 80)]],
    "moving-box/t10": [[(10, 70, 20, 80)]],
    "moving-box/t20": [[(20, 80, 20, 80)]],
    "moving-box/t30": [[(30, 90, 20, 80)]],
    "moving-box/t40": [[(40, 100, 20, 80)]],
}
BOXES = {entry.name: entry for entry in ENTRIES if "synthetic" in entry.tags}
SIZES = ("train", "validation", "test")
SPLITS = ("train", "validation", "test")


def test_the_box_tasks_are_those_of_the_source():
    assert set(BOXES) == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_boxes_and_sizes_match_the_source(name):
    parameters = BOXES[name].parameters
    layouts = [sorted(tuple(box) for box in layout) for layout in parameters["layouts"]]
    assert sorted(layouts) == sorted(sorted(layout) for layout in TABLE[name])
    rest = {key: value for key, value in parameters.items() if key not in ("layouts", "validation")}
    assert rest == {"time": 100, "features": 100, "train": 1000, "test": 300, "shift": 1.0, "noise": 1.0}


def test_table1_names_the_tasks_of_table_1():
    six = {"box/earlier", "box/middle", "box/latter", "box/mixed", "box/3-earlier", "box/3-middle"}
    assert {entry.name for entry in ENTRIES if "table1" in entry.tags} == six


def test_tasks_that_need_files_say_so():
    assert {"mnist/rows", "mnist/columns", "fmri/hcp"} == {
        entry.name for entry in ENTRIES if "external-data" in entry.tags
    }


@pytest.fixture
def hcp_copy(tmp_path, monkeypatch):
    """A small copy of the HCP archive of the tests' own; the user's copy is not read here."""
    monkeypatch.setenv("SALTBENCH_DATA", str(write_b(tmp_path / "hcp_task")))
    yield
    shutil.rmtree(tmp_path)


@pytest.fixture(params=ENTRIES, ids=lambda entry: entry.name)
def task(request):
    entry = request.param
    if entry.name.startswith("mnist/"):
        request.getfixturevalue("mnist_folder")  # skips where the files are not at hand
    if entry.name == "fmri/hcp":
        request.getfixturevalue("hcp_copy")
    small = {"train": 100, "validation": 20, "test": 25, "train_subjects": 2, "test_subjects": 1, "parcels": 40}
    return entry, entry.configure({size: count for size, count in small.items() if size in entry.parameters})


def all_bytes(data):
    parts = (getattr(data, name) for name in SPLITS)
    return b"".join(a.tobytes() for part in parts for a in (part.inputs, part.labels, part.truth))


def test_contract_of_every_task(task):
    entry, parameters = task
    data = entry.load()(1, **parameters)
    assert isinstance(data, TaskData)
    for name in SPLITS:
        split = getattr(data, name)
        assert len(split) == parameters.get(name, len(split))
        assert split.inputs.shape == split.truth.shape == (len(split), data.time, data.features)
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
        assert np.isfinite(split.inputs).all()
        assert set(split.labels) <= set(range(data.classes))
        assert split.truth.any(axis=(1, 2)).all()  # every sample has something to find
        assert not (split.truth == 1).all(axis=(1, 2)).any()  # and something that is not
    assert np.unique(data.train.labels).size == data.classes


def test_seed_of_every_task(task):
    entry, parameters = task
    once, again, other = (all_bytes(entry.load()(seed, **parameters)) for seed in (1, 1, 2))
    assert once == again
    assert once != other


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_description_of_every_task(entry):
    assert isinstance(entry, TaskSpec)
    assert entry.description
    assert entry.reference
    assert entry.source == ""
