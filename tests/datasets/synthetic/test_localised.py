import numpy as np
import pytest
from outside_of_truth import centroid_accuracy, five_errors, outside_accuracy

from saltbench.datasets.synthetic.entries import LOCALISED
from saltbench.datasets.synthetic.localised import BACKGROUNDS, FEATURES
from saltbench.errors import ParameterError, UnknownNameError

TASKS = {entry.name.removeprefix("localised/"): entry for entry in LOCALISED.members()}


def made(name, seed=3, **parameters):
    entry = TASKS[name]
    return entry.load()(seed, **entry.configure({"train": 400, "validation": 4, "test": 400, **parameters}))


def test_every_background_stands_with_every_feature():
    assert set(TASKS) == {f"{background}/{feature}" for background in BACKGROUNDS for feature in FEATURES}


@pytest.mark.parametrize("feature", FEATURES)
def test_the_class_is_the_sign_of_a_feature_that_the_truth_marks(feature):
    data, flat = made(f"white/{feature}"), made(f"white/{feature}", strength=1.0)
    split, other = data.train, flat.train
    np.testing.assert_array_equal(split.truth, other.truth)
    # twice the strength less once the strength is the feature itself
    put = (split.inputs - other.inputs) * np.where(split.labels == 1, 1, -1)[:, None, None]
    np.testing.assert_array_equal(abs(put) > 1e-4, split.truth == 1)
    u = np.linspace(-1, 1, 20)
    middle = np.array([float(abs(t - 10) <= 1) for t in range(20)])
    shapes = {"bump": np.exp(-5 * u * u), "level": u**0, "trend": (1 + u) / 2, "peak": middle}
    shapes["wave"] = np.cos(2 * np.pi * u)
    window = np.flatnonzero(np.abs(shapes[feature]) > 1e-12)
    firsts = []
    for series, truth in zip(put, split.truth, strict=True):
        (place,) = np.flatnonzero(truth.any(axis=0))
        steps = np.flatnonzero(truth[:, place])
        firsts.append(steps[0] - window[0])
        np.testing.assert_array_equal(steps, firsts[-1] + window)
        np.testing.assert_allclose(series[steps, place], shapes[feature][window], atol=1e-4)
    assert (min(firsts), max(firsts)) == (0, 80)
    assert split.truth.any(axis=(0, 1)).all()


@pytest.mark.parametrize("name", [*(f"{b}/level" for b in BACKGROUNDS), *(f"white/{f}" for f in FEATURES)])
def test_nothing_outside_of_the_window_tells_the_class(name):
    """Mean, deviation and extremes of what lies outside: of series scaled one by one they tell it always."""

    def view(split):
        x = split.inputs
        return np.stack([x.mean(axis=1), x.std(axis=1), x.max(axis=1), x.min(axis=1)], axis=2)

    data = made(name)
    assert abs(data.train.labels.mean() - 0.5) < 0.125
    assert abs(outside_accuracy(data, view) - 0.5) < five_errors(data)
    if name in ("white/level", "white/trend", "autoregressive/level"):
        assert centroid_accuracy(data, view) > 0.5 + five_errors(data)


def test_backgrounds_have_a_standard_deviation_of_about_one():
    rng = np.random.default_rng(5)
    spread = {name: background(rng, (500, 100, 2)) for name, background in BACKGROUNDS.items()}
    assert spread["white"].std() == pytest.approx(1, abs=0.02)
    assert spread["uniform"].std() == pytest.approx(1, abs=0.02)
    assert abs(spread["uniform"]).max() <= np.sqrt(3)
    for step in (0, 50, 99):
        assert spread["autoregressive"][:, step].std() == pytest.approx(1, abs=0.12)
        assert spread["random-walk"][:, step].std() == pytest.approx(0.3 * np.sqrt(step + 1), rel=0.12)
    assert spread["seasonal"].std() == pytest.approx(np.sqrt(0.5 + 0.25), abs=0.02)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"length": 100}, "length must be at least 3 and less than time=100, got 100"),
        ({"length": 2}, "length must be at least 3 and less than time=100, got 2"),
        ({"strength": 0.0}, "strength must be positive, got 0.0"),
        ({"background": "whitish"}, "unknown background 'whitish'; did you mean 'white'"),
        ({"feature": "bumps"}, "unknown feature 'bumps'; did you mean 'bump'"),
    ],
)
def test_impossible_parameters(changes, message):
    with pytest.raises((ParameterError, UnknownNameError), match=message):
        TASKS["white/bump"].configure(changes)
