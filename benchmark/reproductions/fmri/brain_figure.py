"""One sample of task fMRI on the brain, the truth beside each network's map."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ....datasets.fmri.paradigms import PARADIGMS
from ....datasets.local_data import local_folder
from ....errors import MissingPackageError, ParameterError
from ...execution.plan import Job
from ...execution.stored.run import StoredRun
from ...leaderboards.finished_run import Result
from ...metrics.maps import Maps
from ...storage.files import write_atomically
from ...style.figure_style import STYLES
from ...suites.choice import Choice
from ...suites.provenance import open_results
from .brain_maps import STEPS, brain_maps
from .cortical_surface import spheres
from .parcels import Parcels, load_parcels, sphere_parcels
from .published_charts import METHOD

SHOWN = "WM"  # in the middle of its run the steps shown are off, on and on task
ATLASES = (("atlas.npz",), ("left.label.gii", "right.label.gii"), ("left.annot", "right.annot"))
PARCELLATION_SEED = 0

Rows = dict[str, NDArray[np.floating]]


def archive_folder() -> Path | None:
    """Return the user's folder of the HCP archive, recognised by its subjects/, or None."""
    folder = local_folder("hcp")
    if folder is None:
        return None
    return next((root for root in (folder, folder / "hcp_task") if (root / "subjects").is_dir()), None)


def draw_brains(run: Result, steps: Sequence[int] = STEPS) -> Iterator[str]:
    """Write brain_maps.png, one sample of working memory at some time steps, and yield its path, or why there is none.

    Shown is the first sample of the first repetition; maps are |saliency|, min-max scaled over the whole sample. The
    simulated task has a parcellation of our own; for the HCP's data the atlas lies beside subjects/.

    Raises:
        StoreError: a result cannot be read, or the figure cannot be written.
        ParameterError: chosen steps that the series do not have.
        DataError: an atlas that cannot be read or does not match.
        ShapeError: an atlas with another number of parcels.
    """
    (task,) = run.suite.tasks
    try:
        parcels = _parcels(task)
        if parcels is None:
            known = " or ".join(" and ".join(names) for names in ATLASES)
            yield f"brain maps: not drawn, they need an atlas beside subjects/: {known}"
            return
        title = f"{task.name}, one sample of {_shown(task)}: |saliency|, min-max scaled over the sample"
        content = brain_maps(_rows(run.stored), parcels, title, steps)
    except (MissingPackageError, ParameterError) as error:
        if isinstance(error, ParameterError) and tuple(steps) != STEPS:
            raise  # the user chose them
        yield f"brain maps: not drawn, {error}"
        return
    path = run.folder / "brain_maps.png"
    with open_results(run.folder):
        write_atomically(path, content)
    yield f"{path}"


def _parcels(task: Choice) -> Parcels | None:
    if task.name == "fmri/simulated":
        return sphere_parcels(spheres(), task.parameters["parcels"], PARCELLATION_SEED)
    folder = archive_folder()
    candidates = [[folder / name for name in names] for names in ATLASES] if folder else []
    found = [paths for paths in candidates if all(path.exists() for path in paths)]
    return load_parcels(*found[0]) if found else None


def _shown(task: Choice) -> str:
    names = _classes(task)
    return SHOWN if SHOWN in names else names[0]


def _classes(task: Choice) -> list[str]:
    return list(task.parameters.get("tasks", [paradigm.name for paradigm in PARADIGMS]))


def _rows(run: StoredRun) -> Rows:
    task = run.suite.tasks[0]
    label = _classes(task).index(_shown(task))
    rows: Rows = {}
    for repetition in run.first_repetitions().values():
        for job in (repetition.references, *repetition.trained):
            rows.update(_row(run, job, label))
    return rows


def _row(run: StoredRun, job: Job, label: int) -> Iterator[tuple[str, NDArray[np.floating]]]:
    name = STYLES[job.architecture.name][0] if job.architecture else "truth"
    shown = METHOD if job.architecture else "oracle"
    examples = run.examples(job)
    maps = next((run.example_maps(job, choice) for choice in job.methods if choice.name == shown), None)
    if maps is not None and examples is not None and label in examples.labels:
        found = maps[examples.labels == label]
        yield name, Maps(found, np.zeros_like(found)).scaled[0]
