"""Registries of tasks, architectures, methods and metrics, filled from saltbench, entry points and plugin files."""

import dataclasses
import hashlib
import importlib.util
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from ...datasets import entries as tasks
from ...datasets.files.regular_files import read_regular
from ...datasets.planted import planted_files
from ...datasets.spec import TaskSpec
from ...entry import Entry, Family, unknown
from ...errors import DuplicateNameError, ParameterError, PluginError, UnknownNameError, described, repr_of
from ...methods.architectures import entries as architectures
from ...methods.architectures.spec import ArchitectureSpec
from ...methods.attributions import entries as methods
from ...methods.attributions.spec import MethodSpec
from ..metrics import entries as metrics
from ..metrics.spec import MetricSpec
from ..process.settings import IMPORTED, settings_restored
from .selection import select

PLUGIN_MODULE = "saltbench_plugin_"  # begins the module name of every plugin file

T = TypeVar("T", bound=Entry)


class Registry(Generic[T]):
    """Entries of one kind by name, in the order of their registration, and families of further ones."""

    def __init__(self, kind: str, entries: Iterable[T] = (), families: Sequence[Family[T]] = ()) -> None:
        self.kind = kind
        self.families = families
        self._entries: dict[str, T] = {}
        for entry in entries:
            self.register(entry)

    def register(self, entry: T) -> None:
        """Add an entry.

        Raises:
            DuplicateNameError: the name is taken.
            ParameterError: the version is not a positive integer, or a parameter's default is not a JSON value.
        """
        if family := self._family(entry.name):
            raise DuplicateNameError(
                f"{self.kind} '{entry.name}': names that begin with {family.prefix} stand for "
                f"{family.listed.name}; rename it"
            )
        if entry.name in self._entries:
            raise DuplicateNameError(
                f"{self.kind} '{entry.name}' is registered twice "
                f"({self._entries[entry.name].source or 'saltbench'} and {entry.source or 'saltbench'}); rename one"
            )
        if not isinstance(entry.version, int) or entry.version < 1:
            raise ParameterError(
                f"{self.kind} '{entry.name}' needs a whole number of at least 1 as version, "
                f"got {repr_of(entry.version)}"
            )
        entry.configure(entry.parameters)
        self._entries[entry.name] = entry

    def get(self, name: str) -> T:
        """Return the entry called name.

        Raises:
            UnknownNameError: with near matches.
            SaltbenchError: a family has no entry of that name.
        """
        if family := self._family(name):
            return family.make(name.removeprefix(family.prefix))
        if name not in self._entries:
            raise UnknownNameError(unknown(self.kind, name, self._entries))
        return self._entries[name]

    def match(self, patterns: Iterable[str]) -> list[T]:
        """Return the entries that match any shell pattern (`box/*`) or tag (`tag:moving`), each once, in their order.

        What begins like a family's names is taken for one of them, literally: a path may hold brackets.

        Raises:
            UnknownNameError: a pattern that matches nothing.
            SaltbenchError: a family has no entry of that name.
        """
        tags = self.tags_of(self._entries)
        names = (
            name
            for pattern in patterns
            for name in ([pattern] if self._family(pattern) else select(self.kind, [pattern], tags))
        )
        return [self.get(name) for name in dict.fromkeys(names)]

    def _family(self, name: str) -> Family[T] | None:
        return next((family for family in self.families if name.startswith(family.prefix)), None)

    def declared(self, name: str) -> T | None:
        """Return the entry called name, or what stands for its family, or None; no file is looked at."""
        family = self._family(name)
        return family.listed if family else self._entries.get(name)

    def tags_of(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the tags of each entry by name; none of a name that is not known."""
        known = {name: self.declared(name) for name in names}
        return {name: entry.tags if entry else () for name, entry in known.items()}

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)


@dataclass(frozen=True)
class Registries:
    """The four registries a run draws from."""

    tasks: Registry[TaskSpec]
    architectures: Registry[ArchitectureSpec]
    methods: Registry[MethodSpec]
    metrics: Registry[MetricSpec]

    def register(self, entry: Entry) -> None:
        """Add an entry to the registry of its kind.

        Raises:
            PluginError: an entry of no kind.
            DuplicateNameError: its name is taken.
        """
        match entry:
            case TaskSpec():
                self.tasks.register(entry)
            case ArchitectureSpec():
                self.architectures.register(entry)
            case MethodSpec():
                self.methods.register(entry)
            case MetricSpec():
                self.metrics.register(entry)
            case _:
                raise PluginError(
                    f"'{entry.name}' is a plain Entry; use TaskSpec, ArchitectureSpec, MethodSpec or MetricSpec"
                )


def load_registries(plugins: Sequence[Path] = ()) -> Registries:
    """Return fresh registries of saltbench's entries, those of installed entry points, and those of plugin files.

    Raises:
        PluginError: a plugin that cannot be loaded or offers no entry.
        DuplicateNameError: a name that is taken.
    """
    registries = Registries(
        Registry("task", tasks.ENTRIES, [planted_files.FAMILY]),
        Registry("architecture", architectures.ENTRIES),
        Registry("method", methods.ENTRIES),
        Registry("metric", metrics.ENTRIES),
    )
    installed = entry_points()  # reads the metadata of all that is installed
    for kind in ("tasks", "architectures", "methods", "metrics"):
        for point in installed.select(group=f"saltbench.{kind}"):
            registries.register(_from_entry_point(point))
    for path in plugins:
        for entry in _from_file(path):
            registries.register(entry)
    return registries


def default_metrics(registries: Registries) -> list[MetricSpec]:
    """Return the metrics of suites that name none."""
    return [metric for metric in registries.metrics if metric.is_default]


def _from_entry_point(point: EntryPoint) -> Entry:
    origin = f"entry point {point.name} = {point.value}"
    try:
        with settings_restored(leave=IMPORTED):
            entry = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # third-party code can raise anything
        raise PluginError(f"{origin} cannot be loaded: {described(error)}; fix or uninstall it") from error
    if not isinstance(entry, Entry):
        raise PluginError(
            f"{origin} must be a TaskSpec, ArchitectureSpec, MethodSpec or MetricSpec, got {repr_of(entry)}"
        )
    version = point.dist.version if point.dist else "?"
    return dataclasses.replace(entry, source=f"{point.value} {version}")


def _from_file(path: Path) -> list[Entry]:
    try:
        digest = hashlib.sha256(read_regular(path)).hexdigest()
    except OSError as error:
        raise PluginError(f"plugin {path} cannot be read: {error.strerror}; check the path") from error
    found = {id(value): value for value in vars(_execute(path, digest)).values() if isinstance(value, Entry)}
    if not found:
        raise PluginError(f"plugin {path} defines no TaskSpec, ArchitectureSpec, MethodSpec or MetricSpec")
    return [dataclasses.replace(entry, source=f"{path.name} sha256:{digest}") for entry in found.values()]


def _execute(path: Path, digest: str) -> ModuleType:
    name = f"{PLUGIN_MODULE}{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"plugin {path} is not a Python file; its name must end with .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickle look a class's module up there
    try:
        with settings_restored(leave=IMPORTED):
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the plugin is the user's code and can raise anything
        del sys.modules[name]
        raise PluginError(f"plugin {path}{_line_in(path, error)} raised on import: {described(error)}") from error
    return module


def _line_in(path: Path, error: BaseException) -> str:
    lines = [line for frame, line in traceback.walk_tb(error.__traceback__) if frame.f_code.co_filename == str(path)]
    if not lines and isinstance(error, SyntaxError) and error.filename == str(path):
        lines = [error.lineno or 1]
    return f", line {lines[-1]}," if lines else ""


def listing(registry: Registry[Any]) -> list[dict[str, Any]]:
    """Return what each entry and family states as JSON values: of methods assumptions and passes, of metrics needs."""
    common = ("name", "version", "description", "reference", "tags", "parameters", "source")
    fields = (*common, "assumptions", "passes", "needs")
    stated = [*registry, *(family.listed for family in registry.families)]
    return [{key: getattr(entry, key) for key in fields if hasattr(entry, key)} for entry in stated]
