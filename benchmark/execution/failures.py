"""Cells without scores, and why they have none."""

import traceback
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ...errors import SaltbenchError, UnsupportedOperationError, described, is_out_of_memory, printable, text_of
from ..suites.choice import Choice
from ..suites.registry import PLUGIN_MODULE
from .plan import Job


@dataclass(frozen=True)
class Failure:
    """A cell without scores, and why: failed, or skipped since the method does not apply to the network."""

    task: str
    architecture: str
    method: str
    repetition: int
    reason: str
    status: str = "failed"

    @staticmethod
    def of(job: Job, method: Choice, reason: str, status: str = "failed") -> "Failure":
        """Return the failure of a job's cell."""
        architecture = job.architecture.name if job.architecture else ""
        return Failure(job.task.name, architecture, method.name, job.repetition, reason, status)


def status_for(error: BaseException) -> str:
    """Return what an error makes of a cell: skipped if the method does not apply to the network, else failed."""
    return "skipped" if isinstance(error, UnsupportedOperationError) else "failed"


def reason_for(error: BaseException) -> str:
    """Return an error in one line: saltbench's own message, or the type, text and place of another.

    The place is the last line of a plugin that the error passed, or else where it was raised.
    """
    text = text_of(error)
    if isinstance(error, SaltbenchError):
        return text
    if is_out_of_memory(error):
        return f"out of memory: {text}; use a smaller model, fewer features or a machine with more memory"
    return " ".join(filter(None, (described(error), _place(error))))


def _place(error: BaseException) -> str:
    frames = list(traceback.walk_tb(error.__traceback__))
    of_plugins = [(frame, line) for frame, line in frames if _is_of_plugin(frame)]
    if not frames:
        return ""
    frame, line = (of_plugins or frames)[-1]
    return f"({printable(Path(frame.f_code.co_filename).name)}:{line})"


def _is_of_plugin(frame: FrameType) -> bool:
    module = frame.f_globals.get("__name__")  # which executed text may lack
    return isinstance(module, str) and module.startswith(PLUGIN_MODULE)
