"""What a disk, another process or a kill can do to a store."""

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from numbered_results import MAKE, make
from stored_results import leftovers

from saltbench.benchmark.storage import files
from saltbench.benchmark.storage import store as module
from saltbench.benchmark.storage.files import write_atomically
from saltbench.benchmark.storage.store import Store, address
from saltbench.errors import StoreError

# without the privilege to override permissions, which root has and a permission test must not
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
WHERE = ("write", "fsync", "rename", "mkdir")


@pytest.fixture
def full(monkeypatch):
    """A function that makes one kind of system call say that the disk is full."""

    def fail(*_args, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def fail_at(call):
        targets = {
            "write": [(module, "write_synced"), (files, "write_synced")],
            "fsync": [(os, "fsync")],
            "rename": [(Path, "rename")],
            "mkdir": [(Path, "mkdir")],
        }[call]
        for target in targets:
            monkeypatch.setattr(*target, fail)

    return fail_at


def damage(store, number):
    store.put("cells", make(number))
    path = store.root / "cells" / address(make(number).key) / "c"
    path.write_bytes(b"damaged")
    return path


@pytest.mark.parametrize("call", WHERE)
def test_a_full_disk_while_putting(tmp_path, monkeypatch, full, call):
    store = Store(tmp_path)
    store.put("cells", make(1))
    damaged = damage(store, 2)
    full(call)
    for number in (2, 3):
        with pytest.raises(StoreError, match=r"^cannot write .*: No space left on device; .* make room or fix"):
            store.put("cells", make(number))
    monkeypatch.undo()
    assert store.get("cells", make(1).key) == make(1)
    assert damaged.read_bytes() == b"damaged"
    assert store.get("cells", make(3).key) is None
    assert leftovers(tmp_path) == []
    for number in (2, 3):
        store.put("cells", make(number))
        assert store.get("cells", make(number).key) == make(number)


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_full_disk_while_writing_a_file(tmp_path, monkeypatch, full, call):
    write_atomically(tmp_path / "leaderboard.csv", b"before")
    full(call)
    with pytest.raises(StoreError, match=r"^cannot write .*leaderboard\.csv: No space left on device; .* make room"):
        write_atomically(tmp_path / "leaderboard.csv", b"after")
    monkeypatch.undo()
    assert (tmp_path / "leaderboard.csv").read_bytes() == b"before"
    assert leftovers(tmp_path) == []


def test_an_interrupt_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(_descriptor):
        raise KeyboardInterrupt("Ctrl-C")

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        Store(tmp_path).put("cells", make(1))
    with pytest.raises(KeyboardInterrupt, match="Ctrl-C"):
        write_atomically(tmp_path / "leaderboard.csv", b"after")
    assert leftovers(tmp_path) == []
    assert not (tmp_path / "leaderboard.csv").exists()


OUT_OF_SPACE = """
from saltbench.benchmark.storage.files import write_atomically
write_atomically(store.root / "leaderboard.csv", b"before")
done = []
try:
    for number in range(200):
        store.put("cells", make(number))
        done.append(number)
except StoreError as error:
    print(error)
try:
    write_atomically(store.root / "leaderboard.csv", b"after" * 100_000)
except StoreError as error:
    print(error)
assert (store.root / "leaderboard.csv").read_bytes() == b"before"
assert done and all(store.get("cells", make(number).key) == make(number) for number in done)
assert len(list((store.root / "cells").iterdir())) == len(done), "a temporary is left"
"""


def test_a_disk_that_is_truly_full(tmp_path):
    # the tmpfs is mounted in a name space of the child's own and vanishes with it
    mounted = 'mount -t tmpfs -o size=128k none "$0" && exec "$@"'
    prefix = ["unshare", "--map-root-user", "--mount", "sh", "-c", mounted, str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*prefix, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let a test mount a small tmpfs")
    command = [*prefix, sys.executable, "-P", "-c", MAKE + OUT_OF_SPACE, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith(f"cannot write {tmp_path}/cells/")
    assert second.startswith(f"cannot write {tmp_path}/leaderboard.csv: No space left on device; what was finished")
    assert "No space left on device" in first


def test_a_limit_on_the_size_of_files(tmp_path, run_python):
    script = (
        MAKE
        + """
import resource
store.put("cells", make(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
try:
    store.put("cells", make(2))
except StoreError as error:
    print(error)
# so that coverage, where it is on, can write its own file at exit
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
    )
    done = run_python(script, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"cannot write {tmp_path}/cells/{address(make(2).key)}: File too large; what was")
    assert done.stdout.count("\n") == 1
    assert Store(tmp_path).get("cells", make(1).key) == make(1)
    assert Store(tmp_path).get("cells", make(2).key) is None
    assert leftovers(tmp_path) == []


FORBIDDEN = (
    MAKE
    + """
from saltbench.benchmark.storage.files import write_atomically
from saltbench.benchmark.suites.provenance import check_format, open_results
def attempt(action):
    try:
        action()
    except StoreError as error:
        print(error)
def enter():
    with open_results(store.root):
        pass
"""
)


@pytest.fixture
def forbidden(run_python, tmp_path):
    """A function that runs statements on a store whose folders a mode protects, and gives what they print."""
    if UNPRIVILEGED and not shutil.which(UNPRIVILEGED[0]):
        pytest.skip("root overrides permissions, and there is no setpriv to give that up")

    def run(statements, folder, mode):
        folder.chmod(mode)
        try:
            done = run_python(FORBIDDEN + statements, tmp_path, prefix=UNPRIVILEGED)
        finally:
            folder.chmod(0o755)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return run


def test_a_results_folder_without_write_permission(tmp_path, forbidden):
    Store(tmp_path).put("cells", make(1))
    statements = """
attempt(enter)
attempt(lambda: write_atomically(store.root / "leaderboard.csv", b""))
attempt(lambda: store.put("models", make(2)))
assert store.get("cells", make(1).key) == make(1)
"""
    lines = forbidden(statements, tmp_path, 0o555)
    assert len(lines) == 3
    places = ("", "/leaderboard.csv", f"/models/{address(make(2).key)}")
    for line, place in zip(lines, places, strict=True):
        assert line.startswith(f"cannot write {tmp_path}{place}: Permission denied; what was finished before is kept")


def test_results_without_read_permission(tmp_path, forbidden):
    Store(tmp_path).put("cells", make(1))
    folder = tmp_path / "cells" / address(make(1).key)
    statements = """
attempt(lambda: store.get("cells", make(1).key))
attempt(lambda: store.put("cells", make(1)))
"""
    expected = f"cannot read {folder}: Permission denied; check its permissions"
    assert forbidden(statements, folder, 0o000) == [expected, expected]


def test_a_results_folder_that_cannot_be_entered(tmp_path, forbidden):
    expected = f"cannot read {tmp_path}/provenance.json: Permission denied; check its permissions"
    assert forbidden("attempt(enter)\nattempt(lambda: check_format(store.root))", tmp_path, 0o000) == [expected] * 2
