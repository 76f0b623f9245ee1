"""L2X-switch: four of ten features tell the label, by a rule that depends on a state which the last one shows."""

import numpy as np
from numpy.typing import NDArray

from ..processes.hidden_states import changes, two_states
from .stepwise_data import StepwiseData, StepwiseSplit, draw_labels, draw_splits

Floats = NDArray[np.float64]

MEANS = np.array([1.2, 0.8, 1.5, 0.4, 0.5, -1.2, -1.5, -0.8, -0.4, -0.5])
VARIANCE = 0.5
LENGTHSCALES = (0.5, 2.5)  # from which each feature has its own
JITTER = 1e-9  # of the variance: without it rounding makes the covariance indefinite
SHOWN = np.array([0.5, -0.5])  # feature 9 in each state
FEATURES = 10
SALIENT = np.array([[f in range(1, 5) or f == 9 for f in range(10)], [f in range(5, 10) for f in range(10)]])


def l2x_switch(seed: int, *, time: int = 100, train: int = 800, validation: int = 100, test: int = 200) -> StepwiseData:
    """Return Gaussian processes of which features 1 … 4 tell the label in state 0 and features 5 … 8 in state 1.

    Kernels are squared-exponential, with lengthscales drawn once for all samples; feature 9 is .5 in state 0 and −.5 in
    state 1. P(1) = 1 / (1 + exp(Σ x_j² − 4)), j = 1 … 4, in state 0, and 1 / (1 + exp(−10 sin(−.2 x_5) + |x_6| + x_7 +
    exp(−x_8) − 2.4)) in state 1. Salient are these features and feature 9, at every step.

    Args:
        seed: of the data.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples, which the source does not have.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory.

    Source: Tonekaboni et al. (FIT), NeurIPS 2020, as its code has it.
    """
    rng = np.random.default_rng(seed)
    lengthscales = rng.uniform(*LENGTHSCALES, FEATURES)

    def draw(rng: np.random.Generator, count: int) -> StepwiseSplit:
        roots = _roots(time, lengthscales)
        states = two_states(rng, count, time)
        series = MEANS + np.einsum("ftu,nuf->ntf", roots, rng.standard_normal((count, time, FEATURES)))
        series[:, :, 9] = SHOWN[states]
        labels = draw_labels(rng, np.where(states == 0, *_logits(series)))
        truth = SALIENT[states].astype(np.float32)
        return StepwiseSplit(series.astype(np.float32), labels, truth, truth * changes(states)[:, :, None])

    return draw_splits(draw, rng, time=time, features=FEATURES, train=train, validation=validation, test=test)


def _roots(time: int, lengthscales: Floats) -> Floats:
    """Return a factor of each feature's covariance, (features, time, time)."""
    squares = np.subtract.outer(np.arange(time), np.arange(time)) ** 2
    kernels = np.exp(-squares / (2 * lengthscales[:, None, None] ** 2)) + JITTER * np.eye(time)
    return np.asarray(np.sqrt(VARIANCE) * np.linalg.cholesky(kernels))


def _logits(series: Floats) -> tuple[Floats, Floats]:
    """Return the log-odds of label 1 in states 0 and 1, (batch, time) each, of series (batch, time, features)."""
    squares = (series[:, :, 1:5] ** 2).sum(axis=2)
    first, second, third, fourth = np.moveaxis(series[:, :, 5:9], 2, 0)
    return 4 - squares, 10 * np.sin(-0.2 * first) - np.abs(second) - third - np.exp(-fourth) + 2.4
