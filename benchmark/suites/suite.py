"""A suite: a named grid of tasks, architectures, methods and seeds, read from TOML."""

import dataclasses
import io
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from ... import __version__
from ...datasets.files.regular_files import open_regular
from ...entry import Entry, unknown
from ...errors import ParameterError, SaltbenchError, UnknownNameError, printable, repr_of
from .choice import Choice, check_fit
from .located_errors import at, placed
from .registry import Registries, default_metrics
from .repetitions import FACTORS
from .run_options import MOST_SAMPLES, MOST_SEEDS
from .selection import select
from .suite_name import SUFFIX, suite_name
from .training_recipe import TRAINING_VERSION, Recipe

TARGETS = ("true", "predicted")
OUTPUTS = ("logit", "probability")
KINDS = ("tasks", "architectures", "methods", "metrics")


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A validated grid.

    Attributes:
        name: the folder under results/.
        description: one sentence.
        tasks, architectures, methods, metrics: the chosen entries; methods without the reference methods.
        references: the chosen reference methods.
        seeds: number of repetitions, each with new seeds of data, training and attribution; or how many seeds of each
            of the three, of which all combinations are repetitions (`repetitions`).
        samples: test samples explained in each repetition.
        target: explain the "true" or the "predicted" class.
        output: explain its "logit" or its "probability".
        training: the recipe.
        keep_maps: whether the maps of all explained samples are stored, for metrics to come.
        training_version: of the code that trained by the recipe.
    """

    name: str
    description: str
    tasks: tuple[Choice, ...]
    architectures: tuple[Choice, ...]
    methods: tuple[Choice, ...]
    references: tuple[Choice, ...]
    metrics: tuple[Choice, ...]
    seeds: int | Mapping[str, int]
    samples: int
    target: str = "true"
    output: str = "logit"
    training: Recipe = field(default_factory=Recipe)
    keep_maps: bool = True
    training_version: int = TRAINING_VERSION

    def as_json(self) -> dict[str, Any]:
        """Return the suite as JSON values, for provenance."""
        kinds = (*KINDS, "references")
        return {**dataclasses.asdict(self), **{kind: [c.as_json() for c in getattr(self, kind)] for kind in kinds}}


def bundled_suites() -> list[str]:
    """Return the names of the suites that ship with saltbench."""
    folder = resources.files(__package__) / "bundled"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".toml"))


def list_suites(registries: Registries, patterns: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return what bundled suites say of themselves as JSON values; their version is saltbench's, with which they ship.

    Args:
        registries: of the suites' entries.
        patterns: shell patterns of names; none for all. Suites have no tags.

    Raises:
        UnknownNameError: a pattern that matches nothing.
    """
    names = select("suite", patterns or ["*"], dict.fromkeys(bundled_suites(), ()))
    suites = [load_suite(name, registries) for name in names]
    return [
        {
            "name": suite.name,
            "version": __version__,
            "description": suite.description,
            **{kind: [choice.name for choice in getattr(suite, kind)] for kind in KINDS},
            "seeds": suite.seeds,
            "samples": suite.samples,
        }
        for suite in suites
    ]


def load_suite(name: str, registries: Registries, overrides: Mapping[str, Any] | None = None) -> Suite:
    """Return a bundled suite by name, or one from the path of a TOML file, with top-level keys overridden.

    Messages name the line of the file, or the option of the command line that an override comes from.

    Raises:
        UnknownNameError: no such suite, key, entry or parameter.
        ParameterError: a value of the wrong type or range, or a file that is not TOML.
    """
    path = Path(name)
    if path.name.endswith(SUFFIX):
        stem, text = suite_name(path), _read(path)
    elif name in bundled_suites():
        stem, text = name, (resources.files(__package__) / "bundled" / f"{name}.toml").read_text("utf-8")
    else:
        raise UnknownNameError(unknown("suite", name, bundled_suites()) + " (or give the path of a .toml file)")
    content, given = _parse(name, text), overrides or {}
    with placed(name, text, given):
        return _build(stem, {**content, **given}, registries)


def _parse(name: str, text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))  # otherwise at the end of the document
        line = int(found[1]) if found else len(text.rstrip().split("\n"))
        raise ParameterError(printable(f"suite {name}, line {line}: not valid TOML: {error}")) from error
    except (ValueError, RecursionError) as error:  # thousands of digits or brackets
        raise ParameterError(f"suite {name} cannot be read as TOML: {error}") from error


def _read(path: Path) -> str:
    try:
        with open_regular(path) as file, io.TextIOWrapper(file, "utf-8-sig") as text:
            return text.read()
    except OSError as error:
        raise ParameterError(f"suite {path} cannot be read: {error.strerror}; check the path") from error
    except UnicodeDecodeError as error:
        raise ParameterError(f"suite {path} is not UTF-8 text: {error.reason}; save it as UTF-8") from error


def _build(name: str, content: Mapping[str, Any], registries: Registries) -> Suite:
    _check_keys(content)
    parameters = _table(content, "parameters")
    _check_parameters(parameters, registries)
    chosen = {kind: _entries(kind, content, registries) for kind in KINDS}
    choices = {kind: _choices(entries, parameters) for kind, entries in chosen.items()}
    check_fit(choices["tasks"], choices["architectures"])
    references = {entry.name for entry in chosen["methods"] if entry.is_reference}
    return Suite(
        name=name,
        description=_text(content, "description", ""),
        tasks=choices["tasks"],
        architectures=choices["architectures"],
        methods=tuple(choice for choice in choices["methods"] if choice.name not in references),
        references=tuple(choice for choice in choices["methods"] if choice.name in references),
        metrics=choices["metrics"],
        seeds=_seeds(content),
        samples=_count(content, "samples", 100, MOST_SAMPLES),
        target=_one_of(content, "target", TARGETS),
        output=_one_of(content, "output", OUTPUTS),
        training=_recipe(_table(content, "training")),
        keep_maps=_switch(content, "keep_maps", True),
    )


def _check_keys(content: Mapping[str, Any]) -> None:
    known = [field.name for field in dataclasses.fields(Suite) if field.name not in ("name", "references")]
    for key in content:
        if key not in [*known, "parameters"]:
            with at(key):
                raise UnknownNameError(unknown("key", key, [*known, "parameters"]))


def _check_parameters(parameters: Mapping[str, Any], registries: Registries) -> None:
    # entries that this run leaves out may have parameters too: a suite can be narrowed on the command line
    known = [entry.name for kind in KINDS for entry in getattr(registries, kind)]
    for name in parameters:
        named = [entry for kind in KINDS if (entry := getattr(registries, kind).declared(name))]
        if not named:
            with at("parameters", name):
                raise UnknownNameError(unknown("entry in parameters", name, known))
        given = _table(parameters, name, "parameters")
        for key, value in given.items():
            with at("parameters", name, key):
                for entry in named:
                    entry.updated({key: value})
        for entry in named:
            _check_values(name, entry, given)


def _check_values(name: str, entry: Entry, given: Mapping[str, Any]) -> None:
    """Raise where values together are refused, at the key that is refused alone, where there is one."""
    try:
        entry.configure(given)
    except SaltbenchError:
        for key, value in given.items():
            with at("parameters", name, key):
                entry.configure({key: value})
        with at("parameters", name):
            entry.configure(given)


def _entries(kind: str, content: Mapping[str, Any], registries: Registries) -> Sequence[Any]:
    registry = getattr(registries, kind)
    if kind == "metrics" and kind not in content:
        return default_metrics(registries)
    patterns = content.get(kind, ["*"])
    with at(kind):
        if not isinstance(patterns, list):
            raise ParameterError(f"{kind} must be a list of names or patterns, got {patterns!r}")
        if kind != "methods" and not patterns:
            raise ParameterError(f"{kind} must hold at least one name or pattern, got an empty list")
    found: dict[str, Any] = {}
    for position, pattern in enumerate(patterns):
        with at(kind, position):
            if not isinstance(pattern, str):
                raise ParameterError(f"{kind} must be a list of names or patterns, got {pattern!r} in it")
            found.update((entry.name, entry) for entry in registry.match([pattern]))
    if kind == "methods":
        # every leaderboard carries the reference methods: without them a score cannot be read
        found.update((entry.name, entry) for entry in registry if entry.is_reference and entry.name not in found)
    return list(found.values())


def _choices(entries: Iterable[Entry], parameters: Mapping[str, Any]) -> tuple[Choice, ...]:
    return tuple(_choice(entry, _given(entry, parameters)) for entry in entries)


def _given(entry: Entry, parameters: Mapping[str, Any]) -> dict[str, Any]:
    names = [*entry.aliases, entry.name]
    return {key: value for name in names for key, value in parameters.get(name, {}).items()}


def _choice(entry: Entry, parameters: Mapping[str, Any]) -> Choice:
    with at("parameters", entry.name):
        return Choice.of(entry, parameters)


def _recipe(overrides: Mapping[str, Any]) -> Recipe:
    defaults = dataclasses.asdict(Recipe())
    shape = Entry(name="training", version=1, description="", reference="", factory=Recipe, parameters=defaults)
    for name, value in overrides.items():
        with at("training", name):
            Recipe(**shape.configure({name: value}))
    return Recipe(**shape.configure(overrides))


def _table(content: Mapping[str, Any], key: str, *parents: str) -> Mapping[str, Any]:
    value = content.get(key, {})
    with at(*parents, key):
        if not isinstance(value, Mapping):
            raise ParameterError(f"{key} must be a table, got {value!r}")
    return value


def _text(content: Mapping[str, Any], key: str, default: str) -> str:
    value = content.get(key, default)
    with at(key):
        if not isinstance(value, str):
            raise ParameterError(f"{key} must be text, got {value!r}")
    return value


def _switch(content: Mapping[str, Any], key: str, default: bool) -> bool:
    value = content.get(key, default)
    with at(key):
        if not isinstance(value, bool):
            raise ParameterError(f"{key} must be true or false, got {value!r}")
    return value


def _seeds(content: Mapping[str, Any]) -> int | dict[str, int]:
    table = content.get("seeds")
    if not isinstance(table, Mapping):
        return _count(content, "seeds", 3, MOST_SEEDS)
    for factor in table:
        if factor not in FACTORS:
            with at("seeds", factor):
                raise UnknownNameError(unknown("key in seeds", factor, FACTORS))
    counts = {factor: _count(table, factor, 1, MOST_SEEDS, "seeds") for factor in FACTORS}
    if (crossed := math.prod(counts.values())) > MOST_SEEDS:
        with at("seeds"):
            raise ParameterError(f"seeds must cross to at most {MOST_SEEDS} repetitions, got {crossed}; name fewer")
    return counts


def _count(content: Mapping[str, Any], key: str, default: int, most: int, *parents: str) -> int:
    value = content.get(key, default)
    with at(*parents, key):
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ParameterError(f"{key} must be a whole number of at least 1, got {value!r}")
        if value > most:
            raise ParameterError(f"{key} must be at most {most}, got {repr_of(value)}; take a smaller number")
    return value


def _one_of(content: Mapping[str, Any], key: str, options: Sequence[str]) -> str:
    value = content.get(key, options[0])
    with at(key):
        if value not in options:
            raise ParameterError(f"{key} must be one of {', '.join(options)}, got {value!r}")
    return str(value)
