"""Runs on a real Dask scheduler with two workers, in processes of their own on loopback."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from command_line import Said
from commanded_runs import start
from lasting_files import lasting, temporary
from tiny_suite import SMALLER

pytest.importorskip("distributed", reason="needs the extra cluster")

from dask_clusters import LoopbackCluster, loopback_cluster

from saltbench.benchmark.execution.executors.cluster import connection, shared_folder
from saltbench.benchmark.execution.executors.engine import Engine
from saltbench.benchmark.leaderboards.finished_run import Result
from saltbench.benchmark.runs.runner import run_suite
from saltbench.benchmark.suites.registry import load_registries
from saltbench.benchmark.suites.suite import load_suite
from saltbench.errors import WorkerError

PLUGIN = """
import os, signal, time
from pathlib import Path
import numpy as np
import torch
from saltbench import Maps, MethodSpec, MetricSpec, Split, TaskData, TaskSpec

HERE = Path(__file__)

def elsewhere(inputs):
    assert "dask-scratch-space" in HERE.parts, HERE
    return torch.ones_like(inputs)

def series(seed, *, samples):
    folder = Path(os.environ["SALTBENCH_DATA"])
    assert "dask-scratch-space" in folder.parts, folder
    inputs = np.load(folder / "mine" / "series.npy")[:samples]
    labels = np.arange(samples) % 2
    split = Split(inputs, labels, np.ones_like(inputs))
    return TaskData(split, split, split, classes=2)

def behave(inputs, *, how, place):
    if how == "dies":
        os._exit(7)
    if how == "hangs":
        time.sleep(1000)
    if how == "kills":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(1000)
    if how == "waits" and not (mark := Path(place)).exists():
        mark.write_text(str(os.getppid()))
        time.sleep(1000)
    return torch.ones_like(inputs)

def mean(maps: Maps):
    return maps.attributions.mean(axis=(1, 2))

ENTRIES = [
    MethodSpec(name="elsewhere", version=1, description="d", reference="r", factory=elsewhere),
    TaskSpec(name="own", version=1, description="d", reference="r", factory=series, parameters={"samples": 20},
             tags=("external-data",)),
    MetricSpec(name="own_mean", version=1, description="d", reference="r", factory=mean, higher_is_better=True,
               low=float("-inf"), high=float("inf"), is_default=False),
] + [
    MethodSpec(name=how, version=1, description="d", reference="r", factory=behave,
               parameters={"how": how, "place": ""})
    for how in ("dies", "hangs", "kills", "waits")
]
for number, entry in enumerate(ENTRIES):
    globals()[f"ENTRY_{number}"] = entry
"""
NARROW = {"architectures": ["lstm"], "seeds": 1}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopbackCluster]:
    with loopback_cluster(tmp_path_factory.mktemp("cluster"), 2) as started:
        yield started


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    path = tmp_path / "mine" / "own.py"
    path.parent.mkdir()
    path.write_text(PLUGIN)
    return path


class Runs:
    """Runs a suite in a folder, on a cluster or in this process, and keeps what was announced."""

    def __init__(self, folder: Path, cluster: LoopbackCluster | None, text: str = SMALLER) -> None:
        self.folder = folder
        self.text = text
        self.said: list[str] = []
        self.engine = Engine(name="dask", scheduler=cluster.address) if cluster else None

    def run(self, plugins: tuple[Path, ...] = (), timeout: float | None = None, **overrides: object) -> Result:
        self.folder.mkdir(exist_ok=True)
        file = self.folder / "small.toml"
        file.write_text(self.text)
        suite = load_suite(str(file), load_registries(plugins), overrides)
        return run_suite(
            suite, self.folder, plugins=plugins, timeout=timeout, engine=self.engine, announce=self.said.append
        )


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run in one process writes."""
    return lasting(Runs(tmp_path_factory.mktemp("alone"), None).run().folder)


def reasons(result: Result) -> dict[str, str]:
    return {failure.method: failure.reason for failure in result.failures}


@pytest.mark.parametrize("is_shared", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_workers_write_the_bytes_of_one_process(
    cluster: LoopbackCluster,
    alone: dict[str, bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_shared: bool,
) -> None:
    seen: list[str] = []

    def note(_folder: Path, places: list[str], _worker: str) -> None:
        seen.extend(places)

    monkeypatch.setattr("saltbench.benchmark.execution.executors.cluster.dask_executor.await_arrival", note)
    if not is_shared:
        monkeypatch.setattr(shared_folder.Token, "is_answered", lambda *_: False)
    runs = Runs(tmp_path, cluster)
    result = runs.run()
    assert lasting(result.folder) == alone
    assert bool(seen) == is_shared
    assert not temporary(result.folder)
    dashboard, found = runs.said
    assert dashboard.startswith("dashboard of the cluster: http://127.0.0.1:")
    assert found == "2 workers, 2 cells at once"


@pytest.mark.slow
def test_plugins_data_and_series_of_ones_own_reach_the_workers(
    cluster: LoopbackCluster, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    data = tmp_path / "data"
    (data / "mine").mkdir(parents=True)
    np.save(data / "mine" / "series.npy", rng.normal(size=(20, 10, 3)).astype(np.float32))
    np.save(tmp_path / "planted.npy", rng.normal(size=(60, 10, 3)))
    monkeypatch.setenv("SALTBENCH_DATA", str(data))
    monkeypatch.chdir(tmp_path)
    runs = Runs(tmp_path / "run", cluster)
    tasks = ["own", "planted/planted.npy"]
    result = runs.run((plugin,), tasks=tasks, methods=["elsewhere"], metrics=["own_mean", "roc_auc"], **NARROW)
    assert reasons(result) == {}
    assert (result.table.own_mean[result.table.method == "elsewhere"] == 1).all()
    assert set(result.table.task) == set(tasks)


@pytest.mark.slow
def test_a_process_that_dies_or_hangs_costs_its_cell_and_no_worker(
    cluster: LoopbackCluster, plugin: Path, tmp_path: Path
) -> None:
    runs = Runs(tmp_path, cluster)
    result = runs.run((plugin,), timeout=10, methods=["dies", "hangs", "saliency"], **NARROW)
    assert reasons(result) == {
        "dies": "the worker process ended with exit status 7",
        "hangs": "took longer than 10 s; raise --timeout or make the method faster",
    }
    assert not [line for line in runs.said if "lost" in line]


def killed_when_marked(mark: Path, process: int | None = None) -> None:
    """Kill a process, or the one that wrote the mark, when that is there."""
    while not (mark.exists() and mark.read_text()):
        time.sleep(0.05)
    os.kill(process or int(mark.read_text()), signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_is_killed_costs_what_it_had_in_flight(
    cluster: LoopbackCluster, plugin: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    text = f'{SMALLER}\n[parameters.waits]\nplace = "{mark}"\n'
    runs = Runs(tmp_path / "cluster", cluster, text)
    killer = threading.Thread(target=killed_when_marked, args=(mark,))
    killer.start()
    result = runs.run((plugin,), methods=["waits", "saliency"], **NARROW)
    killer.join()
    assert reasons(result) == {}
    alone = Runs(tmp_path / "alone", None, text).run((plugin,), methods=["waits", "saliency"], **NARROW)
    assert lasting(result.folder) == lasting(alone.folder)
    (lost,) = (line for line in runs.said if "was lost" in line)
    assert lost.endswith(" was lost; computing again: 1 unit of work")
    assert runs.said[-1] == "computed again, for workers that were lost: 1 unit of work"


@pytest.mark.slow
def test_a_cell_that_kills_three_workers_fails_alone(cluster: LoopbackCluster, plugin: Path, tmp_path: Path) -> None:
    runs = Runs(tmp_path, cluster)
    result = runs.run((plugin,), methods=["kills", "saliency"], **NARROW)
    assert list(reasons(result)) == ["kills"]
    assert reasons(result)["kills"].startswith("3 workers died while they computed it, the last was tcp://127.0.0.1:")
    assert result.table.set_index("method").status["saliency"] == "ok"


def test_a_worker_of_another_version_is_refused(
    cluster: LoopbackCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = {**connection.own_versions(), "torch": "1.0.0"}
    monkeypatch.setattr(connection, "own_versions", lambda: other)
    expected = r"^worker tcp://127\.0\.0\.1:\d+ cannot take part: it has torch \d.*, this machine has 1\.0\.0; install"
    with pytest.raises(WorkerError, match=expected):
        Runs(tmp_path, cluster).run()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://127.0.0.1:9", "Connection refused"),
        ("tcp://127.0.0.1", "missing port number in address '127.0.0.1'"),
        ("http://127.0.0.1:8787", "unknown address scheme 'http' (known schemes: "),
    ],
)
def test_a_scheduler_that_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said, address: str, why: str
) -> None:
    monkeypatch.setattr(connection, "PATIENCE", 2)
    (tmp_path / "small.toml").write_text(SMALLER)
    given = ("run", tmp_path / "small.toml", "--results", tmp_path, "--executor", "dask", "--scheduler", address)
    message, _ = said(*given)
    assert str(message).startswith(f"saltbench: no Dask scheduler answers at {address}: {why}")
    assert str(message).endswith("; start one with `dask scheduler`, or correct --scheduler")
    assert "\n" not in str(message)


@pytest.mark.slow
def test_a_scheduler_that_dies_ends_the_run_in_a_line(plugin: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "alone").mkdir()
    with loopback_cluster(tmp_path / "alone", 1) as cluster:
        runs = Runs(tmp_path, cluster, f'{SMALLER}\n[parameters.waits]\nplace = "{mark}"\n')
        killer = threading.Thread(target=killed_when_marked, args=(mark, cluster.scheduler.pid))
        killer.start()
        # in half a minute Dask's clients give up
        with pytest.raises(WorkerError, match=r"^the Dask scheduler is gone, .*; what was finished is kept, run the"):
            runs.run((plugin,), methods=["saliency", "waits"], **NARROW)
        killer.join()
    assert list(tmp_path.glob("small/models/*/record.json"))


@pytest.mark.slow
def test_ctrl_c_gives_the_workers_back(cluster: LoopbackCluster, plugin: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "small.toml").write_text(f'{SMALLER}\n[parameters.waits]\nplace = "{mark}"\n')
    options = (
        f"--plugin {plugin} --architectures lstm --methods saliency waits --executor dask --scheduler {cluster.address}"
    )
    process = start(tmp_path / "small.toml", tmp_path, options)
    while not (mark.exists() and mark.read_text()):
        assert process.poll() is None
        time.sleep(0.05)
    worker = psutil.Process(int(mark.read_text()))
    assert worker.children()
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.splitlines()[-1] == "saltbench: interrupted; run the same command again to finish the rest"
    _, alive = psutil.wait_procs(worker.children(), 20)
    assert not alive
    assert worker.is_running()
    assert list(tmp_path.glob("small/models/*/record.json"))
    assert not temporary(tmp_path / "small")


def test_without_dask_a_line_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: Said) -> None:
    for name in [name for name in sys.modules if name.startswith("saltbench.benchmark.execution.executors.cluster.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    (tmp_path / "small.toml").write_text(SMALLER)
    given = ("run", tmp_path / "small.toml", "--results", tmp_path, "--executor", "dask", "--scheduler", "tcp://a:1")
    message, _ = said(*given)
    assert message == (
        "saltbench: executors of clusters need the package distributed, got no module 'distributed'; "
        "install it with pip install '.[cluster]' in saltbench's checkout"
    )
