"""Task fMRI of the Human Connectome Project, read from the user's copy of a published archive."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...entry import unknown
from ...errors import DataError, ParameterError, UnknownNameError
from ..local_data import HOW, local_folder
from ..preprocessing import standardise
from ..spec import Array, Split, TaskData
from .hcp_digest import digest
from .hcp_events import LONGEST, on_task_frames
from .hcp_layouts import SOURCES, Archive, Run, open_archive
from .hcp_series import normalise, open_series
from .paradigms import PARADIGMS, PARCELS, Paradigm
from .window import part_of_run, require_window

TREATMENTS = ("refuse", "skip")


@dataclass(frozen=True, kw_only=True)
class Cut:
    """How a run becomes a sample: its window, and the delay of the truth in seconds."""

    frames: int
    place: str
    delay: float


@dataclass(frozen=True)
class Sample:
    """A run's window: float32 (frames, 360), and which of its frames are on task."""

    inputs: Array
    on_task: np.ndarray[tuple[int], np.dtype[np.bool_]]


def hcp(
    seed: int,
    *,
    tasks: Sequence[str],
    subjects: int,
    validation_share: float,
    test_share: float,
    frames: int,
    window: str,
    delay: float,
    incomplete: str,
) -> TaskData:
    """Return runs of the seven HCP tasks as (frames, 360 parcels), labelled with the task.

    The copy is in the folder that the environment variable SALTBENCH_DATA names, in either published layout. The
    seed draws the subjects and divides them: all runs of a subject are in one split. Each parcel of a run gets
    mean 0 and standard deviation 1 over its window; then inputs are standardised per (frame, parcel) with training
    statistics. Features 0 to 179 are parcels of the right hemisphere, 180 to 359 of the left.

    Which entries matter is not known in real data. The truth is 1 at all parcels in the frames on task, ⌊onset / TR⌋
    and the ⌈duration / TR⌉ − 1 after it for each block of a condition, clipped to the run; cues are off task.

    Args:
        seed: of the choice and division of subjects.
        tasks: names of at least two of the seven tasks; the label is the place in this list.
        subjects: how many to use at most; 0 for all.
        validation_share: of the subjects, for validation.
        test_share: of the subjects, for testing.
        frames: time steps of .72 s, at most 176, the length of the shortest run.
        window: "end" for a run's last frames, "middle" or "start".
        delay: seconds by which the truth comes after the events: 0 takes the events as they are, 5.76 shifts them
            to the peak of the haemodynamic response.
        incomplete: "refuse" raises where a run is missing or damaged, "skip" leaves such runs out.

    Raises:
        ParameterError: an impossible parameter, or too few subjects for three splits.
        UnknownNameError: a task that does not exist.
        DataError: no folder, one that is not the archive, and missing or damaged runs unless they are skipped.

    Source: Barch et al., NeuroImage 80, 2013; parcellated by Neuromatch Academy (osf.io/2y3fw, osf.io/s4h8j).
    """
    check_hcp(
        tasks=tasks,
        subjects=subjects,
        validation_share=validation_share,
        test_share=test_share,
        frames=frames,
        window=window,
        delay=delay,
        incomplete=incomplete,
    )
    paradigms = _paradigms(tasks)
    archive = open_archive(hcp_folder())
    rng = np.random.default_rng(seed)
    order = [archive.subjects[place] for place in rng.permutation(len(archive.subjects))]
    runs = archive.runs(paradigms, order[: subjects or None])
    samples = _read(archive, runs, Cut(frames=frames, place=window, delay=delay), incomplete)
    splits = standardise(*(_split(part, paradigms, frames) for part in _divide(samples, validation_share, test_share)))
    _check_classes(splits[0], tasks)
    return TaskData(*splits, classes=len(paradigms))


def check_hcp(
    *,
    tasks: Sequence[str],
    subjects: int,
    validation_share: float,
    test_share: float,
    frames: int,
    window: str,
    delay: float,
    incomplete: str,
) -> None:
    """Raise unless `hcp` can read such series of an archive that holds enough.

    Raises:
        ParameterError: an impossible parameter.
        UnknownNameError: a task that does not exist.
    """
    _paradigms(tasks)
    _check(subjects, validation_share, test_share, delay, incomplete)
    require_window(frames, window)


def hcp_folder() -> Path:
    """Return the folder of the user's copy: the one that SALTBENCH_DATA names, or `hcp` inside it.

    Raises:
        DataError: the environment variable is not set.
    """
    folder = local_folder("hcp")
    if folder is None:
        raise DataError(
            f"fmri/hcp needs your copy of the HCP task archive: give the folder that holds subjects/ ({HOW}; "
            f"hcp_task.tgz of {SOURCES}), or take fmri/simulated, which needs none"
        )
    return folder


def hcp_content() -> str:
    """Return what identifies the user's copy, wherever it lies.

    Raises:
        DataError: no folder, or one that is not the archive.
    """
    return f"HCP archive sha256:{digest(open_archive(hcp_folder()))}"


def _paradigms(tasks: Sequence[str]) -> list[Paradigm]:
    known = {paradigm.name: paradigm for paradigm in PARADIGMS}
    for name in tasks:
        if name not in known:
            raise UnknownNameError(unknown("HCP task", str(name), known))
    if len(tasks) < 2 or len(set(tasks)) < len(tasks):
        raise ParameterError(f"tasks must be at least two different HCP tasks, got {list(tasks)}")
    return [known[name] for name in tasks]


def _check(subjects: int, validation: float, test: float, delay: float, incomplete: str) -> None:
    if subjects != 0 and subjects < 3:
        raise ParameterError(f"subjects must be at least 3, one for each split, or 0 for all, got {subjects}")
    if not (validation > 0 and test > 0 and validation + test < 1):
        raise ParameterError(
            "validation_share and test_share must be above 0 and leave some subjects for training, "
            f"got {validation} and {test}"
        )
    if not 0 <= delay < np.inf:
        raise ParameterError(f"delay must be finite and at least 0 seconds, got {delay}")
    if delay > LONGEST:
        raise ParameterError(f"delay must be at most {LONGEST:g} seconds, got {delay}")
    if incomplete not in TREATMENTS:
        raise ParameterError(f"incomplete must be one of {', '.join(TREATMENTS)}, got {incomplete!r}")


def _read(archive: Archive, runs: Iterable[Run], cut: Cut, incomplete: str) -> dict[Run, Sample]:
    samples: dict[Run, Sample] = {}
    faults: dict[Run, DataError] = {}
    for run in runs:
        try:
            samples[run] = read_run(run, cut)
        except DataError as fault:
            faults[run] = fault
    if faults and (incomplete == "refuse" or not samples):
        raise DataError(_explain(archive, samples, faults))
    return samples


def read_run(run: Run, cut: Cut) -> Sample:
    """Return the sample of one run.

    Raises:
        DataError: a missing or damaged series, one shorter than the window or than its events, or no events.
    """
    series = open_series(run.series)
    length = series.shape[1]
    frames = on_task_frames(run, length, cut.delay)
    if length < cut.frames:
        raise DataError(f"{run.series} has {length} frames of {run.paradigm.frames}, fewer than frames={cut.frames}")
    part = part_of_run(length, cut.frames, cut.place)
    return Sample(normalise(series, part, run.series), frames[part])


def _explain(archive: Archive, samples: Mapping[Run, Sample], faults: Mapping[Run, DataError]) -> str:
    run, fault = next(iter(faults.items()))
    bad = len(faults)
    message = (
        f"HCP folder {archive.root} (layout {archive.layout.name}): {bad} of {bad + len(samples)} runs cannot be "
        f"used, the first is {run.describe()}: {fault}"
    )
    if not samples:
        return f"{message}; no run can be used: get the archive anew ({SOURCES})"
    return f"{message}; {_offer(samples, faults)}"


def _offer(samples: Mapping[Run, Sample], faults: Mapping[Run, DataError]) -> str:
    hit = {run.paradigm.name for run in faults}
    whole = [paradigm.name for paradigm in PARADIGMS if paradigm.name in {r.paradigm.name for r in samples} - hit]
    usable = f'set incomplete="skip" to use the other {len(samples)} runs of {_subjects(samples)} subjects'
    if len(whole) < 2:
        return usable
    return f"{usable}, or tasks to those without a fault: {', '.join(whole)}"


def _subjects(runs: Iterable[Run]) -> int:
    return len({run.subject for run in runs})


def _divide(samples: Mapping[Run, Sample], validation: float, test: float) -> list[dict[Run, Sample]]:
    order = list(dict.fromkeys(run.subject for run in samples))
    counts = [max(1, round(len(order) * share)) for share in (validation, test)]
    rest = len(order) - sum(counts)
    if rest < 1:
        raise ParameterError(
            f"{len(order)} subjects with usable runs leave none for training beside {counts[0]} for validation and "
            f"{counts[1]} for testing; lower the shares or use more subjects"
        )
    parts = np.split(np.array(order), [rest, rest + counts[0]])
    return [{run: sample for run, sample in samples.items() if run.subject in set(part.tolist())} for part in parts]


def _split(part: Mapping[Run, Sample], paradigms: Sequence[Paradigm], frames: int) -> Split:
    labels = np.array([paradigms.index(run.paradigm) for run in part], dtype=np.int64)
    inputs = np.empty((len(part), frames, PARCELS), dtype=np.float32)
    truth = np.zeros_like(inputs)
    for place, sample in enumerate(part.values()):
        inputs[place] = sample.inputs
        truth[place, sample.on_task] = 1
    return Split(inputs, labels, truth)


def _check_classes(train: Split, tasks: Sequence[str]) -> None:
    absent = [name for label, name in enumerate(tasks) if label not in train.labels]
    if absent:
        raise DataError(f"no usable run of {', '.join(absent)} is left for training; leave it out of tasks or add data")
