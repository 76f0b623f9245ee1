import errno
import fcntl
import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saltbench.benchmark.storage import locks
from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import FORMAT, RECORD, Artifact, Store, _digest, address, canonical, open_store
from saltbench.benchmark.suites.provenance import check_format, open_results
from saltbench.errors import StoreError

KEY = {"task": {"name": "box/größer", "parameters": {"shift": 1.0, "boxes": [[0, 1]]}}, "seed": 3}
SOUND = Artifact(KEY, {"seconds": 0.25, "note": "\u0978é"}, {"weights": b"\x00\x01\x02", "scores": b"PAR1"})
IN_ONE_FOLDER = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path)


@pytest.fixture
def folder(store):
    """The folder of the one result that the store holds."""
    store.put("cells", SOUND)
    return store.root / "cells" / address(KEY)


def leftovers(root):
    return [path for path in Path(root).rglob("*") if path.name.startswith(TEMPORARY)]


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


@pytest.mark.parametrize("content", [{"format": FORMAT}, {"format": FORMAT, "more": 1}])
def test_a_provenance_of_this_format_is_accepted(tmp_path, content):
    check_format(tmp_path)
    (tmp_path / "provenance.json").write_text(json.dumps(content))
    check_format(tmp_path)


def test_a_provenance_of_a_newer_saltbench(tmp_path):
    (tmp_path / "provenance.json").write_text(json.dumps({"format": FORMAT + 1}))
    expected = r"provenance\.json was written by a newer saltbench .*; upgrade saltbench or choose another --results$"
    with pytest.raises(StoreError, match=expected), open_results(tmp_path):
        pass


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b"3", b"null", b"\xff", b"[" * 100_000])
def test_a_provenance_that_cannot_be_understood(tmp_path, content):
    (tmp_path / "provenance.json").write_bytes(content)
    expected = r"provenance\.json is unreadable or damaged; delete it to let the run write it again$"
    with pytest.raises(StoreError, match=expected), open_results(tmp_path):
        pass


@pytest.mark.parametrize("found", [None, "1", 1.0])
def test_a_provenance_without_a_format_number(tmp_path, found):
    (tmp_path / "provenance.json").write_text(json.dumps({"format": found}))
    with pytest.raises(StoreError, match=r"provenance\.json states no format number; move the folder away"):
        check_format(tmp_path)


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


def test_two_stores_of_one_folder_in_one_process(tmp_path):
    expected = r"^another run is writing .*; wait for it or choose another --results$"
    with open_store(tmp_path):
        with pytest.raises(StoreError, match=expected), open_store(tmp_path):
            pass
        with open_store(tmp_path / "other"):
            pass
    with open_store(tmp_path):
        pass


def test_an_exception_inside_frees_the_lock(tmp_path):
    with pytest.raises(RuntimeError, match="mine"), open_store(tmp_path):
        raise RuntimeError("mine")
    with open_store(tmp_path):
        pass


@pytest.fixture
def foreign(tmp_path_factory):
    """A folder that is no results folder's, with two files."""
    foreign = tmp_path_factory.mktemp("foreign")
    (foreign / "file").write_text("a")
    (foreign / f"{TEMPORARY}1").write_text("b")
    return foreign


def contents(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("name", ["file", "absent"])
def test_a_lock_that_is_a_link_is_refused_and_its_target_left(tmp_path, foreign, name):
    root = tmp_path / "results"
    root.mkdir()
    before = contents(foreign)
    (root / ".lock").symlink_to(foreign / name)
    expected = (
        r"^the lock .*results/\.lock must be a file, got a symbolic link; remove it and run the same command again$"
    )
    with pytest.raises(StoreError, match=expected), open_store(root):
        pass
    assert contents(foreign) == before


@pytest.mark.parametrize("name", ["file", "absent"])
def test_a_link_that_appears_in_the_place_of_a_lock_is_not_followed(tmp_path, foreign, monkeypatch, name):
    monkeypatch.setattr(locks, "_check", lambda path: path.symlink_to(foreign / name))
    before = contents(foreign)
    with pytest.raises(StoreError, match=r"^cannot write .*Too many levels of symbolic links"), open_store(tmp_path):
        pass
    assert contents(foreign) == before


def test_a_file_does_not_stand_in_for_a_lock_that_the_file_system_lacks(tmp_path, monkeypatch):
    def lacking(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", lacking)  # a killed run would leave it behind
    with pytest.raises(StoreError, match=r"^cannot write .*Function not implemented; "), open_store(tmp_path):
        pass
    monkeypatch.undo()
    with open_store(tmp_path):
        pass


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_a_lock_that_is_no_file_is_refused(tmp_path, make):
    make(tmp_path / ".lock")
    with pytest.raises(StoreError, match=r"\.lock must be a file, got something else; remove it"), open_store(tmp_path):
        pass


def test_a_lock_is_not_written(tmp_path):
    (tmp_path / ".lock").write_text("mine")
    with open_store(tmp_path):
        pass
    assert (tmp_path / ".lock").read_text() == "mine"


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
