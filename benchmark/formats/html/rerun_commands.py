"""The commands that compute a leaderboard, or one row of it, again."""

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ...style.shell import command
from ...suites.choice import Choice
from ...suites.provenance import KINDS, Provenance
from ...suites.suite import OUTPUTS, TARGETS, Suite, bundled_suites

ELSEWHERE = "rerun"  # the parent folder of what the commands write: this leaderboard stays as it is


@dataclass(frozen=True)
class Commands:
    """Shell commands that run a suite again, in a folder of its own, quoted for a POSIX shell.

    Attributes:
        suite: its name.
        record: what the run's provenance says, for settings that differ from the defaults; None where it is lost.
    """

    suite: str
    record: Provenance | None

    def whole(self) -> str:
        """Return the command that computes all rows."""
        return command([*self._start, *self._settings])

    def row(self, task: str, architecture: str, method: str, seeds: int) -> str:
        """Return the command that computes one row; a reference method has no architecture and names none."""
        chosen = {"--tasks": task, "--architectures": architecture, "--methods": method}
        names = [word for option, name in chosen.items() if name for word in _option(option, _pattern(name))]
        crossed = self.record is not None and not isinstance(self.record.suite.seeds, int)
        number = [] if crossed else ["--seeds", str(seeds)]  # the option would make a crossed design a paired one
        return command([*self._start, *names, *number, *self._settings])

    @cached_property
    def needs_file(self) -> bool:
        """Whether the suite does not ship with saltbench, so that its file has to be at hand."""
        return self.suite not in bundled_suites()

    @cached_property
    def _start(self) -> list[str]:
        return ["saltbench", "run", f"./{self.suite}.toml" if self.needs_file else self.suite]

    @cached_property
    def _settings(self) -> list[str]:
        return [*([] if self.record is None else _recorded_settings(self.record)), "--results", ELSEWHERE]


def _pattern(name: str) -> str:
    # what a terminal would obey is matched, not written
    return "".join(letter if letter.isprintable() else "?" for letter in glob.escape(name))


def _option(option: str, value: str) -> list[str]:
    # a name that begins with a dash must not be read as another option
    return [f"{option}={value}"] if value.startswith("-") else [option, value]


def _recorded_settings(record: Provenance) -> list[str]:
    suite = record.suite
    words = [] if suite.target == TARGETS[0] else ["--target", suite.target]
    words += [] if suite.output == OUTPUTS[0] else ["--output", suite.output]
    for plugin in sorted(set(_plugins(suite))):
        words += _option("--plugin", plugin)
    return [*words, "--device", record.device]


def _plugins(suite: Suite) -> Iterator[str]:
    choices: list[Choice] = [choice for kind in KINDS for choice in getattr(suite, kind)]
    for choice in choices:
        # an entry of a plugin file has "<file>.py sha256:<digest>" as its source; installed plugins need no option
        file, _, _digest = choice.source.partition(" sha256:")
        if file != choice.source and file.endswith(".py"):
            yield file
