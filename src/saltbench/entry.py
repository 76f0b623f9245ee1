"""An entry of a registry: a frozen description of a task, architecture, method or metric."""

import difflib
import importlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import ParameterError, SaltbenchError, UnknownNameError, repr_of
from .kinds import require_instances

Factory = str | Callable[..., Any]

MOST_LISTED = 50  # names in a message


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What every registry entry states about itself.

    Attributes:
        name: lower-case words with dashes, families separated by a slash.
        version: raised whenever the entry's behaviour changes; part of every result's key.
        description: one sentence for `saltbench list`.
        reference: citation of the source, or where the definition stands.
        factory: the function itself, or "module:attribute", resolved on first use so that listing entries
            imports nothing heavy.
        parameters: every parameter of the factory that a user may set, with its default (JSON values).
        check: function that takes all parameters by name and raises a ParameterError where the factory cannot have
            their values, or its "module:attribute", whose module imports nothing heavy; None leaves that to the
            factory, which is called after networks were trained.
        aliases: further names under which it is found, such as the source's; results have its name.
        tags: words that group entries, shown by `saltbench list --format json`.
        source: empty for what ships with saltbench; otherwise names the plugin and a digest of its bytes,
            so that an edited plugin is computed anew.
    """

    name: str
    version: int
    description: str
    reference: str
    factory: Factory
    parameters: Mapping[str, Any] = field(default_factory=dict)
    check: Factory | None = None
    aliases: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    source: str = ""

    @property
    def is_shipped(self) -> bool:
        """Whether its function ships with saltbench, whose tests hold it to what others are held to at run time."""
        return isinstance(self.factory, str) and self.factory.startswith(f"{__package__}.")

    def load(self) -> Callable[..., Any]:
        """Return the function behind the entry."""
        return resolve(self.factory)

    def origin(self) -> str:
        """Return what identifies the code behind the entry and the files it reads; empty for what ships with saltbench.

        Raises:
            DataError: the files cannot be read.
        """
        return self.source

    def configure(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the defaults updated with overrides.

        Raises:
            UnknownNameError: a parameter that the entry does not have, or a name that a parameter cannot be.
            ParameterError: a value of another type than the default's, one that JSON cannot hold, or one that the
                entry's check refuses.
        """
        chosen = self.updated(overrides)
        self.check_values(chosen)
        return chosen

    def updated(self, overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Return the defaults updated with overrides, whose types alone are looked at.

        Raises:
            UnknownNameError: a parameter that the entry does not have.
            ParameterError: a value of another type than the default's, or one that JSON cannot hold.
        """
        require_instances(Mapping, parameters=overrides)
        for name, value in overrides.items():
            if name not in self.parameters:
                raise UnknownNameError(unknown(f"parameter of {self.name}", name, self.parameters))
            _check_type(self.name, name, self.parameters[name], value)
        return {**self.parameters, **overrides}

    def check_values(self, parameters: Mapping[str, Any]) -> None:
        """Raise where the entry's check refuses the values of its parameters; defaults are not checked.

        Raises:
            ParameterError, UnknownNameError: it does.
        """
        if self.check is None or parameters == self.parameters:
            return
        try:
            resolve(self.check)(**parameters)
        except SaltbenchError as error:
            raise type(error)(f"{self.name}: {error}") from error


def resolve(factory: Factory) -> Callable[..., Any]:
    """Return a callable given as itself or as "module:attribute"."""
    if not isinstance(factory, str):
        return factory
    module, _, attribute = factory.partition(":")
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return loaded


def unknown(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the one-line message for an unknown name: near matches, else the names, or their families if many."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"unknown {kind} '{name}'; did you mean {' or '.join(repr(n) for n in near)}?"
    if len(names) > MOST_LISTED:
        names = sorted(
            {f"{family}/*" if rest else family for family, _, rest in (name.partition("/") for name in names)}
        )
    return f"unknown {kind} '{name}'; known: {', '.join(names) or 'none'}"


def _check_type(entry: str, name: str, default: Any, value: Any) -> None:
    expected = (int, float) if isinstance(default, float) else type(default)
    mistaken_bool = isinstance(value, bool) and not isinstance(default, bool)
    if mistaken_bool or not isinstance(value, expected):
        raise ParameterError(
            f"{entry}: parameter {name} must be {type(default).__name__} (default {default!r}), got {repr_of(value)}"
        )
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        # parameters are part of every result's key, which is JSON
        raise ParameterError(
            f"{entry}: parameter {name} must be made of finite numbers, text, lists and tables, got {repr_of(value)}"
        ) from error
