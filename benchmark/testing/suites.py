"""Suites in a run of pytest: which cells are tests, where results are kept, and the leaderboard at the end."""

import dataclasses
import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from ...datasets.local_data import VARIABLE
from ...errors import SaltbenchError, printable
from ...methods.attributions.passes.amounts import parse_memory
from ...methods.attributions.passes.budget import default_memory
from ..execution.collection import collect
from ..execution.devices import choose_device
from ..execution.executors.shared_evaluator import SharingEvaluator
from ..execution.failures import Failure
from ..leaderboards.leaderboard import leaderboard
from ..process.module_path import current_folder_left_out
from ..storage.csv_tables import to_csv
from ..storage.output import write_to
from ..storage.store import Store
from ..suites import run_options as options
from ..suites.provenance import open_results
from ..suites.registry import Registries, load_registries
from ..suites.suite import Suite, load_suite
from .cells import Cell, SuiteCollector
from .kept_cells import Place, find_gone

REASON, STORED = "saltbench_failure", "saltbench_stored"  # what a report carries from a worker to the controller


@dataclass(eq=False)  # pytest 8.3 keeps plugins in a set
class SuitesPlugin:
    """The hooks of a run of pytest with suites; under xdist one in the controller and one in every worker.

    The process that the user started holds the results folders' locks and writes the leaderboard; workers compute.
    """

    config: pytest.Config
    suites: dict[str, Suite]  # by what the user wrote
    registries: Registries
    results: Path
    device: str
    memory: int  # bytes for explaining, in this process
    failures: list[Failure] = field(default_factory=list)
    passed: dict[Place, pytest.TestReport] = field(default_factory=dict)
    written: str = ""

    @staticmethod
    def of(config: pytest.Config) -> "SuitesPlugin":
        """Return the plugin that the options ask for.

        Raises:
            pytest.UsageError: the options are at odds with each other or with the suite.
        """
        with _in_one_line():
            return _planned(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Append one test a cell, before others select among them."""
        for given, suite in self.suites.items():
            name = f"saltbench/{suite.name}"
            evaluator = SharingEvaluator(self.registries, Store(self._folder(suite)), memory=self.memory)
            collector = SuiteCollector.from_parent(
                session,
                path=_file_of(given),
                name=name,
                nodeid=name,
                suite=suite,
                device=self.device,
                evaluator=evaluator,
            )
            items.extend(session.genitems(collector))

    @pytest.hookimpl(wrapper=True)
    def pytest_sessionstart(self) -> Generator[None, object, object]:
        """Let xdist start its workers without the current folder on their module path."""
        with current_folder_left_out():
            return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Hold the results folders while tests run, then write the leaderboard."""
        if session.config.option.collectonly or self._is_worker():
            return (yield)
        with ExitStack() as locks:
            with _in_one_line():
                for suite in self.suites.values():
                    locks.enter_context(open_results(self._folder(suite)))
            try:
                return (yield)
            except KeyboardInterrupt:
                self.written = "interrupted, no leaderboard was written; run the same command again to finish the rest"
                raise
            finally:
                if not self.written:
                    with _in_one_line():
                        self._look_again()
                        self._write_leaderboard()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Let the report carry a cell's reason to the process that writes the leaderboard."""
        report = yield
        if isinstance(item, Cell) and item.failure is not None:
            vars(report)[REASON] = dataclasses.asdict(item.failure)
            if report.skipped:
                report.longrepr = (str(item.path), 1, f"Skipped: {printable(item.failure.reason)}")
        elif isinstance(item, Cell) and report.when == "call" and report.passed:
            vars(report)[STORED] = item.place
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note why a cell has no scores, or that it has."""
        if report.when == "call" and REASON in vars(report):
            self.failures.append(Failure(**vars(report)[REASON]))
        elif STORED in vars(report):
            self.passed[tuple(vars(report)[STORED])] = report

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say where the results are."""
        terminalreporter.section("saltbench")
        for suite in self.suites.values():
            terminalreporter.line(printable(f"{suite.name}: results are kept in {self._folder(suite)}"))
        if self.written:
            terminalreporter.line(printable(self.written))

    def _look_again(self) -> None:
        """Fail the cells that passed and whose results have vanished since."""
        for suite in self.suites.values():
            for failure, report in find_gone(suite, Store(self._folder(suite)), self.device, self.passed):
                self.failures.append(failure)
                self.config.hook.pytest_runtest_logreport(report=report)

    def _write_leaderboard(self) -> None:
        path = self.config.getoption("leaderboard")
        if not path:
            return
        (suite,) = self.suites.values()
        collection = collect(suite, Store(self._folder(suite)), self.device, self.failures)
        metrics = [self.registries.metrics.get(metric.name) for metric in suite.metrics]
        table = leaderboard(collection, metrics, suite.seeds)
        write_to(self.config.invocation_params.dir / path, to_csv(table))
        complete = int((table.status == "ok").sum())
        self.written = f"{path}: leaderboard of {suite.name}, {complete} of {len(table)} rows have scores"

    def _folder(self, suite: Suite) -> Path:
        return self.results / suite.name

    def _is_worker(self) -> bool:
        return hasattr(self.config, "workerinput")


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        yield
    except SaltbenchError as error:
        raise pytest.UsageError(f"saltbench: {printable(options.prefixed(str(error)))}") from error


def _planned(config: pytest.Config) -> SuitesPlugin:
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        config.args = []  # no path was given: the suites alone
    data = config.getoption("saltbench_data")
    if data is not None:
        os.environ[VARIABLE] = str(data.absolute())
    registries = load_registries(config.getoption("saltbench_plugin") or ())
    names: Sequence[str] = config.getoption("saltbench")
    suites = {name: load_suite(name, registries, _overrides(config)) for name in names}
    _check_names(config, suites)
    device = choose_device(config.getoption("saltbench_device"))
    return SuitesPlugin(config, suites, registries, _results(config), device, _memory(config, device))


def _overrides(config: pytest.Config) -> dict[str, Any]:
    given = {option.name: config.getoption(f"saltbench_{option.name}") for option in options.IN_PLACE_OF_A_SUITES}
    return {key: value for key, value in given.items() if value is not None}


def _check_names(config: pytest.Config, suites: dict[str, Suite]) -> None:
    names = [suite.name for suite in suites.values()]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise pytest.UsageError(f"two suites are called {', '.join(sorted(twice))}; rename the file of one")
    if config.getoption("leaderboard") and len(suites) > 1:
        raise pytest.UsageError("--leaderboard writes the table of one suite; run the suites apart, a file for each")


def _results(config: pytest.Config) -> Path:
    given: Path | None = config.getoption("saltbench_results")
    if given is not None:
        return config.invocation_params.dir / given
    cache: pytest.Cache | None = getattr(config, "cache", None)  # absent with -p no:cacheprovider
    if cache is None:
        raise pytest.UsageError("without pytest's cache there is no place for results; give --saltbench-results DIR")
    return cache.mkdir("saltbench")


def _memory(config: pytest.Config, device: str) -> int:
    told = config.getoption("saltbench_memory")
    workers = int(getattr(config, "workerinput", {}).get("workercount", 1))
    return parse_memory(told) // workers if told else default_memory(device, workers)


def _file_of(suite: str) -> Path:
    if suite.endswith(".toml"):
        return Path(suite).absolute()
    with resources.as_file(resources.files("saltbench.benchmark.suites") / "bundled" / f"{suite}.toml") as path:
        return path
