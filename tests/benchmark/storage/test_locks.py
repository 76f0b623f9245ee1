"""One run writes a results folder at a time, and its lock touches no file of another."""

import errno
import fcntl
import os
from pathlib import Path

import pytest
from stored_results import contents

from saltbench.benchmark.storage import locks
from saltbench.benchmark.storage.store import open_store
from saltbench.errors import StoreError


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
