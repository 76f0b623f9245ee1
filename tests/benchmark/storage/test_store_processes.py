"""Processes that write the same store at once, or are killed while they do."""

import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from numbered_results import KEYS, MAKE, make
from stored_results import leftovers

from saltbench.benchmark.storage.files import TEMPORARY
from saltbench.benchmark.storage.store import Store, address, open_store
from saltbench.errors import StoreError

KILLS = 15


def start(script, *arguments):
    command = [sys.executable, "-P", "-c", MAKE + script, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def whole(store):
    """The numbers of the visible results; fails on one that is not whole."""
    expected = {address(make(number).key): make(number) for number in range(KEYS)}
    visible = [path.name for path in (store.root / "cells").iterdir() if not path.name.startswith(TEMPORARY)]
    found = [store.get("cells", expected[name].key) for name in visible]
    assert found == [expected[name] for name in visible]
    return len(visible)


FILL = f"""
import shutil
print("ready", flush=True)
while True:
    for number in range({KEYS}):
        store.put("cells", make(number))
    shutil.rmtree(sys.argv[2], ignore_errors=True)
    (store.root / "cells").rename(sys.argv[2])
"""


def test_a_killed_writer_leaves_whole_results_only(tmp_path):
    rng = np.random.default_rng(20261123)
    store, seen, interrupted = Store(tmp_path / "store"), 0, 0
    for _ in range(KILLS):
        writer = start(FILL, store.root, tmp_path / "used")
        assert writer.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.005, 0.1))
        writer.kill()
        writer.communicate()
        if (store.root / "cells").exists():
            seen += whole(store)
            interrupted += bool(leftovers(store.root))
        with open_store(store.root):
            assert leftovers(store.root) == []
    assert seen > KILLS  # the writers did write
    assert interrupted > 0  # and some kills struck in the middle of a result


def run_together(script, root, processes=4):
    running = [start(script, root, root / "go") for _ in range(processes)]
    for process in running:
        assert process.stdout.readline() == "ready\n"
    (root / "go").touch()
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert (process.returncode, errors) == (0, "")


RACE = """
import time
print("ready", flush=True)
while not Path(sys.argv[2]).exists():
    pass
"""


def test_four_processes_put_the_same_results(tmp_path):
    script = RACE + f"for number in range({KEYS}): store.put('cells', make(number))"
    run_together(script, tmp_path)
    assert whole(Store(tmp_path)) == KEYS
    assert leftovers(tmp_path) == []


def test_four_processes_repair_the_same_damage(tmp_path):
    store = Store(tmp_path)
    for number in range(KEYS):
        store.put("cells", make(number))
        (tmp_path / "cells" / address(make(number).key) / "b").write_bytes(b"damaged")
    run_together(RACE + f"for number in range({KEYS}): store.put('cells', make(number))", tmp_path)
    assert whole(store) == KEYS
    assert leftovers(tmp_path) == []


def test_a_reader_sees_a_result_or_none_while_others_repair_it(tmp_path):
    script = (
        RACE
        + """
for turn in range(10):
    for number in range(3):
        store.put("cells", make(number))
        found = store.get("cells", make(number).key)
        assert found is None or found == make(number), found
        path = next(store.root.glob("cells/[!.]*/a"), None)
        try:
            path and path.unlink()
        except FileNotFoundError:
            pass
"""
    )
    run_together(script, tmp_path)


def test_a_lost_race_is_a_success(tmp_path, monkeypatch):
    store, rename = Store(tmp_path), Path.rename
    folder = tmp_path / "cells" / address(make(3).key)

    def after_another_process(self, target):
        if target == folder and not folder.exists():
            shutil.copytree(self, folder)
            (folder / "by another process").touch()
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", after_another_process)
    store.put("cells", make(3))
    assert store.get("cells", make(3).key) == make(3)
    assert (folder / "by another process").exists()  # the first result stays
    assert leftovers(tmp_path) == []


def test_the_lock_of_another_process(tmp_path):
    script = """
from saltbench.benchmark.storage.store import open_store
with open_store(store.root):
    print("ready", flush=True)
    sys.stdin.read()
"""
    command = [sys.executable, "-P", "-c", MAKE + script, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout.readline() == "ready\n"
        expected = rf"^another run is writing {tmp_path}; wait for it or choose another --results$"
        with pytest.raises(StoreError, match=expected), open_store(tmp_path):
            pass
        holder.kill()
    with open_store(tmp_path):  # a killed run holds no lock
        pass
