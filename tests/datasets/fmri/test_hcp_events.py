import math

import numpy as np
import pytest
from hcp_trees import FRAMES, ONSETS, TASKS, write_a, write_b, write_events
from hypothesis import given
from hypothesis import strategies as st

from saltbench.datasets.fmri.hcp_events import Event, on_task_frames, read_events
from saltbench.datasets.fmri.hcp_layouts import open_archive
from saltbench.datasets.fmri.paradigms import PARADIGMS
from saltbench.errors import DataError


def slow_frames(blocks, length, delay=0.0):
    on = [False] * length
    for onset, duration in blocks:
        first = math.floor((onset + delay) / 0.72)
        for frame in range(first, first + math.ceil(duration / 0.72)):
            if frame < length:
                on[frame] = True
    return np.array(on)


def blocks_of(task):
    return [(onset, duration) for onsets, duration in ONSETS[task].values() for onset in onsets]


@pytest.fixture
def emotion(tmp_path):
    archive = open_archive(write_a(tmp_path, ("7",), ("EMOTION",)))
    return archive.runs([paradigm for paradigm in PARADIGMS if paradigm.name == "EMOTION"])[0]


@pytest.mark.parametrize("write", [write_a, write_b])
@pytest.mark.parametrize("delay", [0.0, 5.76])
def test_frames_of_every_task_against_loops(tmp_path, write, delay):
    for run in open_archive(write(tmp_path, ("7",))).runs(PARADIGMS):
        task = run.paradigm.name
        found = on_task_frames(run, FRAMES[task], delay)
        np.testing.assert_array_equal(found, slow_frames(blocks_of(task), FRAMES[task], delay))


def test_the_paradigms_are_those_of_the_archives():
    assert tuple(paradigm.name for paradigm in PARADIGMS) == TASKS
    for paradigm in PARADIGMS:
        assert paradigm.frames == FRAMES[paradigm.name]
        names = {names[0] for names in paradigm.conditions}
        assert names == set(ONSETS[paradigm.name])


def test_a_block_past_the_end_is_clipped(emotion):
    # 116.315 s is frame 161, and 18 s are 25 frames: it would end at 186 of 176
    assert Event(116.315, 18.0).frames() == (161, 186)
    found = on_task_frames(emotion, 176, 0.0)
    assert found.shape == (176,)
    assert found[161:].all()
    assert not found[158:161].any()


def test_hand_solved_frames():
    assert Event(0.0, 0.72).frames() == (0, 1)
    assert Event(0.71, 0.73).frames() == (0, 2)
    assert Event(0.73, 0.72).frames() == (1, 2)
    assert Event(10.0, 0.0).frames() == (13, 13)
    assert Event(10.0, 12.0).frames(5.76) == (21, 38)


@given(st.lists(st.tuples(st.floats(0, 200), st.floats(0, 60)), max_size=4), st.integers(1, 300))
def test_written_events_are_read_back(tmp_path_factory, blocks, length):
    path = tmp_path_factory.mktemp("events") / "fear.txt"
    write_events(path, blocks)
    assert [(event.onset, event.duration) for event in read_events(path)] == blocks


@pytest.mark.parametrize("text", ["", "\n", "  \n\n"])
def test_an_empty_file_has_no_events(tmp_path, text):
    (tmp_path / "win.txt").write_text(text)
    assert read_events(tmp_path / "win.txt") == []


def test_missing_and_empty_conditions_have_no_block(emotion):
    expected = slow_frames([(onset, 18.0) for onset in ONSETS["EMOTION"]["neut"][0]], 176)
    (emotion.events / "fear.txt").write_text("")
    np.testing.assert_array_equal(on_task_frames(emotion, 176, 0.0), expected)
    (emotion.events / "fear.txt").unlink()
    np.testing.assert_array_equal(on_task_frames(emotion, 176, 0.0), expected)


def test_a_run_without_any_block(emotion):
    for name in ("fear", "neut"):
        (emotion.events / f"{name}.txt").unlink()
    with pytest.raises(DataError, match=r"EVs has no block of EMOTION: expected one in fear.txt, neut.txt"):
        on_task_frames(emotion, 176, 0.0)


def test_the_message_names_both_names_of_a_condition(tmp_path):
    social = [paradigm for paradigm in PARADIGMS if paradigm.name == "SOCIAL"]
    run = open_archive(write_b(tmp_path, ("7",), ("SOCIAL",))).runs(social)[0]
    for path in run.events.glob("*.txt"):
        path.unlink()
    with pytest.raises(DataError, match=r"no block of SOCIAL: expected one in ment.txt or mental.txt, rnd.txt"):
        on_task_frames(run, 274, 0.0)


@pytest.mark.parametrize("delay", [0.0, 5.76])
def test_a_series_shorter_than_its_events(emotion, delay):
    on_task_frames(emotion, 162, delay)  # the last block begins at 161: one frame of it is left
    with pytest.raises(
        DataError, match=r"data.npy has 161 frames, but fear.txt has a block from frame 161 on: the ser"
    ):
        on_task_frames(emotion, 161, delay)


@pytest.mark.parametrize(
    "line",
    [
        "12.0\t18.0",
        "12.0\t18.0\t1\t1",
        "onset\tduration\tamplitude",
        "12.0,18.0,1",
        "nan\t18.0\t1",
        "inf\t18.0\t1",
        "12.0\tinf\t1",
        "-0.5\t18.0\t1",
        "12.0\t-18.0\t1",
        "12.0\t18.0\tnan",
        "1_2.0\t18.0\t1",
        "1.7e308\t18.0\t1",
        "12.0\t1.7e308\t1",
    ],
)
def test_a_damaged_event_file(tmp_path, line):
    (tmp_path / "fear.txt").write_text(f"10.997\t18.0\t1\n{line}\n")
    with pytest.raises(DataError, match=r"fear.txt line 2: expected onset, duration and amplitude, finite and none of"):
        read_events(tmp_path / "fear.txt")


def test_an_event_file_that_is_no_text(tmp_path):
    (tmp_path / "fear.txt").write_bytes(b"\x93NUMPY\xff")
    with pytest.raises(DataError, match=r"fear.txt cannot be read as text: .*; get the file anew"):
        read_events(tmp_path / "fear.txt")
