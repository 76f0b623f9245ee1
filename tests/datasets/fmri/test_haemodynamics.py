import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saltbench.datasets.fmri.haemodynamics import on_task, response, spm_kernel, stimulation
from saltbench.datasets.fmri.paradigms import PARADIGMS, SHORTEST_RUN, draw_blocks
from saltbench.datasets.fmri.window import part_of_run, require_window
from saltbench.errors import ParameterError

NAMED = {paradigm.name: paradigm for paradigm in PARADIGMS}


def density(time, shape):
    """The gamma density with scale 1, from its definition."""
    return time ** (shape - 1) * math.exp(-time) / math.gamma(shape) if time > 0 else 0.0


@pytest.mark.parametrize("delay", [-1.0, 0.0, 0.4, 1.0])
def test_the_kernel_against_its_formula(delay):
    # nilearn's grid: 44 = 32 / .72 values from 0 to 32 s, both included, and densities that begin one frame late
    times = [32 * step / 43 - delay - 0.72 for step in range(44)]
    values = [density(time, 6) - 0.167 * density(time, 16) for time in times]
    expected = np.array(values) / sum(values)
    np.testing.assert_allclose(spm_kernel(delay), expected, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("delay", [-1.0, 0.0, 0.4, 1.0])
def test_the_kernel_is_nilearns(delay):
    first_level = pytest.importorskip("nilearn.glm.first_level", reason="needs the pip extra fmri")
    expected = first_level.spm_hrf(0.72, oversampling=1, onset=delay)
    np.testing.assert_allclose(spm_kernel(delay), expected, rtol=1e-12, atol=1e-15)


def test_the_kernel_peaks_at_5_76_s_and_undershoots():
    kernel = spm_kernel()
    assert kernel.argmax() * 0.72 == pytest.approx(5.76)
    assert kernel.sum() == pytest.approx(1)
    assert kernel[20:].min() < 0


def test_stimulation_of_hand_solved_blocks():
    # frames of .72 s: the first block covers half of frame 1 and all of frame 2, the second passes the end
    blocks = np.array([[1.08, 1.08], [3.24, 5.0]])
    np.testing.assert_allclose(stimulation(blocks, 6), [0, 0.5, 1, 0, 0.5, 1], atol=1e-12)


@given(st.floats(0, 100), st.floats(0, 60), st.integers(1, 150))
def test_stimulation_is_the_time_in_the_block(onset, duration, frames):
    share = stimulation(np.array([[onset, duration]]), frames)
    inside = max(0.0, min(onset + duration, frames * 0.72) - min(onset, frames * 0.72))
    assert share.sum() * 0.72 == pytest.approx(inside, abs=1e-9)
    assert share.min() >= 0
    assert share.max() <= 1 + 1e-12


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_the_response_against_loops(stimulus):
    kernel = spm_kernel()
    expected = [
        sum(kernel[lag] * stimulus[step - lag] for lag in range(44) if lag <= step) for step in range(len(stimulus))
    ]
    np.testing.assert_allclose(response(np.array(stimulus), kernel), expected, atol=2**-20)


def test_the_response_to_a_long_block_comes_to_one():
    assert response(np.ones(100), spm_kernel())[60:] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("duration", [12.0, 16.0, 28.0])
def test_on_task_follows_the_block_by_about_five_seconds(duration):
    onset = 36.0
    frames = np.flatnonzero(on_task(response(stimulation(np.array([[onset, duration]]), 200), spm_kernel())))
    assert np.array_equal(frames, np.arange(frames[0], frames[-1] + 1))
    assert 4 <= frames[0] * 0.72 - onset <= 6
    assert 4 <= (frames[-1] + 1) * 0.72 - (onset + duration) <= 6


def test_on_task_at_half_the_maximum():
    np.testing.assert_array_equal(on_task(np.array([0, 0.5, 1, 2, 1, 0.99, -0.3])), [0, 0, 1, 1, 1, 0, 0])


@pytest.mark.parametrize(
    ("name", "stretches", "off"),
    [
        ("MOTOR", 10, [4, 5, 25, 26]),  # cues of 3 s, and rests of 15 s with a cue
        ("WM", 4, [22]),
        ("EMOTION", 6, [5, 6]),
        ("GAMBLING", 4, [22]),
        ("LANGUAGE", 1, []),
        ("RELATIONAL", 3, [26]),  # cues of 2 s leave the response above half
        ("SOCIAL", 5, [21, 22]),
    ],
)
def test_pauses_that_the_response_sees(name, stretches, off):
    paradigm = NAMED[name]
    blocks = draw_blocks(paradigm, np.random.default_rng(0))
    seen = on_task(response(stimulation(blocks, paradigm.frames), spm_kernel())).astype(int)
    starts, stops = (np.flatnonzero(np.diff(seen) == sign) + 1 for sign in (1, -1))
    assert len(starts) == stretches
    assert set(starts[1:] - stops[: len(starts) - 1]) == set(off)


DURATIONS = {"MOTOR": 12, "WM": 27.5, "EMOTION": 18, "GAMBLING": 28, "RELATIONAL": 16, "SOCIAL": 23}
COUNTS = {"MOTOR": 10, "WM": 8, "EMOTION": 6, "GAMBLING": 4, "LANGUAGE": 8, "RELATIONAL": 6, "SOCIAL": 5}
# onsets worked out from the countdown of 8 s, cue, block and rest
ONSETS = {
    "MOTOR": [11, 26, 41, 71, 86, 101, 116, 146, 161, 176],
    "WM": [8, 35.5, 78, 105.5, 148, 175.5, 218, 245.5],
    "EMOTION": [11, 32, 53, 74, 95, 116],
    "GAMBLING": [8, 51, 94, 137],
    "RELATIONAL": [10, 28, 62, 80, 114, 132],
    "SOCIAL": [8, 46, 84, 122, 160],
}


@pytest.mark.parametrize("name", ONSETS)
def test_designs_with_fixed_durations(name):
    blocks = draw_blocks(NAMED[name], np.random.default_rng(1))
    np.testing.assert_allclose(blocks[:, 0], ONSETS[name])
    np.testing.assert_allclose(blocks[:, 1], DURATIONS[name])
    assert len(blocks) == COUNTS[name]


def test_language_has_variable_durations_and_no_rest():
    one, other = (draw_blocks(NAMED["LANGUAGE"], np.random.default_rng(seed)) for seed in (1, 2))
    assert not np.allclose(one, other)
    for blocks in (one, other):
        assert len(blocks) == 8
        assert (blocks[:, 1] >= 24).all()
        assert (blocks[:, 1] <= 30).all()
        np.testing.assert_allclose(blocks[1:, 0], blocks[:-1].sum(axis=1))


def test_every_design_ends_within_its_run_but_emotions():
    for paradigm in PARADIGMS:
        onset, duration = draw_blocks(paradigm, np.random.default_rng(0))[-1]
        assert onset < paradigm.frames * 0.72
        if paradigm.name != "LANGUAGE":
            assert (onset + duration > paradigm.frames * 0.72) == (paradigm.name == "EMOTION")


def test_the_window_is_the_end_the_middle_or_the_start():
    series = np.arange(10)
    np.testing.assert_array_equal(series[part_of_run(10, 4, "end")], [6, 7, 8, 9])
    np.testing.assert_array_equal(series[part_of_run(10, 4, "start")], [0, 1, 2, 3])
    np.testing.assert_array_equal(series[part_of_run(10, 4, "middle")], [3, 4, 5, 6])
    np.testing.assert_array_equal(series[part_of_run(9, 4, "middle")], [2, 3, 4, 5])
    assert all((series[part_of_run(10, 10, place)] == series).all() for place in ("end", "middle", "start"))


def test_the_shortest_run_bounds_the_window():
    assert SHORTEST_RUN == 176
    require_window(176, "end")
    with pytest.raises(ParameterError, match=r"frames must lie in 1 to 176, the length of the shortest run, got 177"):
        require_window(177, "end")
    with pytest.raises(ParameterError, match=r"window must be one of end, middle, start, got 'pad'"):
        require_window(176, "pad")
