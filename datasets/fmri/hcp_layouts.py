"""The two published layouts of the parcellated HCP task archive: which files a run has, and where."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import DataError
from ..files.parser_failures import translate_failures
from ..files.regular_files import read_regular
from .paradigms import PARADIGMS, Paradigm

SOURCES = "osf.io/2y3fw or osf.io/s4h8j, after agreeing to the HCP's terms of use"
SUBJECT = re.compile(r"[\w-]{1,64}", re.ASCII)  # a folder's name and no path out of the archive
BOLD = {"MOTOR": 5, "WM": 7, "EMOTION": 9, "GAMBLING": 11, "LANGUAGE": 13, "RELATIONAL": 15, "SOCIAL": 17}


@dataclass(frozen=True)
class Run:
    """One run of one subject: its task, the phase-encoding direction (LR or RL), the series and the events' folder."""

    subject: str
    paradigm: Paradigm
    direction: str
    series: Path
    events: Path

    def describe(self) -> str:
        """Return the run in words, for messages."""
        return f"subject {self.subject} {self.paradigm.name} {self.direction}"


@dataclass(frozen=True)
class Layout:
    """Where an archive keeps what belongs to a run.

    Attributes:
        name: A (osf.io/2y3fw, 100 subjects) or B (osf.io/s4h8j, 339 subjects).
        directions: of run 0 and run 1; the archives differ.
        files: maps a subject's folder, a paradigm and the number of the run to its series and events.
    """

    name: str
    directions: tuple[str, str]
    files: Callable[[Path, Paradigm, int], tuple[Path, Path]]

    def runs(self, folder: Path, subject: str, paradigms: Sequence[Paradigm]) -> list[Run]:
        """Return the two runs of each paradigm that the subject's folder should hold, run 0 first."""
        return [
            Run(subject, paradigm, direction, *self.files(folder / subject, paradigm, number))
            for paradigm in paradigms
            for number, direction in enumerate(self.directions)
        ]


def _files_a(subject: Path, paradigm: Paradigm, number: int) -> tuple[Path, Path]:
    run = subject / paradigm.name / f"tfMRI_{paradigm.name}_{LAYOUT_A.directions[number]}"
    return run / "data.npy", run / "EVs"


def _files_b(subject: Path, paradigm: Paradigm, number: int) -> tuple[Path, Path]:
    series = f"bold{BOLD[paradigm.name] + number}_Atlas_MSMAll_Glasser360Cortical.npy"
    events = f"tfMRI_{paradigm.name}_{LAYOUT_B.directions[number]}"
    return subject / "timeseries" / series, subject / "EVs" / events


LAYOUT_A = Layout("A", ("LR", "RL"), _files_a)
LAYOUT_B = Layout("B", ("RL", "LR"), _files_b)


@dataclass(frozen=True)
class Archive:
    """A user's copy: the folder that holds subjects/, its layout, and the subjects' identifiers in order."""

    root: Path
    layout: Layout
    subjects: tuple[str, ...]

    def runs(self, paradigms: Sequence[Paradigm], subjects: Sequence[str] | None = None) -> list[Run]:
        """Return the runs that the archive should hold, of all subjects or of those given, present or not."""
        folder = self.root / "subjects"
        chosen = self.subjects if subjects is None else subjects
        return [run for subject in chosen for run in self.layout.runs(folder, subject, paradigms)]


def open_archive(given: Path) -> Archive:
    """Return the archive in a folder, or in `hcp_task` inside it, with its layout recognised.

    Subjects are the folders in subjects/ and, in layout A, those that subjects_list.txt names; a subject that is
    listed and absent is found missing when it is read.

    Raises:
        DataError: no such folder, no subjects/ in it, no subject, or neither layout.
    """
    if not given.is_dir():
        raise DataError(f"HCP folder {given} does not exist; give the unpacked hcp_task archive ({SOURCES})")
    root = given / "hcp_task" if (given / "hcp_task" / "subjects").is_dir() else given
    folder = root / "subjects"
    if not folder.is_dir():
        raise DataError(f"HCP folder {given} has no subjects/; give the unpacked hcp_task archive ({SOURCES})")
    with translate_failures(f"{folder} cannot be read: ", "; check its permissions"):
        present = [entry.name for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    if not present:
        raise DataError(f"{folder} holds no subject; unpack the hcp_task archive anew ({SOURCES})")
    layout = _recognise(folder, present)
    listed = _listed(root / "subjects_list.txt") if layout is LAYOUT_A else []
    return Archive(root, layout, tuple(sorted({*present, *listed}, key=_in_order)))


def _in_order(subject: str) -> tuple[int, str]:
    return (len(subject), subject)  # numbers without leading zeros in their order


def _recognise(folder: Path, subjects: Sequence[str]) -> Layout:
    tasks = [paradigm.name for paradigm in PARADIGMS]
    has_a = any((folder / subject / task).is_dir() for subject in subjects for task in tasks)
    has_b = any((folder / subject / part).is_dir() for subject in subjects for part in ("timeseries", "EVs"))
    if has_a and has_b:
        raise DataError(f"{folder} mixes both layouts of the HCP archive; unpack each into a folder of its own")
    if not (has_a or has_b):
        raise DataError(
            f"{folder} has neither layout of the HCP archive: expected <subject>/MOTOR/… or <subject>/timeseries/…, "
            f"subject {min(subjects, key=_in_order)} has neither; unpack it anew ({SOURCES})"
        )
    return LAYOUT_A if has_a else LAYOUT_B


def _listed(path: Path) -> list[str]:
    if not path.exists():
        return []
    with translate_failures(f"{path} cannot be read as text: ", "; restore it or remove it"):
        listed = read_regular(path).decode("utf-8-sig").split()
    for subject in listed:
        if not SUBJECT.fullmatch(subject):
            raise DataError(
                f"{path}: expected a subject's identifier of letters, digits, _ and - in each line, got "
                f"{subject[:60]!r}; restore it or remove it"
            )
    return listed
