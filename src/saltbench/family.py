"""Families of entries: all combinations of named parts, or entries made of their names on demand."""

import dataclasses
import itertools
import math
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from .entry import Entry
from .errors import ParameterError

T = TypeVar("T", bound=Entry)


@dataclass(frozen=True)
class Variant:
    """One of the forms that a part of a family takes.

    Attributes:
        parameters: those that it sets.
        words: that stand for it in the members' descriptions; its name without any.
        tags: that its members have beside those of the family.
        aliases: further names that its members are found under, such as the source's.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    tags: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Family(Generic[T]):
    """Entries that are all combinations of named parts, such as processes × layouts.

    Attributes:
        template: an entry in whose name each part stands once, in braces: "noise/{process}/{layout}". Members have the
            names of variants there, their words in the description, and their names with underscores for dashes in a
            "module:attribute" factory.
        parts: variants by name, of each part.
    """

    template: T
    parts: Mapping[str, Mapping[str, Variant]]

    @property
    def name(self) -> str:
        """The name of the template, which tells the parts."""
        return self.template.name

    def __len__(self) -> int:
        return math.prod(map(len, self.parts.values()))

    def members(self) -> Iterator[T]:
        """Yield the entries, the last part changing fastest.

        Raises:
            ParameterError: a part that does not stand in the template's name once, has no variants, or sets what
                another sets too; braces that name no part; or a parameter of the wrong type.
            UnknownNameError: a parameter that the template does not have.
        """
        self._check()
        for chosen in itertools.product(*(variants.items() for variants in self.parts.values())):
            yield self._member(dict(zip(self.parts, chosen, strict=True)))

    def _member(self, chosen: Mapping[str, tuple[str, Variant]]) -> T:
        names = {part: name for part, (name, _) in chosen.items()}
        words = {part: variant.words or name for part, (name, variant) in chosen.items()}
        variants = [variant for _, variant in chosen.values()]
        factory = self.template.factory
        if isinstance(factory, str):
            factory = self._filled(factory, {part: name.replace("-", "_") for part, name in names.items()})
        return dataclasses.replace(
            self.template,
            name=self._filled(self.name, names),
            description=self._filled(self.template.description, words),
            factory=factory,
            parameters=self.template.updated({key: v.parameters[key] for v in variants for key in v.parameters}),
            aliases=tuple(self._aliases(chosen)),
            tags=tuple(dict.fromkeys([*self.template.tags, *(tag for v in variants for tag in v.tags)])),
        )

    def _aliases(self, chosen: Mapping[str, tuple[str, Variant]]) -> Iterator[str]:
        found = ((name, *variant.aliases) for name, variant in chosen.values())
        for names in itertools.islice(itertools.product(*found), 1, None):  # the first is the member's name
            yield self._filled(self.name, dict(zip(chosen, names, strict=True)))

    def _filled(self, text: str, names: Mapping[str, str]) -> str:
        try:
            return text.format_map(names)
        except (KeyError, IndexError, ValueError, AttributeError) as error:
            raise ParameterError(
                f"family {self.name}: braces must name one of its parts, {', '.join(self.parts)}, got '{text}'"
            ) from error

    def _check(self) -> None:
        named = _fields(self.name)
        if not self.parts or sorted(named) != sorted(self.parts):
            raise ParameterError(
                f"family {self.name}: each part must stand in braces in its name once, got the parts "
                f"{', '.join(self.parts) or 'none'}; correct one of the two"
            )
        for part, variants in self.parts.items():
            if not variants:
                raise ParameterError(f"family {self.name}: part {part} needs at least one variant, got none")
        owners: dict[str, str] = {}
        for part, variants in self.parts.items():
            for key in {key for variant in variants.values() for key in variant.parameters}:
                if key in owners:
                    raise ParameterError(
                        f"family {self.name}: one part must set a parameter, got {key} in {owners[key]} and {part}"
                    )
                owners[key] = part


@dataclass(frozen=True)
class OpenFamily(Generic[T]):
    """Entries made of their names on demand, such as `planted/<file>`.

    Attributes:
        prefix: what the names begin with.
        listed: stands for all of them in lists; it is no entry itself.
        make: function of the rest of a name to its entry; raises a SaltbenchError where there is none.
    """

    prefix: str
    listed: T
    make: Callable[[str], T]


def members_of(entries: Sequence[T | Family[T]]) -> Iterator[T]:
    """Yield entries, those of families in the families' places.

    Raises:
        ParameterError: a family whose parts do not fit together.
        UnknownNameError: a parameter that a family's template does not have.
    """
    for entry in entries:
        yield from entry.members() if isinstance(entry, Family) else (entry,)


def _fields(text: str) -> list[str]:
    try:
        return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError:  # a brace without its other
        return []
