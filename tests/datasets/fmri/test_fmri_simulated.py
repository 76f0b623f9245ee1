import hashlib
import json

import numpy as np
import pytest

from saltbench.datasets.fmri.haemodynamics import spm_kernel
from saltbench.datasets.fmri.paradigms import PARADIGMS, draw_blocks
from saltbench.datasets.fmri.simulated import autoregressive, cosines, draw_active, simulated
from saltbench.errors import ParameterError

SPLITS = ("train", "validation", "test")
SMALL = {
    "train_subjects": 3,
    "validation_subjects": 1,
    "test_subjects": 2,
    "parcels": 20,
    "active": 4,
    "frames": 176,
    "window": "end",
    "signal": 1.0,
    "drift": 0.5,
    "autocorrelation": 0.4,
}
# nothing but the signal: the noise is below the resolution of float32
CLEAR = {**SMALL, "signal": 1e9, "drift": 0.0, "autocorrelation": 0.0}


def all_bytes(data):
    parts = (getattr(data, split) for split in SPLITS)
    return b"".join(a.tobytes() for part in parts for a in (part.inputs, part.labels, part.truth))


def test_shapes_types_and_labels():
    data = simulated(1, **SMALL)
    assert (data.time, data.features, data.classes) == (176, 20, 7)
    for name, subjects in (("train", 3), ("validation", 1), ("test", 2)):
        split = getattr(data, name)
        assert split.inputs.shape == split.truth.shape == (subjects * 14, 176, 20)
        assert (split.inputs.dtype, split.labels.dtype, split.truth.dtype) == (np.float32, np.int64, np.float32)
        assert np.bincount(split.labels).tolist() == [2 * subjects] * 7
        assert set(np.unique(split.truth)) == {0, 1}


@pytest.mark.parametrize(("frames", "parcels"), [(20, 20), (1, 2), (176, 3)])
def test_any_size(frames, parcels):
    data = simulated(1, **{**SMALL, "frames": frames, "parcels": parcels, "active": 1})
    assert (data.time, data.features) == (frames, parcels)


def test_the_truth_marks_the_active_parcels_of_the_task_alone():
    sets = draw_active(np.random.default_rng(7), 20, 4)
    assert (sets.sum(axis=1) == 4).all()
    data = simulated(7, **SMALL)
    for name in SPLITS:
        split = getattr(data, name)
        for truth, label in zip(split.truth, split.labels, strict=True):
            assert set(np.flatnonzero(truth.any(axis=0))) == set(np.flatnonzero(sets[label]))
            marked = truth[:, sets[label]]
            assert (marked == marked[:, :1]).all()  # a task's parcels are on task together


@pytest.mark.parametrize("window", ["end", "middle", "start"])
def test_the_truth_follows_the_blocks_by_the_haemodynamic_delay(window):
    data = simulated(2, **{**SMALL, "window": window})
    for label, paradigm in enumerate(PARADIGMS):
        if paradigm.name == "LANGUAGE":  # its blocks differ from run to run
            continue
        blocks = draw_blocks(paradigm, np.random.default_rng(0))
        first = {"end": paradigm.frames - 176, "middle": (paradigm.frames - 176) // 2, "start": 0}[window]
        for truth in data.train.truth[data.train.labels == label]:
            on = truth.any(axis=1)
            for onset, duration in blocks:
                # the middle of the block, and the frames around its onset, as BOLD shows them
                middle, begin = (int((onset + part) / 0.72) - first for part in (duration / 2 + 5, 3))
                if 0 <= middle < 176:
                    assert on[middle]
                if 0 <= begin < 176 and paradigm.rest and onset == blocks[0, 0]:
                    assert not on[begin]


def test_subjects_differ_in_delay():
    data = simulated(3, **{**SMALL, "train_subjects": 12})
    gambling = data.train.truth[data.train.labels == 3].any(axis=2).reshape(12, 2, 176)
    np.testing.assert_array_equal(gambling[:, 0], gambling[:, 1])  # both runs of a subject
    starts = gambling[:, 0].argmax(axis=1)
    assert np.unique(gambling[:, 0], axis=0).shape[0] > 1
    assert np.ptp(starts) <= 4  # delays lie within 2 s


def slow_run(rng, paradigm, noise, active, strength, delay, parameters):
    """The window of one run before standardisation, in float64, as the docstring defines it."""
    length, frames, parcels = paradigm.frames, parameters["frames"], parameters["parcels"]
    stimulus = np.zeros(length)
    for onset, duration in draw_blocks(paradigm, rng):
        for frame in range(length):
            inside = min(onset + duration, (frame + 1) * 0.72) - max(onset, frame * 0.72)
            stimulus[frame] += max(0.0, inside) / 0.72
    bold = np.convolve(stimulus, spm_kernel(delay))[:length]
    waves = [k for k in range(1, 10) if 2 * length * 0.72 / k >= 128]
    drift = np.zeros((length, parcels))
    for k, weight in zip(waves, rng.standard_normal((len(waves), parcels)), strict=True):
        wave = np.cos(np.pi * k * (np.arange(length) + 0.5) / length)
        drift += parameters["drift"] * np.sqrt(2 / len(waves)) * np.outer(wave, weight)
    white, phi = noise.astype(np.float64), parameters["autocorrelation"]
    for step in range(1, frames):
        white[step] = phi * white[step - 1] + np.sqrt(1 - phi**2) * white[step]
    series = (np.outer(bold, active * strength) + drift)[length - frames :] + white
    return series, np.outer(bold >= bold.max() / 2, active)[length - frames :]


def slow_samples(seed, parameters):
    """Inputs before standardisation, and truth, of every split; draws come in the order of the implementation."""
    rng = np.random.default_rng(seed)
    sets = draw_active(rng, parameters["parcels"], parameters["active"])
    for split in SPLITS:
        runs = []
        for _ in range(parameters[f"{split}_subjects"]):
            strength = parameters["signal"] * rng.uniform(0.7, 1.3) * rng.uniform(0.5, 1.5, parameters["parcels"])
            delay = rng.uniform(-1, 1)
            for _ in range(2):
                noise = rng.standard_normal((7, parameters["frames"], parameters["parcels"]), dtype=np.float32)
                for label, paradigm in enumerate(PARADIGMS):
                    runs.append(slow_run(rng, paradigm, noise[label], sets[label], strength, delay, parameters))
        yield split, *(np.stack(arrays) for arrays in zip(*runs, strict=True))


@pytest.mark.parametrize("changes", [{}, {"signal": 3.0, "drift": 1.5, "autocorrelation": 0.8, "frames": 90}])
def test_every_value_against_the_model_written_the_slow_way(changes):
    parameters = {**SMALL, **changes}
    data = simulated(5, **parameters)
    mean = deviation = None
    for split, inputs, truth in slow_samples(5, parameters):
        if split == "train":
            mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
        found = getattr(data, split)
        np.testing.assert_allclose(found.inputs, (inputs - mean) / deviation, atol=2e-5)
        np.testing.assert_array_equal(found.truth, truth)


def test_amplitudes_and_gains_differ_between_subjects_and_not_between_their_runs():
    sets = draw_active(np.random.default_rng(5), 20, 4)
    data = simulated(5, **CLEAR)
    gambling = data.train.inputs[data.train.labels == 3].reshape(3, 2, 176, 20)[..., sets[3]]
    np.testing.assert_allclose(gambling[:, 0], gambling[:, 1], atol=1e-4)
    # the first frames fully in a block of the window: no two subjects agree in any parcel
    frame = data.train.truth[data.train.labels == 3].any(axis=2).all(axis=0).argmax() + 5
    values = gambling[:, 0, frame]
    assert min(np.abs(values[i] - values[j]).min() for i, j in ((0, 1), (0, 2), (1, 2))) > 1e-3


def test_the_noise_is_stationary_with_the_given_autocorrelation():
    noise = autoregressive(np.random.default_rng(1), (50, 100, 40), 0.4).astype(np.float64)
    # 200,000 values; a correlation of .4 leaves some 85,000 independent ones, 5 standard errors are .017
    for step in (0, 1, 50, 99):
        assert noise[:, step].var() == pytest.approx(1, abs=0.16)  # 2000 values
    assert noise.mean() == pytest.approx(0, abs=0.017)
    assert noise.var() == pytest.approx(1, abs=0.02)
    for lag in (1, 2, 3):
        assert (noise[:, lag:] * noise[:, :-lag]).mean() == pytest.approx(0.4**lag, abs=0.02)


def test_the_noise_against_its_recursion():
    shape, seed, phi = (2, 6, 3), 4, 0.7
    white = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32).astype(np.float64)
    for step in range(1, 6):
        white[:, step] = phi * white[:, step - 1] + np.sqrt(1 - phi**2) * white[:, step]
    np.testing.assert_allclose(autoregressive(np.random.default_rng(seed), shape, phi), white, atol=1e-6)


@pytest.mark.parametrize("paradigm", PARADIGMS, ids=lambda paradigm: paradigm.name)
def test_the_drift_is_slower_than_128_s(paradigm):
    waves = cosines(paradigm.frames)
    seconds = paradigm.frames * 0.72
    periods = [2 * seconds / (k + 1) for k in range(len(waves))]
    assert periods[-1] > 128 >= 2 * seconds / (len(waves) + 1)
    for k, wave in enumerate(waves, start=1):
        expected = [np.cos(np.pi * k * (frame + 0.5) / paradigm.frames) for frame in range(paradigm.frames)]
        np.testing.assert_allclose(wave, expected, atol=2**-20)
        assert (wave**2).mean() == pytest.approx(0.5, abs=1e-5)


def test_the_drift_has_the_given_deviation():
    # without a signal the variance before standardisation is 1 + drift²; twice the drift is seen in the ratio of
    # slow to all variation within a run
    def slow_share(drift):
        data = simulated(6, **{**SMALL, "signal": 0.0, "drift": drift, "autocorrelation": 0.0, "train_subjects": 20})
        runs = data.train.inputs[data.train.labels == 2]  # EMOTION: the window is the whole run, one cosine
        wave = cosines(176)[0]
        power = (runs * wave[None, :, None]).sum(axis=1) ** 2 / (wave**2).sum()
        return power.mean() / (runs**2).sum(axis=1).mean()

    for drift in (0.5, 1.0, 2.0):
        # the entry's scale is shared by all tasks, whose drift has the same variance
        expected = (1 + 176 * drift**2) / (176 * (1 + drift**2))
        assert slow_share(drift) == pytest.approx(expected, rel=0.2)
    assert slow_share(0.0) == pytest.approx(1 / 176, rel=0.2)


def test_signal_zero_leaves_nothing_to_learn():
    still, loud = (simulated(8, **{**SMALL, "signal": signal, "train_subjects": 20}) for signal in (0.0, 3.0))
    np.testing.assert_array_equal(still.train.truth, loud.train.truth)

    def contrast(data):
        inputs, truth = data.train.inputs, data.train.truth
        return inputs[truth == 1].mean() - inputs[truth == 0].mean()

    assert abs(contrast(still)) < 0.02
    assert contrast(loud) > 1


def test_training_inputs_are_standardised_by_their_own_statistics():
    inputs = simulated(7, **SMALL).train.inputs.astype(np.float64)
    np.testing.assert_allclose(inputs.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std(axis=0), 1, atol=1e-5)


def test_training_does_not_depend_on_the_other_splits():
    one, other = simulated(8, **SMALL), simulated(8, **{**SMALL, "validation_subjects": 2, "test_subjects": 1})
    assert one.train.inputs.tobytes() == other.train.inputs.tobytes()
    assert one.train.truth.tobytes() == other.train.truth.tobytes()


def test_the_seed_determines_every_byte():
    once, again, other = (all_bytes(simulated(seed, **SMALL)) for seed in (11, 11, 12))
    assert once == again
    assert once != other


def test_the_global_generators_are_neither_read_nor_moved():
    np.random.seed(0)  # noqa: NPY002 - the state under test
    before = np.random.get_state()[1].tobytes()  # noqa: NPY002
    first = all_bytes(simulated(1, **SMALL))
    assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    assert all_bytes(simulated(1, **SMALL)) == first


def test_golden_bytes():
    """A change of this digest is a change of the task: raise the version of fmri/simulated with it."""
    digest = hashlib.sha256(all_bytes(simulated(2026, **SMALL))).hexdigest()
    assert digest == "d21e0c8476861825f9fe787638b629d7cedaf87df2dfac39483dbb499fc5b988"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_subjects": 0}, r"train_subjects must be at least 1, got 0"),
        ({"validation_subjects": 0}, r"validation_subjects must be at least 1, got 0"),
        ({"test_subjects": -1}, r"test_subjects must be at least 1, got -1"),
        ({"parcels": 0}, r"parcels must be at least 1, got 0"),
        ({"active": 0}, r"active must be at least 1 and less than parcels=20, got 0"),
        ({"active": 20}, r"active must be at least 1 and less than parcels=20, got 20"),
        (
            {"train_subjects": 10**9},
            r"at most 2147483648 values, got 14000000000 series of \d+ time steps and 20 features",
        ),
        (
            {"parcels": 10**12},
            r"at most 2147483648 values, got \d+ series of \d+ time steps and 1000000000000 features",
        ),
        ({"frames": 0}, r"frames must lie in 1 to 176, the length of the shortest run, got 0"),
        ({"frames": 177}, r"frames must lie in 1 to 176, .*, got 177"),
        ({"window": "pad"}, r"window must be one of end, middle, start, got 'pad'"),
        ({"signal": -0.1}, r"signal and drift must be finite and at least 0, got signal=-0.1 and drift=0.5"),
        ({"drift": float("inf")}, r"signal and drift must be finite and at least 0, got signal=1.0 and drift=inf"),
        ({"signal": float("nan")}, r"signal and drift must be finite and at least 0, got signal=nan"),
        ({"autocorrelation": 1.0}, r"autocorrelation must be at least 0 and less than 1, got 1.0"),
        ({"autocorrelation": -0.2}, r"autocorrelation must be at least 0 and less than 1, got -0.2"),
    ],
    ids=json.dumps,
)
def test_impossible_parameters(changes, message):
    with pytest.raises(ParameterError, match=message):
        simulated(1, **{**SMALL, **changes})
