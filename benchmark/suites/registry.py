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
from ...entry import Entry, unknown
from ...errors import DuplicateNameError, ParameterError, PluginError, UnknownNameError, described, repr_of
from ...family import Family, OpenFamily
from ...methods.architectures import entries as architectures
from ...methods.architectures.spec import ArchitectureSpec
from ...methods.attributions import entries as methods
from ...methods.attributions.spec import MethodSpec
from ..metrics import entries as metrics
from ..metrics.spec import MetricSpec
from ..process.settings import IMPORTED, settings_restored
from .selection import TAG, select

SPECS = "TaskSpec, ArchitectureSpec, MethodSpec or MetricSpec"
PLUGIN_MODULE = "saltbench_plugin_"  # begins the module name of every plugin file

T = TypeVar("T", bound=Entry)


class Registry(Generic[T]):
    """Entries of one kind by name, in the order of their registration; and open families of further ones."""

    def __init__(
        self, kind: str, entries: Iterable[T | Family[T]] = (), open_families: Sequence[OpenFamily[T]] = ()
    ) -> None:
        self.kind = kind
        self.open_families = open_families
        self.families: dict[str, Family[T]] = {}  # by the name of each member
        self._entries: dict[str, T] = {}
        self._aliases: dict[str, str] = {}  # the names of entries by further ones
        for entry in entries:
            self.register(entry)

    def register(self, entry: T | Family[T]) -> None:
        """Add an entry, or the members of a family.

        Raises:
            DuplicateNameError: a name is taken.
            ParameterError: a name begins like a tag, a version is not a positive integer, a parameter's default is not
                a JSON value, or the parts of a family do not fit together.
            UnknownNameError: a parameter that a family's template does not have.
        """
        if not isinstance(entry, Family):
            self._register(entry)
            return
        for member in entry.members():
            self._register(member)
            self.families[member.name] = entry

    def _register(self, entry: T) -> None:
        for name in (entry.name, *entry.aliases):
            self._check_free(name, entry)
        if not isinstance(entry.version, int) or entry.version < 1:
            raise ParameterError(
                f"{self.kind} '{entry.name}' needs a whole number of at least 1 as version, "
                f"got {repr_of(entry.version)}"
            )
        entry.configure(entry.parameters)
        self._entries[entry.name] = entry
        self._aliases |= dict.fromkeys(entry.aliases, entry.name)

    def _check_free(self, name: str, entry: T) -> None:
        if name.startswith(TAG):
            raise ParameterError(f"{self.kind} '{name}': what begins with {TAG} stands for a tag; rename it")
        if family := self._open_family(name):
            raise DuplicateNameError(
                f"{self.kind} '{name}': names that begin with {family.prefix} stand for {family.listed.name}; rename it"
            )
        if known := self.declared(name):
            raise DuplicateNameError(
                f"{self.kind} '{name}' is registered twice "
                f"({known.source or 'saltbench'} and {entry.source or 'saltbench'}); rename one"
            )

    def named(self, name: str) -> str:
        """Return the name of the entry that has this one as an alias, or the name itself."""
        return self._aliases.get(name, name)

    def get(self, name: str) -> T:
        """Return the entry called name.

        Raises:
            UnknownNameError: with near matches.
            SaltbenchError: a family has no entry of that name.
        """
        if family := self._open_family(name):
            return family.make(name.removeprefix(family.prefix))
        name = self.named(name)
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
        names = (name for pattern in patterns for name in self._matching(pattern))
        return [self.get(name) for name in dict.fromkeys(names)]

    def one(self, asked: str | T) -> T:
        """Return an entry given as itself or by its name.

        Raises:
            UnknownNameError: no entry has the name.
            ParameterError: something else than an entry or a name.
        """
        self._check_asked(asked)
        return self.get(asked) if isinstance(asked, str) else asked

    def _check_asked(self, asked: object) -> None:
        if not isinstance(asked, str | Entry):
            raise ParameterError(f"a {self.kind} must be an entry, a name or a pattern, got {repr_of(asked)}")

    def choose(self, asked: Sequence[str | T]) -> list[T]:
        """Return entries given as themselves, or by what `match` takes, each once where several patterns match it.

        Raises:
            UnknownNameError: a pattern that matches nothing.
            DuplicateNameError: a name or pattern that is given twice.
            ParameterError: something else than a list of entries, names and patterns.
            SaltbenchError: a family has no entry of that name.
        """
        if isinstance(asked, str) or not isinstance(asked, Iterable):
            raise ParameterError(f"{self.kind}s must be a list of names or patterns, got {asked!r}; write [{asked!r}]")
        found: list[T] = []
        for place, one in enumerate(wanted := list(asked)):  # a generator can be read once
            self._check_asked(one)
            if isinstance(one, str) and one in wanted[:place]:
                raise repeated(self.kind, one)
            found += [entry for entry in self.match([one]) if entry not in found] if isinstance(one, str) else [one]
        return found

    def _matching(self, pattern: str) -> list[str]:
        if self._open_family(pattern):
            return [pattern]
        for family in self.open_families:
            if pattern.removeprefix(TAG) in family.listed.tags and pattern.startswith(TAG):
                raise UnknownNameError(f"{self.kind} {pattern} stands for {family.listed.name}; name one of them")
        return select(self.kind, [self.named(pattern)], self.tags_of(self._entries))

    def _open_family(self, name: str) -> OpenFamily[T] | None:
        return next((family for family in self.open_families if name.startswith(family.prefix)), None)

    def is_open(self, name: str) -> bool:
        """Return whether a name stands for an entry of an open family, such as the task of a file."""
        return self._open_family(name) is not None

    def declared(self, name: str) -> T | None:
        """Return the entry called name, or what stands for its family, or None; no file is looked at."""
        family = self._open_family(name)
        return family.listed if family else self._entries.get(self.named(name))

    def tags_of(self, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
        """Return the tags of each entry by name; none of a name that is not known."""
        known = {name: self.declared(name) for name in names}
        return {name: entry.tags if entry else () for name, entry in known.items()}

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)


def check_names(kind: str, entries: Sequence[Entry]) -> None:
    """Raise where two entries share a name, whose rows or columns would be taken for one's.

    Raises:
        DuplicateNameError: they do.
    """
    names = [entry.name for entry in entries]
    for name in names:
        if names.count(name) > 1:
            raise repeated(kind, name)


def repeated(kind: str, name: str) -> DuplicateNameError:
    """Return what is raised of a name that is given twice."""
    return DuplicateNameError(
        f"each {kind} must have a name of its own, got '{name}' twice; leave one out, or rename it with "
        "dataclasses.replace(entry, name=...)"
    )


@dataclass(frozen=True)
class Registries:
    """The four registries a run draws from."""

    tasks: Registry[TaskSpec]
    architectures: Registry[ArchitectureSpec]
    methods: Registry[MethodSpec]
    metrics: Registry[MetricSpec]

    def register(self, entry: Entry | Family[Any]) -> None:
        """Add an entry, or the members of a family, to the registry of its kind.

        Raises:
            PluginError: an entry of no kind.
            DuplicateNameError: a name is taken.
            ParameterError: as `Registry.register`.
            UnknownNameError: a parameter that a family's template does not have.
        """
        kinds: dict[type[Entry], Registry[Any]] = {
            TaskSpec: self.tasks,
            ArchitectureSpec: self.architectures,
            MethodSpec: self.methods,
            MetricSpec: self.metrics,
        }
        described_by = entry.template if isinstance(entry, Family) else entry
        registry = next((found for kind, found in kinds.items() if isinstance(described_by, kind)), None)
        if registry is None:
            raise PluginError(f"'{entry.name}' is a plain Entry; use {SPECS}")
        registry.register(entry)


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


def _from_entry_point(point: EntryPoint) -> Entry | Family[Any]:
    origin = f"entry point {point.name} = {point.value}"
    try:
        with settings_restored(leave=IMPORTED):
            entry = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # third-party code can raise anything
        raise PluginError(f"{origin} cannot be loaded: {described(error)}; fix or uninstall it") from error
    if not isinstance(entry, Entry | Family):
        raise PluginError(f"{origin} must be a {SPECS}, got {repr_of(entry)}")
    version = point.dist.version if point.dist else "?"
    return _from_source(entry, f"{point.value} {version}")


def _from_source(entry: Entry | Family[Any], source: str) -> Entry | Family[Any]:
    if isinstance(entry, Family):
        return dataclasses.replace(entry, template=dataclasses.replace(entry.template, source=source))
    return dataclasses.replace(entry, source=source)


def _from_file(path: Path) -> list[Entry | Family[Any]]:
    try:
        digest = hashlib.sha256(read_regular(path)).hexdigest()
    except OSError as error:
        raise PluginError(f"plugin {path} cannot be read: {error.strerror}; check the path") from error
    found = {id(value): value for value in vars(_execute(path, digest)).values() if isinstance(value, Entry | Family)}
    if not found:
        raise PluginError(f"plugin {path} defines no {SPECS}")
    return [_from_source(entry, f"{path.name} sha256:{digest}") for entry in found.values()]


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


FIELDS = (  # of an entry in a list, where it has them
    *("name", "version", "description", "reference", "tags", "parameters", "source"),
    *("aliases", "assumptions", "passes", "needs"),
)


def listing(registry: Registry[Any], patterns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what entries and open families state about themselves as JSON values.

    Methods also state assumptions and passes, metrics their needs; members of a family its name and how many it has.

    Args:
        registry: of the entries.
        patterns: shell patterns of names, or `tag:` and one of tags; none for all.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    stated = {entry.name: entry for entry in (*registry, *(family.listed for family in registry.open_families))}
    chosen = select(
        registry.kind, [*map(registry.named, patterns)] or ["*"], {name: entry.tags for name, entry in stated.items()}
    )
    return [_stated(stated[name], registry.families.get(name)) for name in chosen]


def _stated(entry: Entry, family: Family[Any] | None) -> dict[str, Any]:
    own = {key: getattr(entry, key) for key in FIELDS if hasattr(entry, key)}
    return {**own, "family": {"name": family.name, "members": len(family)}} if family else own
