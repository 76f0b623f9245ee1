"""Runs a suite: hands its jobs to worker processes, and writes tables and figure when all is done."""

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from pathlib import Path

import pandas as pd
import torch

from ..errors import ParameterError, WorkerError
from ..methods.attributions.budget import default_memory
from .collection import Collection, collect
from .evaluation import Evaluator, Failure, is_complete
from .figures import draw_maps
from .heap import keep_freed_memory
from .leaderboard import leaderboard, to_csv
from .plan import Job, jobs
from .provenance import provenance
from .registry import load_registries
from .store import Store, open_store, write_atomically
from .suite import Suite

Report = Callable[[Job, int, int], None]


def silent(_job: Job, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Result:
    """What a run leaves: the leaderboard, the collected scores, the folder of both, and the cells that failed."""

    table: pd.DataFrame
    collection: Collection
    folder: Path
    failures: list[Failure]


def run_suite(
    suite: Suite,
    results: Path,
    *,
    plugins: Sequence[Path] = (),
    device: str = "cpu",
    workers: int = 1,
    memory: int | None = None,
    report: Report = silent,
) -> Result:
    """Run what a suite lacks under results/<suite name>/, and write its tables and figure.

    What is written does not depend on the number of workers.

    Args:
        suite: the grid.
        results: parent of the suite's folder.
        plugins: files whose entries the suite uses.
        device: "cpu" or "cuda".
        workers: processes; 1 runs everything in this one.
        memory: bytes that explaining may take in all workers together; None for a quarter of what is free.
        report: called after every finished job with the job, how many are done, and how many there were to do.

    Raises:
        StoreError: the folder cannot be read or written; what was finished is kept.
        KeyboardInterrupt: Ctrl-C; what was finished is kept.
        PluginError: a plugin does not load.
        WorkerError: a worker process was killed.
    """
    registries = load_registries(plugins)
    folder = results / suite.name
    with open_store(folder) as store:
        failures: list[Failure] = []
        planned = [job for job in jobs(suite, device) if not is_complete(job, store)]
        share = (memory or default_memory(device)) // workers
        for done, (job, failed) in enumerate(_execute(planned, store, plugins, workers, share), start=1):
            failures += failed
            report(job, done, len(planned))
        collection = collect(suite, store, device, failures)
        table = leaderboard(collection, [registries.metrics.get(metric.name) for metric in suite.metrics])
        write_atomically(folder / "scores.parquet", bytes(collection.scores.to_parquet(index=False)))
        record = json.dumps(provenance(suite, device, collection.environments), indent=1, ensure_ascii=False)
        write_atomically(folder / "provenance.json", record.encode() + b"\n")
        write_atomically(folder / "leaderboard.csv", to_csv(table))
        draw_maps(suite, folder, device)
    return Result(table, collection, folder, failures)


def choose_device(name: str) -> str:
    """Return "cuda" or "cpu" for auto, cpu or cuda.

    Raises:
        ParameterError: cuda without a usable GPU, or another name.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise ParameterError(f"device must be auto, cpu or cuda, got '{name}'")
    usable = torch.cuda.is_available()
    if name == "cuda" and not usable:
        raise ParameterError("device cuda was asked for but PyTorch sees no GPU; use --device cpu or auto")
    return "cuda" if usable and name != "cpu" else "cpu"


def default_workers(device: str) -> int:
    """Return one process a usable processor core, or one in all for a GPU."""
    if device == "cuda":
        return 1
    # the affinity knows the limits of a container; macOS has none
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _execute(
    planned: Sequence[Job], store: Store, plugins: Sequence[Path], workers: int, memory: int
) -> Iterator[tuple[Job, list[Failure]]]:
    if workers == 1 or len(planned) <= 1:
        with one_thread():
            evaluator = Evaluator(load_registries(plugins), store, memory=memory)
            for job in planned:
                yield job, evaluator.run(job)
        return
    with _pool(store, plugins, workers, memory) as executor:
        with _interrupts_held():
            submitted = {executor.submit(_run, job): job for job in planned}
        try:
            for future in as_completed(submitted):
                yield submitted[future], future.result()
        except BrokenProcessPool as error:
            raise WorkerError(
                "a worker process was killed, most likely for lack of memory; what was finished is kept, "
                "run the same command again with fewer --workers"
            ) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Let PyTorch compute in one thread inside the block."""
    # the order of floating-point sums depends on the number of threads: one everywhere gives the same bytes
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


@contextmanager
def _pool(store: Store, plugins: Sequence[Path], workers: int, memory: int) -> Iterator[Executor]:
    # spawn: a forked child would inherit PyTorch's thread pools in an undefined state
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    arguments = (store, plugins, memory, stop)
    with ProcessPoolExecutor(workers, context, initializer=_initialise, initargs=arguments) as executor:
        try:
            yield executor
        except BaseException:
            stop.set()
            executor.shutdown(wait=True, cancel_futures=True)
            raise


@contextmanager
def _interrupts_held() -> Iterator[None]:
    # Processes started meanwhile inherit the mask: a terminal's Ctrl-C reaches the parent alone, which decides.
    # The handler is for a signal that another thread of the parent takes: it must not cut a start in two.
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    noted: list[int] = []
    handler = signal.signal(signal.SIGINT, lambda number, _frame: noted.append(number))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if noted:
        raise KeyboardInterrupt


_evaluator: Evaluator | None = None  # one a worker process, set by _initialise


def _initialise(store: Store, plugins: Sequence[Path], memory: int, stop: Event) -> None:
    global _evaluator  # noqa: PLW0603 - how a process pool hands state to its workers
    threading.Thread(target=_die_with_parent, daemon=True).start()
    keep_freed_memory()
    torch.set_num_threads(1)
    _evaluator = Evaluator(load_registries(plugins), store, stop.is_set, memory)


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _run(job: Job) -> list[Failure]:
    assert _evaluator is not None
    return _evaluator.run(job)
