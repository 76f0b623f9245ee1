import itertools
import math
import shutil

import numpy as np
import pytest
from hcp_trees import BOLD, FRAMES, ONSETS, TASKS, series, write_a, write_b

from saltbench.datasets.fmri.hcp import hcp, hcp_folder
from saltbench.errors import DataError, ParameterError, UnknownNameError

SPLITS = ("train", "validation", "test")
WRITERS = {"A": write_a, "B": write_b}
TWO = ("EMOTION", "SOCIAL")
SUBJECTS = ("3", "12", "101", "5", "40")
PARAMETERS = {
    "tasks": list(TASKS),
    "subjects": 0,
    "validation_share": 0.2,
    "test_share": 0.2,
    "frames": 176,
    "window": "end",
    "delay": 0.0,
    "incomplete": "refuse",
}
FEW = {**PARAMETERS, "tasks": list(TWO)}


@pytest.fixture(params=WRITERS)
def tree(request, tmp_path, monkeypatch):
    root = WRITERS[request.param](tmp_path / "hcp_task", SUBJECTS, TWO)
    monkeypatch.setenv("SALTBENCH_DATA", str(root))
    yield root
    shutil.rmtree(tmp_path)  # 13 MB for each test would stay


@pytest.fixture
def tree_b(tmp_path, monkeypatch):
    root = write_b(tmp_path / "hcp_task", SUBJECTS, TWO)
    monkeypatch.setenv("SALTBENCH_DATA", str(root))
    yield root
    shutil.rmtree(tmp_path)


def slow_sample(subject, task, direction, frames=176, window="end", delay=0.0):
    """The window (frames, 360) of a run, each parcel with mean 0 and deviation 1, and its frames on task."""
    whole, length = series(subject, task, direction), FRAMES[task]
    first = length - frames if window == "end" else 0
    inputs = np.empty((frames, 360))
    for parcel in range(360):
        values = whole[parcel, first : first + frames]
        inputs[:, parcel] = (values - values.mean()) / values.std()
    truth = np.zeros((frames, 360))
    for onsets, duration in ONSETS[task].values():
        for onset in onsets:
            start = math.floor((onset + delay) / 0.72)
            for frame in range(start, start + math.ceil(duration / 0.72)):
                if 0 <= frame - first < frames:
                    truth[frame - first] = 1
    return inputs, truth


def owners(data, tasks, subjects=SUBJECTS, **changes):
    """The runs whose truth and standardised inputs a split holds, found by undoing the standardisation."""
    runs = list(itertools.product(subjects, tasks, ("LR", "RL")))
    samples = {run: slow_sample(*run, **changes) for run in runs}
    found = {}
    for name in SPLITS:
        split = getattr(data, name)
        found[name] = []
        for inputs, label in zip(split.inputs, split.labels, strict=True):
            # training statistics scale each entry; the run is the one with which the sample goes up and down
            agreement = {run: (inputs * sample[0]).mean() for run, sample in samples.items() if run[1] == tasks[label]}
            found[name].append(max(agreement, key=agreement.get))
    return found, samples


@pytest.mark.parametrize("changes", [{}, {"window": "start", "delay": 5.76, "frames": 100}])
def test_inputs_labels_and_truth_against_loops(tree, changes):
    data = hcp(3, **{**FEW, **changes})
    assert (data.time, data.features, data.classes) == (changes.get("frames", 176), 360, 2)
    found, samples = owners(data, TWO, **changes)
    training = np.stack([samples[run][0] for run in found["train"]])
    mean, deviation = training.mean(axis=0), training.std(axis=0)
    for name, runs in found.items():
        split = getattr(data, name)
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
        for place, run in enumerate(runs):
            inputs, truth = samples[run]
            np.testing.assert_allclose(split.inputs[place], (inputs - mean) / deviation, rtol=1e-3, atol=1e-4)
            np.testing.assert_array_equal(split.truth[place], truth)


def test_every_run_is_in_one_split_and_no_subject_in_two(tree):
    found, _ = owners(hcp(5, **FEW), TWO)
    every = [run for runs in found.values() for run in runs]
    assert sorted(every) == sorted(itertools.product(SUBJECTS, TWO, ("LR", "RL")))
    subjects = {name: {run[0] for run in runs} for name, runs in found.items()}
    assert [len(subjects[name]) for name in SPLITS] == [3, 1, 1]
    assert set.union(*subjects.values()) == set(SUBJECTS)


def test_all_seven_tasks_of_both_layouts(tmp_path, monkeypatch):
    subjects = ("7", "8", "9")
    once = {}
    for name, write in WRITERS.items():
        monkeypatch.setenv("SALTBENCH_DATA", str(write(tmp_path / name, subjects)))
        once[name] = hcp(1, **PARAMETERS)
    for split in SPLITS:
        a, b = (getattr(once[name], split) for name in WRITERS)
        assert sorted(a.labels) == sorted(b.labels) == sorted([*range(7)] * 2)
        # the same subjects and runs, those of a task in the opposite order: run 0 is LR in A and RL in B
        swapped = np.arange(14) ^ 1
        np.testing.assert_array_equal(a.truth, b.truth)
        np.testing.assert_allclose(a.inputs, b.inputs[swapped], atol=1e-5)
        assert not np.allclose(a.inputs, b.inputs, atol=1)


def test_the_label_is_the_place_in_tasks(tree):
    data, turned = hcp(3, **FEW), hcp(3, **{**FEW, "tasks": TWO[::-1]})
    assert set(data.train.labels) == {0, 1}
    # EMOTION is not cut, so its 6 blocks of 25 frames are there whole, but for the 10 that are clipped
    for task, (split, label) in {"EMOTION": (data.train, 0), "SOCIAL": (turned.train, 0)}.items():
        frames = slow_sample("3", task, "LR")[1][:, 0].sum()
        assert (split.truth[split.labels == label][:, :, 0].sum(axis=1) == frames).all()


def test_the_seed_determines_every_byte(tree):
    def everything(seed):
        data = hcp(seed, **FEW)
        parts = (getattr(data, name) for name in SPLITS)
        return b"".join(a.tobytes() for part in parts for a in (part.inputs, part.labels, part.truth))

    assert everything(1) == everything(1)
    assert everything(1) != everything(2)


def test_the_place_of_the_copy_does_not_matter(tree, tmp_path, monkeypatch):
    before = hcp(1, **FEW)
    shutil.move(tree, tmp_path / "elsewhere")
    monkeypatch.setenv("SALTBENCH_DATA", str(tmp_path / "elsewhere"))
    assert hcp(1, **FEW).train.inputs.tobytes() == before.train.inputs.tobytes()


def test_at_most_so_many_subjects(tree):
    data = hcp(1, **{**FEW, "subjects": 4})
    assert [len(getattr(data, name)) for name in SPLITS] == [8, 4, 4]
    assert len(hcp(1, **{**FEW, "subjects": 100}).train) == 12


def test_a_constant_parcel_becomes_zero(tree_b):
    for path in tree_b.glob("subjects/*/timeseries/*.npy"):
        values = np.load(path)
        values[17] = 9170.123
        np.save(path, values)
    inputs = hcp(1, **FEW).train.inputs
    assert (inputs[:, :, 17] == 0).all()
    assert (inputs[:, :, 16].std(axis=(0, 1)) > 0.9).all()


def test_without_a_folder(monkeypatch):
    monkeypatch.delenv("SALTBENCH_DATA", raising=False)
    with pytest.raises(
        DataError, match=r"needs your copy of the HCP task archive: give the folder that holds subjects/ .*fmri/simulat"
    ):
        hcp_folder()
    monkeypatch.setenv("SALTBENCH_DATA", "/nowhere/hcp")
    with pytest.raises(DataError, match=r"HCP folder /nowhere/hcp does not exist"):
        hcp(1, **PARAMETERS)


def bold(root, subject, task, direction):
    return (
        root / "subjects" / subject / "timeseries" / f"bold{BOLD[task, direction]}_Atlas_MSMAll_Glasser360Cortical.npy"
    )


def test_an_incomplete_folder_names_what_is_missing_and_what_can_be_used(tree_b):
    bold(tree_b, "12", "SOCIAL", "RL").unlink()
    offer = r'set incomplete="skip" to use the other 19 runs of 5 subjects'
    missing = (
        r"1 of 20 runs cannot be used, the first is subject 12 SOCIAL RL: .*bold17_Atlas_MSMAll_.*npy is missing; "
    )
    with pytest.raises(DataError, match=rf"^HCP folder .*hcp_task \(layout B\): {missing}{offer}$"):
        hcp(1, **FEW)
    found, _ = owners(hcp(1, **{**FEW, "incomplete": "skip"}), TWO)
    every = {run for runs in found.values() for run in runs}
    assert every == {*itertools.product(SUBJECTS, TWO, ("LR", "RL"))} - {("12", "SOCIAL", "RL")}


def test_tasks_without_a_fault_are_offered(tmp_path, monkeypatch):
    root = write_b(tmp_path, ("1", "2", "3"), ("EMOTION", "SOCIAL", "RELATIONAL"))
    monkeypatch.setenv("SALTBENCH_DATA", str(root))
    with pytest.raises(
        DataError, match=r"24 of 42 runs .*, or tasks to those without a fault: EMOTION, RELATIONAL, SOC"
    ):
        hcp(1, **PARAMETERS)
    assert hcp(1, **{**PARAMETERS, "tasks": ["EMOTION", "RELATIONAL", "SOCIAL"]}).classes == 3


def test_skipping_does_not_hide_a_missing_task(tmp_path, monkeypatch):
    monkeypatch.setenv("SALTBENCH_DATA", str(write_b(tmp_path, ("1", "2", "3"), TWO)))
    with pytest.raises(
        DataError, match=r"no usable run of MOTOR is left for training; leave it out of tasks or add data"
    ):
        hcp(1, **{**PARAMETERS, "tasks": ["MOTOR", *TWO], "incomplete": "skip"})


def test_a_folder_without_any_usable_run(tree):
    for path in tree.glob("subjects/**/*.npy"):
        path.unlink()
    for incomplete in ("refuse", "skip"):
        with pytest.raises(
            DataError, match=r"20 of 20 runs cannot .* is missing; no run can be used: get the archive anew"
        ):
            hcp(1, **{**FEW, "incomplete": incomplete})


def test_too_few_subjects_with_usable_runs(tree_b):
    for subject in ("3", "12", "101"):
        shutil.rmtree(tree_b / "subjects" / subject / "timeseries")
    with pytest.raises(ParameterError, match=r"2 subjects with usable runs leave none for training beside 1 for valid"):
        hcp(1, **{**FEW, "incomplete": "skip"})


def _nan(path):
    values = np.load(path)
    values[7, 200] = np.nan
    np.save(path, values)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda path: path.write_bytes(b""), r"is no whole NumPy file of numbers \(.*\); get it anew"),
        (lambda path: path.write_bytes(path.read_bytes()[:1000]), r"is no whole NumPy file of numbers"),
        (lambda path: path.write_text("not an array"), r"is no whole NumPy file of numbers"),
        (lambda path: np.save(path, np.array([{}], dtype=object)), r"is no whole NumPy file of numbers"),
        (
            lambda path: np.save(path, np.load(path).T),
            r"must have shape \(360 parcels, frames\), got \(274, 360\); tran",
        ),
        (lambda path: np.save(path, np.load(path)[:180]), r"must have shape \(360 parcels, frames\), got \(180, 274\)"),
        (
            lambda path: np.save(path, np.load(path)[None]),
            r"must hold floats \(360 parcels, frames\), got float64 \(1, 360",
        ),
        (lambda path: np.save(path, np.load(path).astype(int)), r"must hold floats \(360 parcels, frames\), got int64"),
        (lambda path: np.save(path, np.load(path)[:, :200]), r"200 frames, but .*txt has a block from frame 222 on"),
        (_nan, r"must hold finite numbers, parcel 7 has NaN or infinity; get it anew"),
    ],
)
def test_a_damaged_series(tree_b, damage, message):
    damage(bold(tree_b, "101", "SOCIAL", "LR"))
    with pytest.raises(
        DataError, match=rf"1 of 20 .* subject 101 SOCIAL LR: .*bold18_Atlas.*{message}.*; set incomplete"
    ):
        hcp(1, **FEW)
    assert len(hcp(1, **{**FEW, "incomplete": "skip"}).train) in (11, 12)


def test_a_series_shorter_than_the_window(tree_b):
    path = bold(tree_b, "101", "EMOTION", "LR")
    np.save(path, np.load(path)[:, :170])
    with pytest.raises(DataError, match=r"bold10_.*npy has 170 frames of 176, fewer than frames=176"):
        hcp(1, **FEW)
    assert hcp(1, **{**FEW, "frames": 170}).time == 170


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"tasks": ["MOTOR", "SOCAIL"]}, UnknownNameError, r"unknown HCP task 'SOCAIL'; did you mean 'SOCIAL'\?"),
        ({"tasks": ["WM"]}, ParameterError, r"tasks must be at least two different HCP tasks, got \['WM'\]"),
        ({"tasks": ["WM", "WM"]}, ParameterError, r"tasks must be at least two different HCP tasks"),
        ({"subjects": 2}, ParameterError, r"subjects must be at least 3, one for each split, or 0 for all, got 2"),
        ({"subjects": -1}, ParameterError, r"subjects must be at least 3, .*, got -1"),
        (
            {"validation_share": 0.0},
            ParameterError,
            r"validation_share and test_share must be .*, got 0.0 and 0.2",
        ),
        (
            {"validation_share": 0.5, "test_share": 0.5},
            ParameterError,
            r"leave some subjects .*, got 0.5 and 0.5",
        ),
        ({"delay": -1.0}, ParameterError, r"delay must be finite and at least 0 seconds, got -1.0"),
        ({"delay": math.inf}, ParameterError, r"delay must be finite and at least 0 seconds, got inf"),
        ({"delay": 1.7e308}, ParameterError, r"delay must be at most 1e\+09 seconds, got 1\.7e\+308"),
        ({"incomplete": "ignore"}, ParameterError, r"incomplete must be one of refuse, skip, got 'ignore'"),
        ({"frames": 177}, ParameterError, r"frames must lie in 1 to 176, the length of the shortest run, got 177"),
        ({"frames": 0}, ParameterError, r"frames must lie in 1 to 176, .*, got 0"),
        ({"window": "pad"}, ParameterError, r"window must be one of end, middle, start, got 'pad'"),
    ],
    ids=str,
)
def test_impossible_parameters(changes, error, message):
    with pytest.raises(error, match=message):
        hcp(1, **{**PARAMETERS, **changes})
