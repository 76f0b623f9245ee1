"""What the store knows of a result without reading all of it, and results that belong together."""

import json
import os
from pathlib import Path

import pytest
from stored_results import KEY, SOUND

from saltbench.benchmark.storage import store as storage
from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import RECORD, Artifact, _digest, address, canonical, open_store
from saltbench.errors import StoreError


def reads(monkeypatch):
    """The names of the files that are read from now on."""
    seen, real = [], storage.read_regular
    monkeypatch.setattr(storage, "read_regular", lambda path: seen.append(path.name) or real(path))
    return seen


def test_a_result_that_nobody_wrote_to_is_known_to_be_there_without_reading_its_files(store, folder, monkeypatch):
    seen = reads(monkeypatch)
    assert store.has("cells", KEY)
    assert seen == [RECORD]
    assert not store.has("models", KEY)
    assert not store.has("cells", {**KEY, "seed": 4})


def test_a_file_that_was_written_to_since_is_read_to_know_whether_it_is_sound(store, folder, monkeypatch):
    seen = reads(monkeypatch)
    os.utime(folder / "scores", ns=(1, 1))
    assert store.has("cells", KEY)
    assert seen == [RECORD, "scores"]


@pytest.mark.parametrize("content", [b"PAR2", b"PAR", b"", b"PAR1 "])
def test_a_file_with_other_content_is_noticed(store, folder, content):
    (folder / "scores").write_bytes(content)
    os.utime(folder / "scores", ns=(1, 1))
    assert not store.has("cells", KEY)


@pytest.mark.parametrize("place", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero"), lambda path: None])
@pytest.mark.parametrize("name", [RECORD, "scores"])
def test_where_a_file_is_gone_there_is_no_result(store, folder, place, name):
    (folder / name).unlink()
    place(folder / name)
    assert not store.has("cells", KEY)


def test_a_record_of_an_earlier_version_has_no_stamps_and_its_files_are_read(store, folder, monkeypatch):
    record = json.loads((folder / RECORD).read_bytes())
    del record["stamps"], record["digest"]
    (folder / RECORD).write_text(json.dumps({**record, "digest": _digest(canonical(record))}))
    seen = reads(monkeypatch)
    assert store.has("cells", KEY)
    assert sorted(seen) == [RECORD, "scores", "weights"]


def test_all_results_of_a_kind_inside_another_are_found_but_for_the_damaged(store):
    kind, keys = "scores/ab", [{**KEY, "seed": seed} for seed in range(4)]
    for key in keys:
        store.put(kind, Artifact(key, {}, {"scores": b"PAR1"}))
    (store.root / kind / address(keys[2]) / "scores").write_bytes(b"")
    (store.root / kind / address(keys[3])).rename(store.root / kind / "moved")
    (store.root / kind / "a file").write_text("")
    (store.root / kind / f"{TEMPORARY}1").mkdir()
    assert list(store.all("scores/none")) == []
    assert [artifact.key for artifact in store.all(kind)] == sorted(keys[:2], key=address)
    with open_store(store.root):
        assert list(store.root.rglob(f"{TEMPORARY}*")) == []


@pytest.mark.parametrize(
    "place", [Path.touch, os.mkfifo, lambda path: path.symlink_to(path), lambda path: path.symlink_to("nowhere")]
)
def test_what_stands_in_the_place_of_a_folder_inside_a_kind_is_replaced(store, place):
    (store.root / "scores").mkdir()
    place(store.root / "scores" / "ab")
    assert list(store.all("scores/ab")) == []
    assert not store.has("scores/ab", KEY)
    store.put("scores/ab", SOUND)
    assert store.get("scores/ab", KEY) == SOUND
    assert [path.name for path in (store.root / "scores").iterdir()] == ["ab"]


def test_what_stands_in_the_place_of_a_kind_is_left_and_named(store):
    (store.root / "scores").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot write .*scores.*, remove what stands there or choose another"):
        store.put("scores/ab", SOUND)
    assert (store.root / "scores").read_text() == "mine"
