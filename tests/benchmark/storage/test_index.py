"""The index of what is stored: never trusted over the files, rebuilt when in doubt, and the same tables without it."""

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest
from lasting_files import lasting
from tiny_suite import SMALLER

from saltbench.benchmark.execution.collection import Collection, collect
from saltbench.benchmark.execution.plan import jobs
from saltbench.benchmark.execution.stored import columns as stored_columns
from saltbench.benchmark.execution.stored.run import is_complete
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.storage import index as indices
from saltbench.benchmark.storage import store as storage
from saltbench.benchmark.storage.index import Index
from saltbench.benchmark.storage.index_file import FOLDER, Part
from saltbench.benchmark.storage.store import RECORD, Artifact, Store, address
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import Suite, load_suite

KEY = {"task": "box", "seed": 3}
SOUND = Artifact(KEY, {"seconds": 0.25}, {"weights": b"\x00\x01\x02", "scores": b"PAR1"})
NAME = f"cells/{address(KEY)}"


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files count as old enough at once; one test says what they do otherwise."""
    monkeypatch.setattr(indices, "SETTLED", -(10**18))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path)
    store.put("cells", SOUND)
    return store.indexed()


def learned(root: Path) -> Store:
    """The store with an index that another process has written."""
    first = Store(root).indexed()
    assert first.has("cells", KEY)
    assert first.index is not None
    first.index.save()
    return Store(root).indexed()


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read from now on."""
    seen, real = [], storage.read_regular
    monkeypatch.setattr(storage, "read_regular", lambda path: seen.append(path.name) or real(path))
    return seen


def test_what_was_found_once_is_not_read_again(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    again = learned(store.root)
    seen = reads(monkeypatch)
    assert again.has("cells", KEY)
    assert seen == []
    assert not again.has("cells", {**KEY, "seed": 4})


def rewritten(path: Path) -> None:
    path.write_bytes(path.read_bytes())


def spoilt_behind_its_times(path: Path) -> None:
    found = path.stat()
    path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def replaced(path: Path) -> None:
    shutil.copy2(path, path.with_name("other"))
    path.with_name("other").rename(path)


@pytest.mark.parametrize(
    "change", [rewritten, spoilt_behind_its_times, replaced, Path.unlink, lambda path: path.chmod(0o400)]
)
@pytest.mark.parametrize("name", [RECORD, "scores"])
def test_what_anything_happened_to_is_read(store: Store, monkeypatch: pytest.MonkeyPatch, name: str, change) -> None:
    again = learned(store.root)
    time.sleep(0.02)  # the clock of files ticks every some milliseconds
    change(store.root / NAME / name)
    seen = reads(monkeypatch)
    assert again.has("cells", KEY) == Store(store.root).has("cells", KEY)
    assert seen[0] == RECORD


def test_a_file_that_is_new_may_still_change_within_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indices, "SETTLED", 2 * 10**9)
    seen = reads(monkeypatch)
    assert store.has("cells", KEY)
    assert store.has("cells", KEY)
    assert seen == [RECORD] * 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\xff" * 100),
        lambda path: path.rename(path.with_name("other.parquet")),
        lambda path: shutil.copy(path, path.with_name("second.parquet")),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
        lambda path: shutil.rmtree(path.parent),
        lambda path: (shutil.rmtree(path.parent), path.parent.write_text("mine")),
    ],
)
def test_a_damaged_index_is_none(store: Store, monkeypatch: pytest.MonkeyPatch, damage) -> None:
    learned(store.root)
    (path,) = (store.root / FOLDER).iterdir()
    damage(path)
    seen = reads(monkeypatch)
    again = Store(store.root).indexed()
    assert again.has("cells", KEY)
    assert seen == [RECORD]
    again.index.save()  # whatever stands there


def test_every_byte_of_the_file_counts(store: Store) -> None:
    learned(store.root)
    (path,) = (store.root / FOLDER).iterdir()
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        path.write_bytes(content[:position] + bytes([content[position] ^ 1]) + content[position + 1 :])
        assert Index(store.root).find(NAME) is None
    path.write_bytes(content)
    assert Index(store.root).find(NAME) is not None


def test_an_index_behind_a_link_is_neither_followed_nor_written(store: Store, tmp_path_factory) -> None:
    foreign = tmp_path_factory.mktemp("foreign")
    (store.root / FOLDER).symlink_to(foreign)
    learned(store.root)
    assert list(foreign.iterdir()) == []


def test_numbers_come_back_as_they_were(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    columns = {"label": np.array([0, 1]), "path": np.array([np.nan, -0.0])}
    index = Index(tmp_path)
    index.learn("a", indices.now(), ["."], [Part("one", columns), Part("two", {"path": np.array([5e-324])})])
    index.learn("b", indices.now(), ["."], [Part("no numbers", {})])
    index.save()
    again = Index(tmp_path)
    first, second = again.find("a").parts
    assert (first.about, second.about) == ("one", "two")
    assert {name: values.tobytes() for name, values in first.columns.items()} == {
        name: values.tobytes() for name, values in columns.items()
    }
    assert list(second.columns) == ["path"]
    assert second.columns["path"].tolist() == [5e-324]
    assert "label" not in second.columns
    assert dict(again.find("b").parts[0].columns) == {}
    assert Index(tmp_path).find("c") is None


def test_what_is_gone_from_the_folder_is_dropped_from_the_index(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        index = Index(tmp_path)
        index.learn(name, indices.now(), ["."])
        index.save()
    shutil.rmtree(tmp_path / "a")
    index = Index(tmp_path)
    assert index.find("a") is None
    index.save()
    (tmp_path / "a").mkdir()
    assert Index(tmp_path).find("a") is None
    assert Index(tmp_path).find("b") is not None
    assert len(list((tmp_path / FOLDER).iterdir())) == 1


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Suite, Path]:
    folder = tmp_path_factory.mktemp("finished")
    (folder / "smaller.toml").write_text(SMALLER)
    suite = load_suite(str(folder / "smaller.toml"), load_registries())
    return suite, run_suite(suite, folder / "results").folder


@pytest.fixture
def ran(finished: tuple[Suite, Path], tmp_path: Path) -> tuple[Suite, Path]:
    """A suite and a copy of the folder of its finished run."""
    return finished[0], shutil.copytree(finished[1], tmp_path / "smaller")


def gathered(suite: Suite, store: Store) -> Collection:
    found = collect(suite, store, "cpu")
    if store.index is not None:
        store.index.save()
    return found


def check_same(found: Collection, expected: Collection) -> None:
    for name in ("scores", "cells", "yardsticks"):
        one, other = getattr(found, name), getattr(expected, name)
        assert one.to_parquet(index=False) == other.to_parquet(index=False)
    assert found.environments == expected.environments


def test_scores_are_the_same_with_and_without_and_read_once(
    ran: tuple[Suite, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    suite, folder = ran
    expected = gathered(suite, Store(folder))
    check_same(gathered(suite, Store(folder).indexed()), expected)
    monkeypatch.setattr(stored_columns, "_columns", None)  # no stored Parquet file is read any more
    check_same(gathered(suite, Store(folder).indexed()), expected)
    assert all(is_complete(job, Store(folder).indexed()) for job in jobs(suite, "cpu"))


def test_a_damaged_score_is_computed_anew_and_not_remembered(ran: tuple[Suite, Path]) -> None:
    suite, folder = ran
    gathered(suite, Store(folder).indexed())
    before = lasting(folder)
    time.sleep(0.02)
    victim = sorted(folder.glob("scores/*/*/scores.parquet"))[2]
    victim.write_bytes(victim.read_bytes()[:-1])
    bad = [job for job in jobs(suite, "cpu") if not is_complete(job, Store(folder).indexed())]
    assert len(bad) == 1
    run_suite(suite, folder.parent)
    assert lasting(folder) == before
