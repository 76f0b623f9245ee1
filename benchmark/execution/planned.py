"""The entries and data of planned jobs: refused where they changed since, or where a named file gives none."""

from collections.abc import Iterable
from typing import TypeVar

from ...datasets.spec import TaskData
from ...entry import Entry
from ...errors import DataError, PluginError, SaltbenchError
from ..suites.choice import Choice
from ..suites.registry import Registries, Registry
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
    data = check_task(task.name, task.load()(job.seeds.data, **job.task.parameters), job.task.per_step)
    if task.origin() != job.task.source:  # asked afterwards, so that no change meanwhile is missed
        raise DataError(_changed(job.task))
    return data


def find_bad_files(planned: Iterable[Job], registries: Registries) -> dict[str, SaltbenchError]:
    """Return why no data can be made of the file that a task is named after, by the task; each is read once.

    Files that a task finds by itself, such as those of an archive, are not looked at: its own cells fail for them.
    """
    first = {job.task.name: job for job in reversed([*planned])}
    bad: dict[str, SaltbenchError] = {}
    for name, job in first.items():
        if registries.tasks.is_open(name):
            try:
                planned_data(registries, job)
            except SaltbenchError as error:
                bad[name] = type(error)(f"task {name}: {error}")
    return bad


def _changed(choice: Choice) -> str:
    return f"{choice.name} changed during the run; run the same command again"
