"""Switch-feature: which of three features tells the label depends on a hidden state."""

import numpy as np

from ..processes.hidden_states import changes, markov_states
from .stepwise_data import StepwiseData, StepwiseSplit, draw_labels, draw_splits, marked

FIRST = np.array([2 / 3, 1 / 3, 0.0])  # of the code: it never begins in state 2; a paper prints ⅓ each
MOVES = np.array([[0.95, 0.02, 0.03], [0.02, 0.95, 0.03], [0.03, 0.02, 0.95]])
MEANS = np.array([[0.8, -0.5, -0.2], [0.0, -1.0, 0.0], [-0.2, -0.2, 0.8]])
VARIANCE = 0.1
SLOPE = 3.0  # of the label's log-odds; a paper prints 1
FEATURES = 3


def switch(seed: int, *, time: int = 100, train: int = 800, validation: int = 100, test: int = 200) -> StepwiseData:
    """Return x_t = μ_s + N(0, √.1) in a hidden state s_t of 0 … 2, and labels with P(1) = 1 / (1 + exp(−3 x_(t, s))).

    The source draws a Gaussian process while a state lasts, whose values are a lengthscale of .2 apart by 5: their
    correlation is 4e-6, and they are drawn independently here. Salient is feature s_t at every step.

    Args:
        seed: of the data.
        time: number of time steps.
        train: number of training samples.
        validation: number of validation samples, which the source does not have.
        test: number of test samples.

    Raises:
        ParameterError: a size below one or beyond memory.

    Source: Tonekaboni et al. (FIT), NeurIPS 2020; Liu et al., ContraLSP, ICLR 2024; as their code has it.
    """

    def draw(rng: np.random.Generator, count: int) -> StepwiseSplit:
        states = markov_states(rng, count, time, FIRST, MOVES)
        series = MEANS[states] + np.sqrt(VARIANCE) * rng.standard_normal((count, time, FEATURES))
        told = np.take_along_axis(series, states[:, :, None], axis=2)[:, :, 0]
        labels = draw_labels(rng, SLOPE * told)
        truth = marked(states, FEATURES)
        return StepwiseSplit(series.astype(np.float32), labels, truth, truth * changes(states)[:, :, None])

    rng = np.random.default_rng(seed)
    return draw_splits(draw, rng, time=time, features=FEATURES, train=train, validation=validation, test=test)
