"""ROAR and KAR: what a network that is trained again makes of series without what a map finds."""

from pathlib import Path

import numpy as np
import pytest
from tiny_suite import SMALLER

from saltbench import Maps, Split, TaskData, load_registries
from saltbench.benchmark.metrics.faithfulness.retraining import f_fidelity_minus, f_fidelity_plus, kar, roar
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import ParameterError, UnknownNameError

SHARE = 2 / 12  # of the entries: those of the first step's two features decide


def split(seed, count=40):
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    inputs = rng.standard_normal((count, 6, 2)).astype(np.float32)
    inputs[:, 0] += 6 * labels[:, None] - 3
    return Split(inputs, labels, np.zeros_like(inputs))


DATA = TaskData(split(0), split(1), split(2), 2)


class NearestMean:
    """Trains by the classes' means; its method finds the first step, or the last one."""

    def __init__(self, step):
        self.step, self.trained = step, []

    def explain(self, inputs, target):
        map_ = np.zeros_like(inputs)
        map_[:, self.step] = -1
        return map_

    def train(self, data):
        self.trained.append(data)
        means = [data.train.inputs[data.train.labels == label].mean(axis=0) for label in (0, 1)]
        return lambda inputs: -np.stack([((inputs - mean) ** 2).sum(axis=(1, 2)) for mean in means], axis=1)


class Asked:
    inputs, labels, target, seeds = DATA.test.inputs, DATA.test.labels, DATA.test.labels, range(40)


def scored(metric, step, **parameters):
    trainer = NearestMean(step)
    maps = Maps(trainer.explain(Asked.inputs, Asked.target), np.zeros_like(Asked.inputs))
    return metric(maps, model=Asked(), data=DATA, trainer=trainer, shares=[SHARE], **parameters), trainer


def test_without_what_decides_the_network_guesses_and_on_it_alone_it_is_right():
    assert scored(kar, 0)[0].mean() == 1
    assert scored(roar, 5)[0].mean() == 1
    assert 0.2 < scored(roar, 0)[0].mean() < 0.8
    assert 0.2 < scored(kar, 5)[0].mean() < 0.8


def test_training_and_validation_lose_the_same_entries_and_the_data_stay():
    before = DATA.train.inputs.copy()
    _, trainer = scored(roar, 0, replacement="zero")
    (data,) = trainer.trained
    for name in ("train", "validation"):
        changed, whole = getattr(data, name), getattr(DATA, name)
        assert (changed.inputs[:, 0] == 0).all()
        np.testing.assert_array_equal(changed.inputs[:, 1:], whole.inputs[:, 1:])
        np.testing.assert_array_equal(changed.labels, whole.labels)
    np.testing.assert_array_equal(DATA.train.inputs, before)


def test_the_score_is_the_mean_over_shares_and_signs_are_stated():
    trainer = NearestMean(0)
    maps = Maps(trainer.explain(Asked.inputs, Asked.target), np.zeros_like(Asked.inputs))
    both = roar(maps, model=Asked(), data=DATA, trainer=trainer, shares=[0.0, SHARE])
    alone = scored(roar, 0)[0]
    np.testing.assert_array_equal(both, (1 + alone) / 2)
    # the map is negative: signed, the entries that it finds come last
    assert scored(roar, 0, sign="signed")[0].mean() == 1


def fidelity(metric, step, **parameters):
    trainer = NearestMean(step)
    maps = Maps(trainer.explain(Asked.inputs, Asked.target), np.zeros_like(Asked.inputs))
    return metric(maps, model=Asked(), data=DATA, trainer=trainer, share=SHARE, **parameters), trainer


def test_fidelity_is_the_drop_where_the_map_finds_what_decides():
    found, missed = (fidelity(f_fidelity_plus, step)[0].mean() for step in (0, 5))
    assert found > 0.2
    assert abs(missed) < 0.05
    # a map of zeros elsewhere ranks them last, in random order
    assert abs(fidelity(f_fidelity_minus, 0)[0].mean()) < 0.05


def test_half_of_the_training_samples_lack_random_entries():
    _, trainer = fidelity(f_fidelity_plus, 0, trained=0.8)
    (data,) = trainer.trained
    assert len(data.train.inputs) == 80
    np.testing.assert_array_equal(data.train.inputs[:40], DATA.train.inputs)
    lacking = (data.train.inputs[40:] == 0).mean(axis=(1, 2))
    assert 0.2 < lacking.mean() < 0.6
    assert lacking.max() <= 1
    np.testing.assert_array_equal(data.train.labels[40:], DATA.train.labels)


@pytest.mark.parametrize("wrong", [{"share": 1.5}, {"trained": -0.1}, {"replacement": "none"}])
def test_impossible_shares_are_refused_before_anything_runs(wrong):
    with pytest.raises((ParameterError, UnknownNameError), match=r"^f_fidelity_plus: .*(got|unknown)"):
        load_registries().metrics.get("f_fidelity_plus").configure(wrong)


@pytest.mark.parametrize("name", ["roar", "kar"])
@pytest.mark.parametrize("wrong", [{"shares": []}, {"shares": [1.5]}, {"replacement": "none"}, {"sign": "both"}])
def test_impossible_settings_are_refused_before_anything_runs(name, wrong):
    with pytest.raises((ParameterError, UnknownNameError), match=f"^{name}: .*(got|unknown)"):
        load_registries().metrics.get(name).configure(wrong)


def test_a_suite_trains_its_architecture_again(tmp_path: Path) -> None:
    text = f'metrics = ["tag:slow"]\n{SMALLER}'
    for name in ("roar", "kar"):
        text += f"\n[parameters.{name}]\nshares = [0.5]\n"
    (tmp_path / "small.toml").write_text(text)
    table = run_suite(load_suite(str(tmp_path / "small.toml"), load_registries()), tmp_path).table.set_index("method")
    assert set(table.status) == {"ok"}, table.reason.tolist()
    assert table.loc[["saliency", "smoothgrad"], ["roar", "kar", "f_fidelity_plus"]].notna().all(axis=None)
    assert table.loc[["oracle", "random-uniform"], ["roar", "kar"]].isna().all(axis=None)
