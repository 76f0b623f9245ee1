"""Reproductions as data: the suites that each one needs, and how it presents their finished runs."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..suites.suite import Suite


def _accept(_suites: Sequence[Suite], **_shown: object) -> None:
    """Accept all suites and choices."""


def _nothing() -> str:
    """Return that nothing is missing."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Reproduction:
    """A published table or figure, shown beside measured numbers.

    Attributes:
        name: on the command line.
        suites: bundled suites whose finished runs are presented together.
        present: `(runs, **shown) -> lines for people`, of the finished runs in the order of suites; writes tables and
            figures into their folders.
        choices: what a user can choose of its figure, the names in shown.
        check: `(suites, **shown) -> None`, raises where present could not show it; called before anything runs.
        missing_data: says in a line why the suites cannot run without data that the user does not have; an empty line
            if they can.
        followed_by: what is reproduced next under the same name, with the same choices.
    """

    name: str
    suites: tuple[str, ...]
    present: Callable[..., Iterator[str]]
    choices: tuple[str, ...] = ()
    check: Callable[..., None] = _accept
    missing_data: Callable[[], str] = _nothing
    followed_by: tuple["Reproduction", ...] = ()
