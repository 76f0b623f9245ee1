"""State: which of two features tells the label depends on a hidden state."""

import numpy as np

from ..processes.hidden_states import changes, two_states
from .stepwise_data import StepwiseData, StepwiseSplit, draw_labels, draw_splits, marked

MEANS = np.array([[0.1, 1.6, 0.5], [-0.1, -0.4, -1.5]])  # of the features in each state
VARIANCE, COVARIANCE = 0.801, 0.01  # of feature 0 and feature 1 + state
SLOPE = 2.0  # of the label's log-odds; the papers print 1
FEATURES = 3


def state(seed: int, *, time: int = 200, train: int = 800, validation: int = 100, test: int = 200) -> StepwiseData:
    """Return x_t ~ N(μ_s, Σ_s) in a hidden state s_t of 0 or 1, and labels with P(1) = 1 / (1 + exp(−2 x_(t, 1 + s))).

    Salient is feature 1 + s_t at every step, as Dynamask and later papers have it, or, in `at_changes`, at the first
    step and where the state changes, as FIT evaluates.

    Args:
        seed: of the data.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples, which the source does not have.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory.

    Source: Tonekaboni et al., What went wrong and when? (FIT), NeurIPS 2020, "simulation"; Crabbé, van der Schaar,
    Dynamask, ICML 2021; each as its code has it.
    """
    roots = np.stack([np.linalg.cholesky(_covariance(hidden)) for hidden in (0, 1)])

    def draw(rng: np.random.Generator, count: int) -> StepwiseSplit:
        states = two_states(rng, count, time)
        noise = rng.standard_normal((count, time, FEATURES))
        series = MEANS[states] + (roots[states] @ noise[..., None])[..., 0]
        truth = marked(1 + states, FEATURES)
        told = np.take_along_axis(series, 1 + states[:, :, None], axis=2)[:, :, 0]
        labels = draw_labels(rng, SLOPE * told)
        return StepwiseSplit(series.astype(np.float32), labels, truth, truth * changes(states)[:, :, None])

    rng = np.random.default_rng(seed)
    return draw_splits(draw, rng, time=time, features=FEATURES, train=train, validation=validation, test=test)


def _covariance(hidden: int) -> np.ndarray:
    found = VARIANCE * np.eye(FEATURES)
    found[0, 1 + hidden] = found[1 + hidden, 0] = COVARIANCE
    return found
