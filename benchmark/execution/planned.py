"""Refuse entries and data that changed since their job was planned, whose keys name the old ones."""

from typing import TypeVar

from ...datasets.spec import TaskData
from ...entry import Entry
from ...errors import DataError, PluginError
from ..suites.registry import Registries, Registry
from ..suites.suite import Choice
from .entry_checks import check_task
from .plan import Job

T = TypeVar("T", bound=Entry)


def planned_entry(registry: Registry[T], choice: Choice) -> T:
    """Return the entry that was chosen.

    Raises:
        PluginError: its code is another now.
        SaltbenchError: it is gone.
    """
    entry = registry.get(choice.name)
    if entry.source != choice.source:
        raise PluginError(_changed(choice))
    return entry


def planned_data(registries: Registries, job: Job) -> TaskData:
    """Return the data of a job.

    Raises:
        DataError: the task's code or the files that it reads are others now, or cannot be read.
        ContractError: the task returns no data that fit together.
        Exception: whatever a task raises.
    """
    task = registries.tasks.get(job.task.name)
    data = check_task(task.name, task.load()(job.seeds.data, **job.task.parameters))
    if task.origin() != job.task.source:  # asked afterwards, so that no change meanwhile is missed
        raise DataError(_changed(job.task))
    return data


def _changed(choice: Choice) -> str:
    return f"{choice.name} changed during the run; run the same command again"
