"""The haemodynamic response function, and the BOLD signal of a block design."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import gamma

from .paradigms import REPETITION_TIME

LENGTH = 32.0  # seconds of the kernel
GRID = 2.0**20  # responses are rounded to 1 / GRID: exp and log differ in their last bit between platforms


def spm_kernel(delay: float = 0.0) -> NDArray[np.float64]:
    """Return SPM's double gamma h(t) ∝ γ(t; 6) − .167 γ(t; 16), one value a frame, (frames,), with sum 1.

    It equals `nilearn.glm.first_level.spm_hrf(0.72, oversampling=1, onset=delay)`, and is written out because a
    result's key holds no version of nilearn.

    Args:
        delay: seconds by which the response comes later than SPM's, which peaks at 5.76 s.

    Source: K. J. Friston et al., Event-related fMRI: characterizing differential responses, NeuroImage 7, 1998,
    30-40; the parameters are those of SPM and nilearn.
    """
    frames = round(LENGTH / REPETITION_TIME)
    times = np.linspace(0, LENGTH, frames) - delay
    peak, undershoot = (gamma.pdf(times, shape, loc=REPETITION_TIME) for shape in (6.0, 16.0))
    kernel = peak - 0.167 * undershoot
    scaled: NDArray[np.float64] = kernel / kernel.sum()
    return scaled


def stimulation(blocks: NDArray[np.float64], frames: int) -> NDArray[np.float64]:
    """Return (frames,): the share of each frame that lies in a block; what lies beyond the run is left out.

    Args:
        blocks: (blocks, 2), onset and duration in seconds, not overlapping.
        frames: of the run; frame f lasts from f to f + 1 repetition times.
    """
    edges = np.arange(frames + 1) * REPETITION_TIME
    covered = [np.clip(edges, onset, onset + duration) for onset, duration in blocks]
    share: NDArray[np.float64] = np.diff(covered, axis=1).sum(axis=0) / REPETITION_TIME
    return share


def response(stimulus: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (frames,) the causal convolution Σ_k h(k) s(t − k), rounded to 2⁻²⁰; a long block comes to about 1.

    Args:
        stimulus: (frames,) as from `stimulation`.
        kernel: as from `spm_kernel`.
    """
    result = np.zeros_like(stimulus)
    for lag, weight in enumerate(kernel[: len(stimulus)]):
        result[lag:] += weight * stimulus[: len(stimulus) - lag]
    return np.round(result * GRID) / GRID


def on_task(bold: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return (frames,): where the response is at least half its maximum over the run.

    This takes the haemodynamic delay into account: on task begins some 5 s after a block and ends some 5 s after
    its end. Of the pauses for a cue, those of 3 s are off task for 4 to 6 frames, and those of 2 s are not seen.
    """
    seen: NDArray[np.bool_] = bold >= bold.max() / 2
    return seen
