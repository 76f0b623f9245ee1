import numpy as np
import pytest
from outside_of_truth import centroid_accuracy, five_errors, outside_accuracy

from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.datasets.tsib.backgrounds import BACKGROUNDS
from saltbench.datasets.tsib.entries import FAMILY, MENDED
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name: entry for family in (FAMILY, MENDED) for entry in family.members()}
PROCESSES = ("gaussian", "harmonic", "gaussian-process", "pseudo-periodic", "autoregressive", "car", "narma")

# steps, features, (least and largest start in time), (in features): upper ends of moving starts are never reached
TABLE = {
    "middle": (30, 30, (10, 10), (10, 10)),
    "small-middle": (14, 14, (18, 18), (18, 18)),
    "moving-middle": (30, 30, (0, 19), (0, 19)),
    "moving-small-middle": (15, 15, (0, 34), (0, 34)),
    "rare-time": (6, 40, (22, 22), (5, 5)),
    "moving-rare-time": (6, 40, (0, 43), (0, 9)),
    "rare-feature": (40, 6, (5, 5), (22, 22)),
    "moving-rare-feature": (40, 6, (0, 9), (0, 43)),
    "positional-feature-decides": (20, 20, (0, 29), (1, 29)),
    "positional-time-decides": (20, 20, (1, 29), (0, 29)),
}


def made(name, seed=3, **parameters):
    entry = TASKS[name]
    return entry.load()(seed, **entry.configure({"train": 300, "validation": 5, "test": 300, **parameters}))


def test_the_families_are_seven_processes_and_ten_layouts():
    assert list(FAMILY.parts["process"]) == list(PROCESSES)
    assert list(FAMILY.parts["layout"]) == list(MENDED.parts["layout"]) == list(TABLE)
    assert len(TASKS) == 100


@pytest.mark.parametrize("layout", TABLE)
def test_boxes_are_those_of_the_source(layout):
    steps, features, times, places = TABLE[layout]
    truth = made(f"tsib/narma/{layout}").train.truth
    assert truth.shape == (300, 50, 50)
    starts = []
    for kept, length, bounds in ((truth.any(2), steps, times), (truth.any(1), features, places)):
        first = kept.argmax(1)
        starts.append(first)
        np.testing.assert_array_equal(kept.sum(1), length)
        assert (first.min(), first.max()) == bounds
        np.testing.assert_array_equal(kept[np.arange(300), first + length - 1], True)  # it is one piece
    np.testing.assert_array_equal(truth.sum((1, 2)), steps * features)
    assert set(np.unique(truth)) == {0, 1}


@pytest.mark.parametrize(
    ("layout", "axis", "other"), [("positional-feature-decides", 1, 2), ("positional-time-decides", 2, 1)]
)
def test_what_decides_in_a_positional_layout_is_in_its_name(layout, axis, other):
    split = made(f"tsib/gaussian/{layout}").train
    deciding, free = (split.truth.any(side).argmax(1) for side in (axis, other))
    np.testing.assert_array_equal(deciding, np.where(split.labels == 1, 1, 29))
    assert len(set(free)) == 30
    raw = made(f"tsib/gaussian/{layout}", scaling="standardise").train
    for label in (0, 1):  # both classes are shifted upwards
        own = raw.labels == label
        assert (raw.inputs[own] * raw.truth[own]).sum() / raw.truth[own].sum() > 0.3


@pytest.mark.parametrize("spelling", ["positional", "postional"])
def test_the_sources_swapped_names_are_aliases(spelling):
    tasks = load_registries().tasks
    for theirs, ours in (("time", "feature"), ("feature", "time")):
        name = f"tsib/car/positional-{ours}-decides"
        assert tasks.get(f"tsib/car/{spelling}-{theirs}").name == name
        assert [entry.name for entry in tasks.match([f"tsib/car/{spelling}-{theirs}"])] == [name]


def test_parameters_may_be_given_under_an_alias(tmp_path):
    path = tmp_path / "suite.toml"
    text = 'tasks = ["tsib/car/positional-time"]\n[parameters."tsib/car/positional-time"]\ntrain = 7\n'
    path.write_text(text)
    (task,) = load_suite(str(path), load_registries()).tasks
    assert (task.name, task.parameters["train"]) == ("tsib/car/positional-feature-decides", 7)


# mean, standard deviation and autocorrelation at lag 1 within a series, as TimeSynth was measured, with noise .3
MEASURED = {
    "harmonic": (-0.01, 0.77, 0.0),
    "gaussian-process": (0.0, 1.05, 0.70),
    "pseudo-periodic": (None, 0.84, 0.41),
    "car": (0.0, 0.3, 0.0),
    "narma": (0.260, np.hypot(0.093, 0.3), None),
}


@pytest.mark.parametrize("process", MEASURED)
def test_backgrounds_have_the_moments_of_the_source(process):
    mean, std, lag = MEASURED[process]
    rng = np.random.default_rng(8)
    series = BACKGROUNDS[process](rng, (300, 50, 3))
    series = series + 0.3 * rng.standard_normal(series.shape)
    assert mean is None or series.mean() == pytest.approx(mean, abs=0.06)
    assert series.std() == pytest.approx(std, abs=0.04)
    centred = series - series.mean(axis=1, keepdims=True)
    found = (centred[:, 1:] * centred[:, :-1]).sum() / (centred**2).sum()
    assert lag is None or found == pytest.approx(lag, abs=0.05)


def test_autoregression_grows_from_half_to_more_than_one():
    series = BACKGROUNDS["autoregressive"](np.random.default_rng(8), (300, 50, 5))
    assert series[:, 0].std() == pytest.approx(0.50, abs=0.05)
    assert series[:, -1].std() == pytest.approx(1.14, abs=0.11)
    assert series.std() == pytest.approx(1.10, abs=0.04)
    assert BACKGROUNDS["car"](np.random.default_rng(8), (300, 50, 5)).std() == pytest.approx(0.0067, abs=0.0005)


def test_what_is_odd_is_the_original_and_what_is_mended_stands_beside_it():
    rng = np.random.default_rng(8)
    drawn = {name: background(rng, (6, 50, 4)) for name, background in BACKGROUNDS.items()}
    assert not np.ptp(drawn["harmonic"], axis=2).any()
    assert np.ptp(drawn["harmonic-phases"], axis=2).all()
    assert not np.ptp(drawn["narma"], axis=(0, 2)).any()
    assert np.ptp(drawn["narma-independent"], axis=2).all()
    assert drawn["car"].std() < 0.3 / 10
    assert drawn["car-large"].std() > 0.3


@pytest.mark.parametrize(
    "name", [*(f"tsib/{process}/middle" for process in PROCESSES), *(f"tsib/harmonic/{way}" for way in list(TABLE)[1:])]
)
def test_the_class_is_in_the_truth_and_nowhere_else(name):
    data = made(name)
    assert abs(data.train.labels.mean() - 0.5) < 0.145  # 5 standard errors
    assert abs(outside_accuracy(data) - 0.5) < five_errors(data)
    assert centroid_accuracy(data) > 0.5 + five_errors(data) or "moving" in name


def test_a_class_shifts_the_mean_of_its_box_by_one():
    middle, other = made("tsib/narma/middle"), made("tsib/narma/middle", shift=0.0)
    np.testing.assert_array_equal(middle.train.labels, other.train.labels)
    reach = np.ptp(other.train.inputs, axis=0)
    assert reach.max() == reach.min() == 1
    signs = np.where(middle.train.labels == 1, 1, -1)[:, None, None]
    spread = 2 + 0.3 * 6  # two classes and the reach of the noise, about
    shift = (middle.train.inputs * signs)[:, 10:40, 10:40].mean() * 2 * spread
    assert shift == pytest.approx(2, rel=0.3)


def test_original_scaling_is_min_max_on_training_samples_and_the_other_is_an_option():
    data = made("tsib/autoregressive/middle", test=50)
    np.testing.assert_array_equal(data.train.inputs.min(axis=0), 0)
    np.testing.assert_array_equal(data.train.inputs.max(axis=0), 1)
    standard = made("tsib/autoregressive/middle", test=50, scaling="standardise")
    np.testing.assert_allclose(standard.train.inputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(standard.train.inputs.std(axis=0), 1, atol=1e-5)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"box": [51, 30]}, "time_start: a box of length 51 from 10 on must be non-empty and lie within 50; move it"),
        ({"time": 39}, "time_start: a box of length 30 from 10 on must be non-empty and lie within 39; move it"),
        ({"time_start": []}, None),
        ({"time_start": [], "time": 30}, "time_start: a box that moves must be 1 … 29 of 30 long, got 30; shorten it"),
        ({"feature_start": [-1]}, "feature_start: a box of length 30 from -1 on must be non-empty"),
        ({"feature_start": [1, 2, 3]}, r"feature_start must be \[\], one start or one for each of two classes, got"),
        ({"box": [0, 30]}, "time_start: a box of length 0 from 10 on must be non-empty"),
        ({"box": [30]}, r"box must be \[time steps, features\], got \[30\]"),
        ({"shift": -1.0}, "shift and noise_level must be at least 0, got -1.0 and 0.0"),
        ({"scaling": "minmax"}, "unknown scaling 'minmax'; did you mean 'min-max'"),
        ({"process": "harmonics"}, "unknown process 'harmonics'; did you mean 'harmonic'"),
        ({"train": 0}, "train must be at least 1, got 0"),
    ],
)
def test_impossible_parameters(changes, message):
    entry = TASKS["tsib/gaussian/middle"]
    if message is None:
        assert entry.configure(changes)["time_start"] == []
        return
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        entry.configure(changes)
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        entry.load()(1, **{**entry.parameters, **changes})
