"""What a suite chooses of its entries: each by name and version, with all parameters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...datasets.spec import TaskSpec
from ...entry import Entry
from ...errors import DataError, ParameterError
from ...methods.architectures.spec import ArchitectureSpec
from .located_errors import at

UNREAD = "files that cannot be read"  # in place of their content; no result has it in its key
WHITE_BOX = "white-box"  # the architecture of tasks that bring their own function


@dataclass(frozen=True)
class Choice:
    """An entry by name and version, with every parameter set: all that determines its behaviour.

    Attributes:
        name: of the entry.
        version: of the entry.
        source: of its code and files.
        parameters: all of them.
        brings: the architecture that a task brings, in place of the suite's; empty for none.
        per_step: whether a task has a label, or an architecture an answer, at every step.
    """

    name: str
    version: int
    source: str
    parameters: Mapping[str, Any]
    brings: str = ""
    per_step: bool = False

    @staticmethod
    def of(entry: Entry, overrides: Mapping[str, Any]) -> "Choice":
        """Return the choice of an entry with its defaults updated with overrides.

        Raises:
            UnknownNameError: a parameter that the entry does not have.
            ParameterError: a value that the parameter cannot have.
        """
        try:
            origin = entry.origin()
        except DataError:  # its cells fail with the reason, those of other tasks do not
            origin = UNREAD
        brings = WHITE_BOX if isinstance(entry, TaskSpec) and entry.function else ""
        per_step = isinstance(entry, (TaskSpec, ArchitectureSpec)) and entry.per_step
        return Choice(entry.name, entry.version, origin, entry.configure(overrides), brings, per_step)

    def as_json(self) -> dict[str, Any]:
        """Return the choice as JSON values."""
        # not by asdict, which copies all of it: keys are made for every cell of a run
        values = {**vars(self), "parameters": dict(self.parameters)}
        for name in ("brings", "per_step"):
            if not values[name]:
                del values[name]  # which the keys of stored results do not have
        return values

    def fits(self, architecture: "Choice") -> bool:
        """Return whether a task is one for an architecture of the suite: both of one label a sample, or a step."""
        return not self.brings and self.per_step == architecture.per_step


def check_fit(tasks: Sequence[Choice], architectures: Sequence[Choice]) -> None:
    """Raise where a task is left without an architecture that answers where its labels are.

    Raises:
        ParameterError: there is such a task.
    """
    for task in tasks:
        if not task.brings and not any(map(task.fits, architectures)):
            place = "at every step" if task.per_step else "for the whole of a sample"
            names = ", ".join(choice.name for choice in architectures)
            fitting = "gru-per-step" if task.per_step else "one such as lstm"
            with at("architectures"):
                raise ParameterError(
                    f"task {task.name} has its label {place}, where none of the architectures answers, got {names}; "
                    f"add {fitting}, or leave the task out"
                )
