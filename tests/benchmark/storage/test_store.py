import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stored_results import KEY, SOUND, contents, leftovers

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import FORMAT, RECORD, Artifact, Store, _digest, address, canonical, open_store
from saltbench.errors import StoreError

IN_ONE_FOLDER = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


def assert_damage_is_repaired(store):
    assert store.get("cells", KEY) is None
    store.put("cells", SOUND)
    assert store.get("cells", KEY) == SOUND
    assert leftovers(store.root) == []


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(TEXT, children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=50)
@given(st.dictionaries(TEXT, JSON, max_size=3))
def test_canonical_json_does_not_depend_on_the_order_of_keys(value):
    turned = dict(reversed(value.items()))
    assert canonical(value) == canonical(turned)
    assert json.loads(canonical(value)) == value


def test_canonical_json_by_hand():
    assert canonical({"b": [1, 2.5, None], "a": "é"}) == '{"a":"é","b":[1,2.5,null]}'.encode()
    with pytest.raises(ValueError, match="Out of range float values"):
        canonical({"a": float("nan")})


def test_the_address_is_part_of_every_committed_result():
    # sha256 of '{"a":1}'; another address would orphan all results on disk
    assert address({"a": 1}) == "015abd7f5cc57a2dd94b7590f04ad808"


def test_what_is_put_can_be_got(store):
    store.put("cells", SOUND)
    assert store.get("cells", KEY) == SOUND
    assert sorted(path.name for path in (store.root / "cells").iterdir()) == [address(KEY)]


def test_what_is_absent_is_none(store):
    assert store.get("cells", KEY) is None
    store.put("cells", SOUND)
    assert store.get("models", KEY) is None
    assert store.get("cells", {**KEY, "seed": 4}) is None


def test_a_sound_result_is_kept(store, folder):
    before = (folder / RECORD).stat()
    store.put("cells", Artifact(KEY, {"seconds": 9.0}, {"weights": b"other"}))
    assert store.get("cells", KEY) == SOUND
    assert (folder / RECORD).stat() == before


@IN_ONE_FOLDER
@given(data=st.data())
def test_one_changed_byte_anywhere_is_noticed_and_repaired(store, data):
    store.put("cells", SOUND)
    path = store.root / "cells" / address(KEY) / data.draw(st.sampled_from([RECORD, "weights", "scores"]))
    content = bytearray(path.read_bytes())
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(bytes(content))
    # white space of the record carries nothing: changed to other white space it is still the same record
    assert store.get("cells", KEY) in (None, SOUND)
    if path.name != RECORD or not bytes(content[position : position + 1]).isspace():
        assert_damage_is_repaired(store)


def test_every_position_of_the_record_and_of_the_files(store, folder):
    for name in (RECORD, "weights", "scores"):
        content = (folder / name).read_bytes()
        for position in range(len(content)):
            (folder / name).write_bytes(content[:position] + b"\xff" + content[position + 1 :])
            assert store.get("cells", KEY) is None, (name, position)
        (folder / name).write_bytes(content)
    assert store.get("cells", KEY) == SOUND


def test_every_truncation_of_a_file(store, folder):
    for name in (RECORD, "weights", "scores"):
        content = (folder / name).read_bytes()
        for length in range(len(content)):
            (folder / name).write_bytes(content[:length])
            assert store.get("cells", KEY) is None, (name, length)
        (folder / name).write_bytes(content)
    assert store.get("cells", KEY) == SOUND


@pytest.mark.parametrize("name", [RECORD, "weights"])
@pytest.mark.parametrize("garbage", [b"x", b"\x00", b"{}"])
def test_bytes_too_many(store, folder, name, garbage):
    with (folder / name).open("ab") as file:
        file.write(garbage)
    assert_damage_is_repaired(store)


@pytest.mark.parametrize("name", [RECORD, "weights", "scores"])
def test_a_missing_file(store, folder, name):
    (folder / name).unlink()
    assert_damage_is_repaired(store)


@pytest.mark.parametrize("name", [RECORD, "weights"])
def test_a_folder_in_place_of_a_file(store, folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    assert_damage_is_repaired(store)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"[1, 2]",
        b"null",
        b"3",
        b'"digest"',
        b"{}",
        b'{"digest": null}',
        b'{"digest": 3, "format": 1}',
        b'{"digest": "x", "value": NaN}',
        b'{"digest": "x", "value": 1e999}',
        b'{"digest": "x", "value": "\\ud800"}',
        b"\xff\xfe{",
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_record_that_is_something_else(store, folder, content):
    (folder / RECORD).write_bytes(content)
    assert_damage_is_repaired(store)


def test_the_record_of_another_result(store, folder):
    other = Artifact({**KEY, "seed": 4}, {}, {"weights": b"4"})
    store.put("cells", other)
    shutil.rmtree(folder)
    shutil.copytree(store.root / "cells" / address(other.key), folder)
    assert_damage_is_repaired(store)
    assert store.get("cells", other.key) == other


def test_an_empty_folder(store, folder):
    shutil.rmtree(folder)
    folder.mkdir()
    assert_damage_is_repaired(store)


def test_a_file_in_place_of_the_folder(store, folder):
    shutil.rmtree(folder)
    folder.write_bytes(b"garbage")
    assert_damage_is_repaired(store)


def test_a_further_file_is_no_damage(store, folder):
    (folder / "notes.txt").write_text("mine")
    assert store.get("cells", KEY) == SOUND


def rewrite(folder, **changes):
    record = {**json.loads((folder / RECORD).read_bytes()), **changes}
    del record["digest"]
    record["digest"] = _digest(canonical(record))
    (folder / RECORD).write_text(json.dumps(record))


def test_a_result_of_a_newer_saltbench_is_neither_read_nor_replaced(store, folder):
    rewrite(folder, format=FORMAT + 1, key="whatever the newer format means")
    before = (folder / RECORD).read_bytes()
    expected = rf"was written by a newer saltbench \(format {FORMAT + 1}, this one reads up to {FORMAT}\); upgrade"
    with pytest.raises(StoreError, match=expected):
        store.get("cells", KEY)
    with pytest.raises(StoreError, match=expected):
        store.put("cells", SOUND)
    assert (folder / RECORD).read_bytes() == before


def test_a_result_without_a_format(store, folder):
    rewrite(folder, format="one")
    with pytest.raises(StoreError, match="states no format number; move the folder away or choose another --results"):
        store.get("cells", KEY)


def test_what_killed_writers_left_is_cleared_and_nothing_else(store, folder):
    (store.root / "cells" / f"{TEMPORARY}1").mkdir()
    (store.root / "cells" / f"{TEMPORARY}1" / "weights").write_bytes(b"half")
    (store.root / "cells" / f"{TEMPORARY}2").write_bytes(b"half")
    (store.root / f"{TEMPORARY}3").write_bytes(b"half")
    (store.root / f"{TEMPORARY}4").mkdir()
    (store.root / "leaderboard.csv").write_text("task\n")
    with open_store(store.root) as opened:
        assert leftovers(store.root) == []
        assert opened.get("cells", KEY) == SOUND
        assert (store.root / "leaderboard.csv").read_text() == "task\n"


def test_a_store_makes_its_folder_and_opens_again(tmp_path):
    for _ in range(2):
        with open_store(tmp_path / "a" / "b") as opened:
            assert opened == Store(tmp_path / "a" / "b")


def test_a_file_in_place_of_the_results_folder(tmp_path):
    (tmp_path / "results").write_text("")
    with pytest.raises(StoreError, match=r"^cannot write .*results: File exists; "), open_store(tmp_path / "results"):
        pass


def test_leftovers_behind_links_are_left(tmp_path, foreign):
    root = tmp_path / "results"
    root.mkdir()
    before = contents(foreign)
    (root / "cells").symlink_to(foreign)
    (root / f"{TEMPORARY}2").symlink_to(foreign)
    (root / f"{TEMPORARY}3").symlink_to(foreign / "file")
    with open_store(root):
        assert contents(foreign) == before
        assert sorted(path.name for path in root.iterdir()) == [".lock", "cells"]


@pytest.mark.parametrize("name", [RECORD, "weights"])
def test_a_stored_file_that_is_a_link_is_replaced_and_its_target_left(store, folder, foreign, name):
    before = contents(foreign)
    (folder / name).unlink()
    (folder / name).symlink_to(foreign / "file")
    assert_damage_is_repaired(store)
    assert contents(foreign) == before


@pytest.mark.parametrize("name", [RECORD, "weights"])
@pytest.mark.parametrize("put", [os.mkfifo, Path.mkdir, lambda path: path.symlink_to(path)])
def test_what_is_no_file_in_place_of_a_stored_one_is_replaced(store, folder, name, put):
    (folder / name).unlink()
    put(folder / name)
    assert_damage_is_repaired(store)


def test_a_result_whose_folder_is_a_link_is_replaced_and_its_target_left(store, folder):
    moved = store.root / "elsewhere"
    folder.rename(moved)
    folder.symlink_to(moved)
    assert store.get("cells", KEY) == SOUND
    (moved / "weights").write_bytes(b"damaged")
    assert_damage_is_repaired(store)
    assert (moved / "weights").read_bytes() == b"damaged"


@pytest.mark.parametrize(("umask", "of_file", "of_folder"), [(0o077, 0o600, 0o700), (0o002, 0o664, 0o775)])
def test_the_umask_says_who_may_read_results(store, umask, of_file, of_folder):
    before = os.umask(umask)
    try:
        store.put("cells", SOUND)
    finally:
        os.umask(before)
    folder = store.root / "cells" / address(KEY)
    assert folder.stat().st_mode & 0o777 == of_folder
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {of_file}
