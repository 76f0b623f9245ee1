"""Simulated task fMRI: block designs of the Human Connectome Project in drifting, autocorrelated noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import ParameterError
from ..preprocessing import require_counts, require_ordinary, require_room, standardise
from ..spec import Array, Split, TaskData
from .haemodynamics import GRID, on_task, response, spm_kernel, stimulation
from .paradigms import PARADIGMS, REPETITION_TIME, Paradigm, draw_blocks
from .window import part_of_run, require_window

RUNS = 2  # of each task and subject
SLOWEST = 128.0  # seconds: drift is made of the cosines with a longer period, those that SPM filters out
AMPLITUDE, GAIN, DELAY = (0.7, 1.3), (0.5, 1.5), (-1.0, 1.0)  # ranges over subjects, parcels, subjects (s)

Active = NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Scanner:
    """What all runs share: the window, and signal and noise in units of the noise's standard deviation."""

    frames: int
    place: str
    signal: float
    drift: float
    autocorrelation: float


def simulated(
    seed: int,
    *,
    train_subjects: int,
    validation_subjects: int,
    test_subjects: int,
    parcels: int,
    active: int,
    frames: int,
    window: str,
    signal: float,
    drift: float,
    autocorrelation: float,
) -> TaskData:
    """Return x = signal · a_s · g_sp · A_cp · b(t − d_s) + drift + e, labelled with the task c of the run.

    A_cp marks the task's active parcels, b is its block design convolved with SPM's response, and subject s has
    the amplitude a_s, the delay d_s and the gains g_sp. Drift is made of cosines slower than 128 s, and e is a
    stationary autoregressive process of order 1 with standard deviation 1. Each subject has two runs of each of
    the seven tasks and is in one split only. Inputs are standardised per (frame, parcel) with training statistics.

    The truth is 1 at the active parcels in the frames where b(t − d_s) is at least half its maximum over the run,
    so the haemodynamic delay is in it: it begins some 5 s after a block's onset and ends some 5 s after its end.

    Args:
        seed: of parcels, subjects and noise; the same seed gives the same bytes.
        train_subjects: for training; each gives 14 samples.
        validation_subjects: for validation.
        test_subjects: for testing.
        parcels: number of features.
        active: number of parcels that respond to a task, drawn for each task.
        frames: time steps of .72 s, at most 176, the length of the shortest run.
        window: "end" for a run's last frames, "middle" or "start".
        signal: difficulty: the response to a long block, in standard deviations of the noise.
        drift: standard deviation of the drift, in the same units.
        autocorrelation: of successive frames' noise, in [0, 1).

    Raises:
        ParameterError: a size that is impossible, or a signal, drift or autocorrelation out of range.

    Source: designs from Barch et al., NeuroImage 80, 2013; noise model from M. Welvaert et al., neuRosim: an R
    package for generating fMRI data, Journal of Statistical Software 44(10), 2011.
    """
    check_simulated(
        train_subjects=train_subjects,
        validation_subjects=validation_subjects,
        test_subjects=test_subjects,
        parcels=parcels,
        active=active,
        frames=frames,
        window=window,
        signal=signal,
        drift=drift,
        autocorrelation=autocorrelation,
    )
    counts = (train_subjects, validation_subjects, test_subjects)
    scanner = Scanner(frames=frames, place=window, signal=signal, drift=drift, autocorrelation=autocorrelation)
    rng = np.random.default_rng(seed)
    sets = draw_active(rng, parcels, active)
    splits = standardise(*(_draw_split(rng, count, sets, scanner) for count in counts))
    return TaskData(*splits, classes=len(PARADIGMS))


def draw_active(rng: np.random.Generator, parcels: int, active: int) -> Active:
    """Return (tasks, parcels): the parcels that respond to each task; two tasks may share some.

    It is the first that a task draws: `draw_active(np.random.default_rng(seed), …)` gives the parcels of that seed.
    """
    sets = np.zeros((len(PARADIGMS), parcels), dtype=np.bool_)
    for row in sets:
        row[rng.choice(parcels, size=active, replace=False)] = True
    return sets


def check_simulated(
    *,
    parcels: int,
    active: int,
    frames: int,
    window: str,
    signal: float,
    drift: float,
    autocorrelation: float,
    **subjects: int,
) -> None:
    """Raise unless `simulated` can draw such series.

    Raises:
        ParameterError: as `simulated`.
    """
    require_counts(**subjects, parcels=parcels)
    _check(parcels, active, signal, drift, autocorrelation)
    require_window(frames, window)
    for count in subjects.values():
        require_room(count * RUNS * len(PARADIGMS), frames, parcels)


def _check(parcels: int, active: int, signal: float, drift: float, autocorrelation: float) -> None:
    if not 1 <= active < parcels:
        raise ParameterError(f"active must be at least 1 and less than parcels={parcels}, got {active}")
    if not (0 <= signal < np.inf and 0 <= drift < np.inf):
        raise ParameterError(f"signal and drift must be finite and at least 0, got signal={signal} and drift={drift}")
    require_ordinary(signal=signal, drift=drift)
    if not 0 <= autocorrelation < 1:
        raise ParameterError(f"autocorrelation must be at least 0 and less than 1, got {autocorrelation}")


def _draw_split(rng: np.random.Generator, subjects: int, sets: Active, scanner: Scanner) -> Split:
    shape = (subjects, RUNS, len(PARADIGMS), scanner.frames, sets.shape[1])
    inputs, truth = np.empty(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    for series, marks in zip(inputs, truth, strict=True):
        _draw_subject(rng, series, marks, sets, scanner)
    labels = np.tile(np.arange(len(PARADIGMS), dtype=np.int64), subjects * RUNS)
    return Split(inputs.reshape(-1, *shape[-2:]), labels, truth.reshape(-1, *shape[-2:]))


def _draw_subject(rng: np.random.Generator, series: Array, marks: Array, sets: Active, scanner: Scanner) -> None:
    strength = scanner.signal * rng.uniform(*AMPLITUDE) * rng.uniform(*GAIN, size=sets.shape[1])
    kernel = spm_kernel(rng.uniform(*DELAY))
    for run in range(RUNS):
        series[run] = autoregressive(rng, series[run].shape, scanner.autocorrelation)
        for label, paradigm in enumerate(PARADIGMS):
            part = part_of_run(paradigm.frames, scanner.frames, scanner.place)
            bold = response(stimulation(draw_blocks(paradigm, rng), paradigm.frames), kernel)
            series[run, label] += np.outer(bold[part], sets[label] * strength).astype(np.float32)
            series[run, label] += _drift(rng, paradigm, part, sets.shape[1], scanner.drift)
            marks[run, label] = np.outer(on_task(bold)[part], sets[label])


def autoregressive(rng: np.random.Generator, shape: tuple[int, ...], autocorrelation: float) -> Array:
    """Return float32 (…, time, features): e(t) = φ e(t − 1) + √(1 − φ²) N(0, 1), stationary with variance 1."""
    noise = rng.standard_normal(shape, dtype=np.float32)
    # a loop and not a filter: its products and sums are rounded alike on every platform
    for step in range(1, shape[-2]):
        noise[..., step, :] *= np.float32(np.sqrt(1 - autocorrelation**2))
        noise[..., step, :] += np.float32(autocorrelation) * noise[..., step - 1, :]
    return noise


def _drift(rng: np.random.Generator, paradigm: Paradigm, part: slice, parcels: int, deviation: float) -> Array:
    basis = cosines(paradigm.frames)
    weights = rng.standard_normal((len(basis), parcels)) * (deviation * np.sqrt(2 / len(basis)))
    waves = (np.outer(wave[part], weight) for wave, weight in zip(basis, weights, strict=True))
    return sum(waves, np.zeros(())).astype(np.float32)


def cosines(frames: int) -> NDArray[np.float64]:
    """Return (waves, frames): cos(π k (t + ½) / T) for k = 1, 2, … while their period 2 T / k is above 128 s."""
    waves = np.arange(1, int(2 * frames * REPETITION_TIME / SLOWEST) + 1)
    phases = np.pi * np.outer(waves, np.arange(frames) + 0.5) / frames
    return np.round(np.cos(phases) * GRID) / GRID
