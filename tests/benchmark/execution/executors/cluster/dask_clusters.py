"""Dask schedulers and workers in processes of their own, on loopback."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

LOOPBACK = ["--host", "127.0.0.1"]
PATIENCE = 120.0  # seconds that a busy machine may take to start a process


class LoopbackCluster:
    """A scheduler, and workers that begin in a folder of their own.

    Attributes:
        address: of the scheduler.
        scheduler: its process.
        workers: their processes, or those of their nannies.
    """

    def __init__(self, folder: Path) -> None:
        self.workers: list[subprocess.Popen[bytes]] = []
        self._folder = folder
        self._file = folder / "scheduler.json"
        options = ["--port", "0", "--dashboard-address", "127.0.0.1:0", "--scheduler-file", str(self._file)]
        self.scheduler = self._start("dask_scheduler", *LOOPBACK, *options)
        self.address = self._address()

    def add_worker(self, *options: str) -> None:
        """Start a worker of one thread."""
        common = ["--nthreads", "1", "--local-directory", str(self._folder / "scratch"), *options]
        self.workers.append(self._start("dask_worker", self.address, *LOOPBACK, *common))

    def await_workers(self, count: int) -> None:
        """Return when so many workers are there."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=PATIENCE)

    def end(self) -> None:
        """End all processes."""
        for process in (*self.workers, self.scheduler):
            process.terminate()
        for process in (*self.workers, self.scheduler):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self, module: str, *arguments: str) -> "subprocess.Popen[bytes]":
        log = (self._folder / "log").open("ab")
        # -P: nothing of the folder in which the tests run is imported
        command = [sys.executable, "-P", "-m", f"distributed.cli.{module}", *arguments]
        environment = {**os.environ, "PYTHONSAFEPATH": "1"}
        with log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=environment)

    def _address(self) -> str:
        end = time.monotonic() + PATIENCE
        while not self._file.exists():
            assert self.scheduler.poll() is None, (self._folder / "log").read_text()
            assert time.monotonic() < end
            time.sleep(0.1)
        address: str = json.loads(self._file.read_text())["address"]
        return address


@contextmanager
def loopback_cluster(folder: Path, workers: int, *options: str) -> Iterator[LoopbackCluster]:
    """Give a cluster with workers, which is ended at the end of the block."""
    with ExitStack() as stack:
        cluster = LoopbackCluster(folder)
        stack.callback(cluster.end)
        for _ in range(workers):
            cluster.add_worker(*options)
        cluster.await_workers(workers)
        yield cluster
